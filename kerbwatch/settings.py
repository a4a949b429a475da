"""Configuration files: YAML read into typed settings, with errors for the person who wrote the file."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic.fields import FieldInfo
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from kerbwatch.ids import SLUG_PATTERN
from kerbwatch.paths import located

_A_LIST, _KEYS, _NUMBER = "expected a list; [] for none", "expected keys and values", "expected a number"
_WORDS = {
    "missing": "must be given",
    "tuple_type": _A_LIST,
    "list_type": _A_LIST,
    "dict_type": _KEYS,
    "model_type": _KEYS,
    "string_type": "expected text; what looks like a number needs quotes",
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "int_type": _NUMBER,
    "int_parsing": _NUMBER,
    "int_from_float": "expected a whole number",
    "bool_type": "expected true or false",
    "bool_parsing": "expected true or false",
}
"""What is wrong, in the words of those who write the file, by pydantic's name of the fault."""
_NEAR = 0.7
"""An unknown key that is less alike than this to every known one is no slip of the pen."""
_SECRET_WORDS = ("password", "token", "secret")
"""The value of a key that has one of these in its name is never repeated in an error."""


class Settings(BaseModel):
    """Base of every settings class: unknown keys are refused, values are frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _nothing_listed(cls, values: Any) -> Any:  # noqa: ANN401 - what a file holds may be anything
        """A key with nothing behind it, of a list that is empty unless it is written, is an empty list."""
        if not isinstance(values, dict):
            return values
        return {
            key: () if value is None and _is_list(cls.model_fields.get(str(key))) else value
            for key, value in values.items()
        }


class SettingsError(ValueError):
    """A configuration file that cannot be used; the message has a line for each fault."""


_S = TypeVar("_S", bound=BaseModel)


def load_settings(path: Path, schema: type[_S]) -> _S:
    """Read a YAML file into ``schema``.

    Raises:
        SettingsError: with one line a fault: file, line, key, what is wrong and, for an unknown key, the
            nearest known one.
    """
    tree = load_yaml(path)
    if not isinstance(tree, dict):
        raise SettingsError(f"{path}: expected keys and values at the top, found {type(tree).__name__}")
    try:
        return schema.model_validate(tree)
    except ValidationError as error:
        found = [dict(fault) for fault in error.errors()]
        faults = [_describe(path, tree, schema, fault) for fault in found if not _follows(fault, found)]
        raise SettingsError("\n".join(faults)) from error


def load_yaml(path: Path) -> Any:  # noqa: ANN401 - a document may be anything
    """Parse a YAML file (1.2, safe types only).

    Raises:
        SettingsError: when the file cannot be read or is not YAML.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"{located(path)}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: is not UTF-8 text (byte {error.start})") from error
    try:
        return YAML(typ="rt", pure=True).load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f":{mark.line + 1}" if mark else ""
        raise SettingsError(f"{path}{where}: is not valid YAML: {error.problem or error.context}") from error
    except (YAMLError, RecursionError) as error:
        raise SettingsError(f"{path}: is not valid YAML: {str(error).splitlines()[0]}") from error


def _describe(path: Path, tree: Any, schema: type[BaseModel], fault: dict[str, Any]) -> str:  # noqa: ANN401
    loc: Sequence[str | int] = fault["loc"]
    line = line_of(tree, loc)
    where = f"{path}:{line}" if line else str(path)
    key = ".".join(str(part) for part in loc if not str(part).startswith("function-")) or "(top)"
    if fault["type"] == "extra_forbidden":
        known = _known_keys(schema, loc[:-1])
        near = difflib.get_close_matches(str(loc[-1]), known, n=1, cutoff=_NEAR)
        hint = f"did you mean '{near[0]}'?" if near else f"known keys: {', '.join(sorted(known))}"
        return f"{where}: {key}: unknown key; {hint}"
    message = _message(schema, fault)
    given = fault.get("input")
    shown = f" (given: {given!r})" if isinstance(given, str | int | float | bool) else ""
    secret = any(word in str(loc[-1]).lower() for word in _SECRET_WORDS) if loc else False
    if fault["type"] == "missing" or secret or "://" in shown:
        shown = ""
    return f"{where}: {key}: {message}{shown}"


def _message(schema: type[BaseModel], fault: dict[str, Any]) -> str:
    """What is wrong, for a person."""
    context = fault.get("ctx", {})
    if fault["type"] == "too_short":
        return f"needs at least {context['min_length']}; there are {context['actual_length']}"
    if fault["type"] == "string_pattern_mismatch":
        if context["pattern"] == SLUG_PATTERN:
            return "takes 1 to 63 lower-case letters, digits, '-' and '_', the first a letter or a digit"
        field = _field_at(schema, fault["loc"])
        wanted = field.description if field is not None else None
        return f"is not of the form that is wanted here{': ' + wanted if wanted else ''}"
    return _WORDS.get(fault["type"]) or str(fault["msg"]).removeprefix("Value error, ")


def _follows(fault: dict[str, Any], others: Sequence[dict[str, Any]]) -> bool:
    """Whether a list only counts as too short because its items are at fault themselves."""
    loc = fault["loc"]
    return fault["type"] == "too_short" and any(
        len(other["loc"]) > len(loc) and other["loc"][: len(loc)] == loc for other in others
    )


def line_of(tree: Any, loc: Sequence[str | int]) -> int | None:  # noqa: ANN401
    """The line of the deepest part of ``loc`` that the file has (1 is the first)."""
    line: int | None = None
    node = tree
    for part in loc:
        try:
            if isinstance(node, CommentedMap):
                line = node.lc.key(part)[0] + 1
            elif isinstance(node, CommentedSeq) and isinstance(part, int):
                line = node.lc.item(part)[0] + 1
            else:
                break
            node = node[part]
        except (KeyError, IndexError, TypeError):
            break
    return line


def _known_keys(schema: type[BaseModel], loc: Sequence[str | int]) -> list[str]:
    """The keys that the settings class at ``loc`` has."""
    current: type[BaseModel] = schema
    for part in loc:
        field = current.model_fields.get(str(part)) if isinstance(part, str) else None
        if field is None:
            continue
        inner = _settings_class(field.annotation)
        if inner is not None:
            current = inner
    return list(current.model_fields)


def _field_at(schema: type[BaseModel], loc: Sequence[str | int]) -> FieldInfo | None:
    """What the settings classes say of the last key in ``loc``."""
    keys = [part for part in loc if isinstance(part, str)]
    current: type[BaseModel] | None = schema
    field: FieldInfo | None = None
    for key in keys:
        found = current.model_fields.get(key) if current is not None else None
        if found is not None:
            field, current = found, _settings_class(found.annotation)
    return field


def _is_list(field: FieldInfo | None) -> bool:
    """Whether a field is a list whose default is an empty one; of others nobody knows what was meant."""
    return field is not None and get_origin(field.annotation) in (tuple, list) and field.default == ()


def _settings_class(annotation: Any) -> type[BaseModel] | None:  # noqa: ANN401
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        found = _settings_class(argument)
        if found is not None:
            return found
    return None
