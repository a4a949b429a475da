"""Looking again: whether a place that a unit reported as dealt with is free, as the camera sees it."""
