"""Cameras: packets and pictures from a stream or a file, and how the camera does."""
