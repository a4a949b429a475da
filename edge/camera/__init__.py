"""Cameras: packets and pictures from a stream or a file, and how the camera does."""

from edge.camera.camera import Camera
from edge.camera.status import CameraStatus

__all__ = ["Camera", "CameraStatus"]
