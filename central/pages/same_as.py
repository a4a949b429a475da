"""What a case may be one with, as its page shows it."""

from __future__ import annotations

from collections.abc import Mapping

from central.merging.schemas import SuggestionOut
from central.merging.scoring import TELLING
from central.pages.texts import t


def same_as_of(suggestion: SuggestionOut, case_id: str) -> dict[str, object]:
    """A suggestion as the page shows it: the other case, how sure, and why."""
    other = suggestion.into_case_id if suggestion.case_id == case_id else suggestion.case_id
    apart = suggestion.parts.get("distance_m")
    why = [t("same.apart", metres=round(apart))] if apart is not None else [t("same.same_camera")]
    why.append(t("same.gap", minutes=round(suggestion.parts.get("gap_min", 0))))
    why += _told_of(suggestion.parts)
    return {
        "id": suggestion.id,
        "other": other,
        "stays": None if suggestion.stays is None else t(f"same.{_which(suggestion.stays, case_id)}_stays"),
        "percent": round(suggestion.score * 100),
        "why": "; ".join(why),
    }


def _which(stays: str, case_id: str) -> str:
    return "this" if stays == case_id else "other"


def _told_of(parts: Mapping[str, float]) -> list[str]:
    """In what two cases agree and differ, and how many others are around."""
    agree = [t(f"same.part.{name}") for name in TELLING if parts.get(name, 1) > 1]
    differ = [t(f"same.part.{name}") for name in TELLING if parts.get(name, 1) < 1]
    found = [t("same.agree", what=", ".join(agree))] if agree else []
    found += [t("same.differ", what=", ".join(differ))] if differ else []
    rivals = parts.get("rivals")
    return [*found, t("same.rivals", count=round(rivals))] if rivals else found
