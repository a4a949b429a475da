"""Zones and rules: pure state machines that turn detections over time into incidents."""
