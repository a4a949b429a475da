"""Runs on the edge box: pictures in, incidents out."""
