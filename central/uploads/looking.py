"""Looks through the files of one report, each behind limits, and makes what can be shown of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from central.cases.reporting import Sight
from central.jobs.service import JobError
from central.jobs.worker import Progress
from central.media.store import MediaStore
from central.reports.models import Report
from central.reports.service import Seen
from central.settings import CentralSettings
from central.uploads import exhibits
from central.uploads.exhibits import AbsentError
from central.uploads.findings import REPORTED_CLIP, REPORTED_PHOTO, Exhibit, Findings, Mark
from central.uploads.models import Upload
from central.uploads.reading import UnfitError, look_at_clip, read_photo
from central.uploads.service import CLIP_TYPE
from central.uploads.settings import ReportSettings
from kerbwatch.blur_report import BlurOrder, Offending
from kerbwatch.clip_report import ClipFile, ClipPosition, Moment
from kerbwatch.incident import EvidenceRole
from kerbwatch.messages import Box

_MOST_MOMENTS = 3
"""Of one clip that go to the lead: the surest."""
_ALL_OF_IT = Box(x1=0, y1=0, x2=1, y2=1, picture_width_px=1, picture_height_px=1)
"""In a picture that was cut out of another around the vehicle."""
_READ, _ANALYSED, _SHOWN = 0.2, 0.7, 0.95
"""How much is done when all files are read, clips analysed, and versions for people made."""


class Looker:
    """Looks through one report in a folder of its own, which may go afterwards."""

    def __init__(
        self,
        settings: CentralSettings,
        media: MediaStore,
        report: Report,
        *,
        folder: Path,
        progress: Progress,
    ) -> None:
        self._settings, self._media, self._report = settings, media, report
        self._folder, self._progress = folder, progress
        self._found = Findings()

    def look(self, uploads: Sequence[Upload]) -> Findings:
        """Read every file, and analyse clips.

        Raises:
            JobError: it came to nothing this time.
            LeaseLostError, StoppedError: from ``progress``.
        """
        for number, upload in enumerate(uploads):
            read = self._clip if upload.content_type == CLIP_TYPE else self._photo
            try:
                read(upload, number, _READ * number / len(uploads))
            except UnfitError as error:
                self._found.unfit.append(error.code)
                self._found.remarks.append(f"File {number + 1} was left out: {error}.")
        return self._found

    def make_shown(self) -> None:
        """Make what people see of the exhibits. Raises as :meth:`look`."""
        settings = self._settings.reports
        if not settings.blur or not self._found.exhibits:
            return
        cut = any(each.role == EvidenceRole.CLIP for each in self._found.exhibits)
        # Of a clip whose moments were cut out, the whole is not made anew: it takes long, and shows no more.
        wanted = [each for each in self._found.exhibits if not (cut and each.role == REPORTED_CLIP)]
        remark = make_shown(wanted, self._folder, settings, lambda: self._progress(_ANALYSED))
        if remark:
            self._found.remarks.append(remark)
        self._progress(_SHOWN)

    def _photo(self, upload: Upload, number: int, share: float) -> None:
        photo = read_photo(
            self._media.aside(upload.id),
            self._settings.reports,
            self._settings.zone,
            lambda: self._progress(share),
        )
        path = self._folder / f"photo-{number}.jpg"
        path.write_bytes(photo.clean)
        self._found.places += [photo.place] if photo.place else []
        self._found.times += [photo.taken_at] if photo.taken_at else []
        at = photo.taken_at or self._report.seen_at
        self._found.exhibits.append(Exhibit(path, REPORTED_PHOTO, "image/jpeg", at))
        self._found.marks.append(_mark(upload, photo.phash))

    def _clip(self, upload: Upload, number: int, share: float) -> None:
        settings, aside = self._settings.reports, self._media.aside(upload.id)
        head = look_at_clip(aside, settings, lambda: self._progress(share))
        clip = self._folder / f"clip-{number}.mp4"
        clip.symlink_to(aside.resolve())
        moments = self._moments(clip) if settings.analyse_clips else []
        self._found.places += [head.place] if head.place else []
        self._found.exhibits.append(Exhibit(clip, REPORTED_CLIP, CLIP_TYPE, self._report.seen_at))
        stills = [still for moment in moments for still in (moment.still, moment.vehicle_still) if still]
        phashes = [self._phash(exhibits.inside(self._folder, still)) for still in stills]
        self._found.marks += [_mark(upload, phash) for phash in phashes or [None]]

    def _moments(self, clip: Path) -> list[Moment]:
        try:
            result, model = exhibits.analyse(clip, self._folder, self._settings.reports, self._analysing)
        except AbsentError:
            self._found.remarks.append("The clip was not analysed here: a person looks at all of it.")
            return []
        moments = sorted(result.moments, key=lambda each: -each.confidence)[:_MOST_MOMENTS]
        for moment in moments:
            self._take(moment)
        if result.positions and result.positions.middle:
            self._place(result.positions.middle)
        if moments and moments[0].kind == self._report.kind:
            self._found.sight = _sight(moments[0], model)
        elif moments:
            self._found.remarks.append(
                f"The clip seems to show something else as well: {moments[0].kind.replace('_', ' ')}."
            )
        else:
            self._found.remarks.append("No throw was found in the clip: a person looks at all of it.")
        return moments

    def _take(self, moment: Moment) -> None:
        at = self._report.seen_at
        if moment.position is not None:
            at = moment.position.utc or at
            self._place(moment.position)
        box, cut = moment.vehicle.box, moment.clip
        into_cut_s = max(0.0, moment.t_s - cut.from_s) if cut else 0.0
        made: tuple[tuple[ClipFile | None, EvidenceRole, Box, float], ...] = (
            (moment.still, EvidenceRole.SNAPSHOT_PATH, box, 0.0),
            (moment.vehicle_still, EvidenceRole.SNAPSHOT_VEHICLE, _ALL_OF_IT, 0.0),
            (cut, EvidenceRole.CLIP, box, into_cut_s),
        )
        for file, role, vehicle, t_s in made:
            if file is not None:
                path = exhibits.inside(self._folder, file)
                exhibit = Exhibit(path, role.value, file.content_type, at, vehicle=vehicle, vehicle_t_s=t_s)
                self._found.exhibits.append(exhibit)

    def _place(self, position: ClipPosition) -> None:
        self._found.places.append(Seen(position.lon, position.lat, "clip"))
        self._found.times += [position.utc] if position.utc else []

    def _phash(self, still: Path) -> str | None:
        try:
            settings, zone = self._settings.reports, self._settings.zone
            return read_photo(still, settings, zone, lambda: self._progress(_ANALYSED)).phash
        except UnfitError:  # a vehicle of a few px
            return None

    def _analysing(self, share: float) -> None:
        self._progress(_READ + (_ANALYSED - _READ) * min(1.0, max(0.0, share)))


def make_shown(
    wanted: Sequence[Exhibit], folder: Path, settings: ReportSettings, waiting: Callable[[], None]
) -> str | None:
    """Make what people see of exhibits, where that is possible.

    Args:
        wanted: each gets its ``shown``.
        folder: where it is made.
        settings: limits.
        waiting: called while it is made.

    Returns:
        What did not go well, in words; None when all did.

    Raises:
        JobError: it came to nothing this time.
    """
    into = folder / "shown"
    into.mkdir()
    order = BlurOrder(
        vehicles=tuple(
            Offending(file=str(each.path), box=each.vehicle, t_s=each.vehicle_t_s)
            for each in wanted
            if each.vehicle is not None
        )
    )
    files = [each.path for each in wanted]
    try:
        made = exhibits.blur(files, order, into, settings, lambda _share: waiting())
    except AbsentError:
        return "Faces and plates could not be blurred here: only originals are kept."
    for each in wanted:
        if each.path in made:
            each.shown = exhibits.inside(into, made[each.path])
    if any(each.shown is None for each in wanted):
        return "Of some pictures no blurred version could be made."
    return None


def _mark(upload: Upload, phash: str | None) -> Mark:
    if upload.sha256 is None or upload.content_type is None:
        raise JobError("an upload of it is not whole")
    return Mark(upload.sha256, phash, upload.content_type)


def _sight(moment: Moment, model: str) -> Sight:
    return Sight(
        object_class=moment.vehicle.object_class,
        confidence=moment.confidence,
        box=moment.vehicle.box.model_dump(mode="json"),
        plate=moment.plate.model_dump(mode="json") if moment.plate else None,
        model=model,
    )
