"""Signed codes of places: printed as QR on a wall, opened by whoever stands there, revoked by the city."""
