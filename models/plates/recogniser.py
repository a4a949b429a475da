"""The recogniser: an upright plate in, probabilities of characters over a row of frames out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

import cv2
import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from models.errors import HeadError
from models.manifest import locate
from models.plates.ctc import BLANK
from models.session import open_session

CLP_CHARACTERS: Final = "".join(
    (
        "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ",
        "云京使冀吉学宁川挂新晋桂沪津浙渝港湘澳琼甘皖粤苏蒙藏警豫贵赣辽鄂闽陕青领鲁黑",
    )
)
"""What ``clp-rec`` tells apart, in the order of its columns after the blank."""
_SAME: Mapping[str, str] = {"O": "0", "o": "0", "I": "1", "l": "1", "|": "1"}
"""What a network for any text says where a plate can only mean the other."""


@dataclass(frozen=True, slots=True)
class _Form:
    """How a network wants its plates: rows of pixels; the picture is filled up with grey to ``width_px``."""

    height_px: int
    width_px: int
    favoured: frozenset[str] = frozenset()
    """Provinces that the network says where it sees none."""


_FORMS: Mapping[str, _Form] = {
    # Public pictures of plates are mostly from Hefei: a province hidden by mud is read as Anhui's.
    "clp-rec": _Form(32, 320, frozenset("皖")),
    "ppocr-v4-rec": _Form(48, 320),
}
RECOGNISERS = tuple(_FORMS)
"""Names in the manifest of the networks that can be used."""


class Recogniser:
    """Reads upright plates. Safe to be called from several threads."""

    def __init__(self, session: ort.InferenceSession, columns: Sequence[str], form: _Form) -> None:
        """Of an opened network: ``columns`` names its characters, the first is the blank.

        ``alphabet`` names the characters of the answers; ``favoured`` are provinces
        that it says also where it sees none.
        """
        self._session = session
        self._form = form
        self.alphabet: tuple[str, ...] = ("", *sorted(set(CLP_CHARACTERS)))
        place = {character: index for index, character in enumerate(self.alphabet)}
        named = [_SAME.get(character, character.upper()) for character in columns]
        self.favoured = form.favoured
        # What is no character of a plate (a dot, a dash) is nothing at all.
        self._target = np.array([place.get(character, BLANK) for character in named])

    @classmethod
    def load(
        cls, name: str = "clp-rec", *, providers: Sequence[str] = ("cpu",), threads: int = 1
    ) -> Recogniser:
        """Open a network of the manifest. Raises ModelError."""
        path = locate(name)
        session = open_session(path, providers=providers, threads=threads, described=str(path))
        own = session.get_modelmeta().custom_metadata_map.get("character")
        columns = ["", *(own.split("\n") if own else CLP_CHARACTERS)]
        width = cast("int", session.get_outputs()[0].shape[2])
        if not 0 <= width - len(columns) <= 1:
            raise HeadError(f"{path}: answers for {width} characters; {len(columns)} are known")
        # A network trained with Paddle's 'space' has one column more.
        return cls(session, [*columns, " "][:width], _FORMS[name])

    def frames(self, plate: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Probabilities of each frame, from left to right.

        Args:
            plate: BGR, uint8 [height, width, 3], upright.

        Returns:
            float32 [frames, characters], columns as in ``alphabet``; each row sums to 1.
        """
        height, width = self._form.height_px, self._form.width_px
        shown = min(width, max(1, round(plate.shape[1] * height / plate.shape[0])))
        scaled = cv2.resize(plate, (shown, height), interpolation=cv2.INTER_LINEAR)
        blob = np.zeros((1, 3, height, width), dtype=np.float32)
        blob[0, :, :, :shown] = (scaled.astype(np.float32) / 127.5 - 1).transpose(2, 0, 1)
        answer = self._session.run(None, {self._session.get_inputs()[0].name: blob})[0][0]
        sums = np.zeros((len(self.alphabet), len(answer)), dtype=np.float32)
        np.add.at(sums, self._target, answer.T)
        return np.ascontiguousarray((sums / np.maximum(sums.sum(0), 1e-9)).T)
