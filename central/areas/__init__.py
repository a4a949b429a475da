"""Areas of the city (city, town, village, grid) as polygons, and which of them a point lies in."""
