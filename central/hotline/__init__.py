"""Items of a city's hotline (12345 and its like), by CSV and by HTTP."""
