"""Messages that nobody should send: valid ones, cut, bent, swollen, on the wrong topic, or out of order."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from evaluation.bench.flood import SendingBox
from evaluation.bench.intake_filling import SITE
from kerbwatch.ids import new_id
from kerbwatch.messages import MAX_MESSAGE_BYTES, TOPIC_ROOT, Channel, topic

_STRANGE: tuple[Any, ...] = (
    *(None, True, -1, 0, 10**400, 1e308, "", "x" * 5000, "\ud800", "\u0000", "٣", "NaN"),
    *([], {}, [[]] * 50, {"a": {"b": {"c": []}}}, "00000000-0000-0000-0000-000000000000"),
    *("2026-02-30T25:61:00Z", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59"),
)
_NUMBERS = (b"1e999", b"-1e999", b"1" * 2000, b"1e-999", b"NaN", b"Infinity", b"0x10", b"01")


@dataclass(frozen=True, slots=True)
class Malformed:
    """A message of a kind, and whether central's subscriptions bring it there at all."""

    kind: str
    topic: str
    payload: bytes
    heard: bool = True


class Mutator:
    """Makes them from what a box would say. The same seed makes the same, but for ids and times."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)  # noqa: S311 - no secret hangs on it
        self._box, self._said = SendingBox(900), list[Malformed]()
        self._kinds: dict[str, Callable[[], Malformed]] = {
            "truncated": self._truncated,
            "bytes_changed": self._bytes_changed,
            "not_utf8": self._not_utf8,
            "strange_value": self._strange_value,
            "field_gone": self._field_gone,
            "number": self._number,
            "deep": self._deep,
            "no_json": self._no_json,
            "too_large": self._too_large,
            "other_box": self._other_box,
            "wrong_channel": self._wrong_channel,
            "strange_topic": self._strange_topic,
            "said_twice": self._said_twice,
            "gap": self._gap,
        }

    def make(self) -> Malformed:
        """The next one, of any kind."""
        return self._kinds[self._rng.choice(list(self._kinds))]()

    def _valid(self) -> tuple[str, bytes]:
        channel = self._rng.choice((Channel.INCIDENT, Channel.INCIDENT, Channel.HEALTH))
        made = self._box.incident(self._rng) if channel is Channel.INCIDENT else self._box.health(3)
        return topic(SITE, self._box.name, channel), made.to_json()

    def _truncated(self) -> Malformed:
        where, payload = self._valid()
        return Malformed("truncated", where, payload[: self._rng.randrange(len(payload))])

    def _bytes_changed(self) -> Malformed:
        where, payload = self._valid()
        changed = bytearray(payload)
        for _ in range(self._rng.randrange(1, 20)):
            changed[self._rng.randrange(len(changed))] = self._rng.randrange(256)
        return Malformed("bytes_changed", where, bytes(changed))

    def _not_utf8(self) -> Malformed:
        where, payload = self._valid()
        at = self._rng.randrange(len(payload))
        return Malformed("not_utf8", where, payload[:at] + b"\xc3\x28\xff\xfe" + payload[at:])

    def _strange_value(self) -> Malformed:
        where, tree = self._tree()
        holder, key = self._place(tree)
        holder[key] = self._rng.choice(_STRANGE)
        return Malformed("strange_value", where, json.dumps(tree).encode())

    def _field_gone(self) -> Malformed:
        where, tree = self._tree()
        holder, key = self._place(tree)
        del holder[key]
        return Malformed("field_gone", where, json.dumps(tree).encode())

    def _number(self) -> Malformed:
        where, tree = self._tree()
        holder, key = self._place(tree)
        holder[key] = "@@"
        text = json.dumps(tree).encode().replace(b'"@@"', self._rng.choice(_NUMBERS))
        return Malformed("number", where, text)

    def _deep(self) -> Malformed:
        where, payload = self._valid()
        depth = self._rng.randrange(100, 60_000)
        opening, closing = self._rng.choice(((b"[", b"]"), (b'{"a":', b"}")))
        inner = opening * depth + b"1" + (closing * depth if self._rng.random() < 0.5 else b"")
        return Malformed("deep", where, (payload[:-1] + b',"more":' + inner + b"}")[:MAX_MESSAGE_BYTES])

    def _no_json(self) -> Malformed:
        where, _ = self._valid()
        choices = (
            b"",
            b"null",
            b"[]",
            b"{}",
            b'"',
            b"\x00",
            self._rng.randbytes(self._rng.randrange(1, 2000)),
        )
        return Malformed("no_json", where, self._rng.choice(choices))

    def _too_large(self) -> Malformed:
        where, payload = self._valid()
        more = b',"more":"' + b"x" * (MAX_MESSAGE_BYTES + self._rng.randrange(1, 50_000)) + b'"}'
        return Malformed("too_large", where, payload[:-1] + more)

    def _other_box(self) -> Malformed:
        _, payload = self._valid()
        return Malformed("other_box", topic(SITE, "box-000", Channel.INCIDENT), payload)

    def _wrong_channel(self) -> Malformed:
        where, payload = self._valid()
        wrong = Channel.HEALTH if where.endswith(Channel.INCIDENT) else Channel.INCIDENT
        return Malformed("wrong_channel", topic(SITE, self._box.name, wrong), payload)

    def _strange_topic(self) -> Malformed:
        _, payload = self._valid()
        names = ("UPPER", "ü", "a b", "x" * 200, "..", "%2e", "$SYS", "'; drop table cases")
        where, heard = self._rng.choice(
            (
                (f"{TOPIC_ROOT}/{SITE}/{self._rng.choice(names)}/incident", True),
                (f"{TOPIC_ROOT}/{self._rng.choice(names)}/box-1/health", True),
                (f"{TOPIC_ROOT}/{SITE}/box-1/box-1/incident", False),
                (f"{TOPIC_ROOT}/{SITE}/box-1/nonsense", False),
            )
        )
        return Malformed("strange_topic", where, payload, heard)

    def _said_twice(self) -> Malformed:
        if self._said and self._rng.random() < 0.7:
            return self._rng.choice(self._said)
        where, payload = self._valid()
        self._said.append(Malformed("said_twice", where, payload))
        return self._said[-1]

    def _gap(self) -> Malformed:
        tree = json.loads(self._box.incident(self._rng).to_json())
        tree["sequence"] = str(self._rng.choice((10**17, 10**18 - 1, self._rng.randrange(1, 10**9))))
        if self._rng.random() < 0.1:
            tree["epoch"] = new_id()
        return Malformed("gap", topic(SITE, self._box.name, Channel.INCIDENT), json.dumps(tree).encode())

    def _tree(self) -> tuple[str, dict[str, Any]]:
        where, payload = self._valid()
        tree: dict[str, Any] = json.loads(payload)
        return where, tree

    def _place(self, tree: Any) -> tuple[Any, Any]:  # noqa: ANN401 - any part of a document
        """Somewhere in a document: what holds it, and its key."""
        holder, key = tree, self._rng.choice(list(tree))
        while isinstance(holder[key], dict | list) and holder[key] and self._rng.random() < 0.8:
            holder = holder[key]
            key = self._rng.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
        return holder, key
