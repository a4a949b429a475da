"""What people may send, and how it is looked through."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from kerbwatch.settings import Settings

MB = 1_000_000


class ReportSettings(Settings):
    """Photos and clips of people."""

    photo_max_mb: Annotated[float, Field(gt=0, le=200)] = Field(20.0, description="Largest photo, MB.")
    photo_max_megapixels: Annotated[float, Field(gt=0, le=200)] = Field(
        50.0, description="Most pixels of a photo (width x height), millions."
    )
    clip_max_mb: Annotated[float, Field(gt=0, le=2000)] = Field(200.0, description="Largest clip, MB.")
    clip_max_s: Annotated[float, Field(gt=0, le=600)] = Field(60.0, description="Longest clip, s.")
    most_photos: Annotated[int, Field(ge=1, le=20)] = Field(4, description="Photos of one report.")
    open_uploads: Annotated[int, Field(ge=1, le=1000)] = Field(
        8, description="Uploads that one sender may have begun and not sent in a report."
    )
    uploads_per_hour: Annotated[int, Field(ge=1, le=100_000)] = Field(
        60, description="Uploads that one sender may begin in an hour."
    )
    waiting_max_gb: Annotated[float, Field(gt=0, le=100_000)] = Field(
        20.0, description="What all uploads that are not looked through yet may take on disk."
    )
    upload_hours: Annotated[float, Field(gt=0, le=168)] = Field(
        24.0, description="An upload that is not sent in a report by then is thrown away."
    )
    silence_s: Annotated[float, Field(ge=1, le=600)] = Field(
        30.0, description="A sender that says nothing for so long is hung up on; it may go on where it was."
    )
    piece_max_s: Annotated[float, Field(ge=1, le=86_400)] = Field(
        900.0, description="Longest that one request may take to send its piece."
    )
    oldest_days: Annotated[float, Field(gt=0, le=365)] = Field(
        7.0, description="What was seen longer ago is not taken."
    )
    workers: Annotated[int, Field(ge=0, le=64)] = Field(
        1, description="Reports that this copy looks through at a time; 0 leaves it to other copies."
    )
    poll_s: Annotated[float, Field(ge=0.05, le=60)] = Field(1.0, description="How often work is looked for.")
    lease_s: Annotated[float, Field(ge=5, le=3600)] = Field(
        60.0, description="A report whose copy says nothing for so long is taken up by another."
    )
    attempts: Annotated[int, Field(ge=1, le=20)] = Field(
        3, description="How often it is tried to look a report through, before it goes to review as it is."
    )
    niceness: Annotated[int, Field(ge=0, le=19)] = Field(
        10, description="Of the processes that read pictures and clips."
    )
    photo_memory_mb: Annotated[int, Field(ge=128, le=16_000)] = Field(
        1500, description="Most memory of the process that reads a photo."
    )
    photo_cpu_s: Annotated[int, Field(ge=1, le=600)] = Field(
        20, description="Most processor time to read a photo."
    )
    photo_wall_s: Annotated[float, Field(ge=1, le=600)] = Field(
        60.0, description="Most time to read a photo."
    )
    analyse_clips: bool = Field(
        True, description="Look for throws in clips, where the extra 'edge' and its networks are installed."
    )
    blur: bool = Field(
        True, description="Make pictures for people, where the extra 'edge' and its networks are installed."
    )
    ray: str | None = Field(
        None, description="Ray cluster that analyses clips: host:port, auto or local (extra 'fleet')."
    )
    clip_memory_mb: Annotated[int, Field(ge=512, le=64_000)] = Field(
        4000, description="Most memory of each process that analyses or blurs."
    )
    clip_cpu_s: Annotated[int, Field(ge=10, le=36_000)] = Field(
        900, description="Most processor time of each process that analyses or blurs."
    )
    clip_wall_s: Annotated[float, Field(ge=10, le=36_000)] = Field(
        2400.0, description="Most time to analyse a clip, or to blur what is shown of a report."
    )

    @property
    def photo_max_bytes(self) -> int:
        """Largest photo."""
        return round(self.photo_max_mb * MB)

    @property
    def clip_max_bytes(self) -> int:
        """Largest clip, and so the largest file."""
        return round(self.clip_max_mb * MB)
