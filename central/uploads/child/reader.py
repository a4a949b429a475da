"""The process that reads one file: from standard input, behind limits, to standard output.

``python -I -m central.uploads.child.reader photo|clip LIMITS MOST`` writes a line of JSON and, of a photo,
the clean JPEG after it. MOST is the most pixels of a photo, or the longest clip in seconds.
"""

from __future__ import annotations

import json
import os
import sys

from central.uploads.child import photo
from central.uploads.child.clip import read_clip
from central.uploads.child.fence import Fence, open_nothing_more, stand_behind
from central.uploads.child.photo import UnfitError


def main() -> None:
    """Read the file on standard input."""
    kind, fence, most = sys.argv[1], Fence.of(sys.argv[2]), float(sys.argv[3])
    shut = stand_behind(fence)
    photo.warm_up()
    open_nothing_more(fence.open_files)
    clean = b""
    try:
        if kind == "photo":
            found, clean = photo.read_photo(sys.stdin.buffer.read(), int(most))
        else:
            found = read_clip(sys.stdin.buffer, os.fstat(0).st_size, most)
    except UnfitError as error:
        found = {"unfit": error.code}
    except MemoryError:
        found = {"unfit": "memory"}
    out = sys.stdout.buffer
    out.write(json.dumps(found | {"network_shut": shut}).encode() + b"\n")
    out.write(clean)
    out.flush()


if __name__ == "__main__":
    main()
