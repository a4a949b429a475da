"""Faces in a picture, so that they can be blurred. Nobody is recognised here, and nothing is kept of them."""

from models.faces.detector import FaceDetector

__all__ = ["FaceDetector"]
