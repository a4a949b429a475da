"""Files that people sent and that nobody has looked through yet: a backup takes these too.

They lie aside under the upload's id until a job has made of them what people see. Without them a restored
central would tell the sender that a photo is not there.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select

from central.backup.manifest import FileWaiting
from central.database import Database
from central.media.store import MediaStore
from central.uploads.models import Upload

_AT_ONCE = 500


def waiting_files(database: Database, media: MediaStore) -> list[tuple[FileWaiting, Path]]:
    """Every file that lies aside and came in whole, with where it lies.

    Those of the copy of the database, made before, are among them while nothing is deleted.
    """
    names = sorted(media.names_aside(most=None))
    found: list[tuple[FileWaiting, Path]] = []
    for begin in range(0, len(names), _AT_ONCE):
        query = select(Upload.id, Upload.sha256, Upload.length_bytes)
        query = query.where(Upload.id.in_(names[begin : begin + _AT_ONCE]), Upload.sha256.is_not(None))
        with database.read() as session:
            rows = session.execute(query).all()
        found += [
            (FileWaiting(name, str(sha256), size_bytes), media.aside(name))
            for name, sha256, size_bytes in rows
        ]
    return found
