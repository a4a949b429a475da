"""Dash-cam clips: a citizen's file in, moments at which something was thrown from a vehicle out."""
