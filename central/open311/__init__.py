"""Open311 GeoReport v2: the apps that a city has already report here, and ask what became of it."""
