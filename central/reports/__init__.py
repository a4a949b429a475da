"""What people report: by photo, clip, place code, app or on patrol, and what becomes of it."""
