"""Pictures and clips: resumable uploads from edge boxes, checked by hash on arrival and on every read."""
