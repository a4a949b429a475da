"""What a bench of cameras says: the figures as plain values, and for people."""

from __future__ import annotations

from collections import Counter
from typing import Any

from rich.console import Console
from rich.table import Table

from evaluation.bench.cameras import FULL_RATE, Measured, Window, together
from evaluation.bench.rival import Comparison
from evaluation.bench.streams import FPS

QUIET_CORES = 0.1
"""Other programs that take more than this make the figures doubtful, and it is said."""


def to_json(measured: Measured, comparison: Comparison | None = None) -> dict[str, Any]:
    """The figures. Cores and memory are a camera's unless the name says otherwise; memory in 10^6 bytes."""
    plan, edge, floor = measured.plan, together(measured.edge), together(measured.floor)
    nominal = plan.cameras * FPS
    document: dict[str, Any] = {
        "cameras": plan.cameras,
        "source": plan.source,
        "size": plan.size.value,
        "model": plan.model,
        "look_interval_s": plan.look_interval_s,
        "measured_s": plan.seconds_s,
        "rounds": plan.rounds,
        "cores_per_camera": round(edge.cores / plan.cameras, 5),
        "floor_cores_per_camera": round(floor.cores / plan.cameras, 5),
        "ratio_to_floor": round(edge.cores / floor.cores, 3),
        "ratio_to_floor_by_round": [
            round(e.cores / f.cores, 3) for e, f in zip(measured.edge, measured.floor, strict=True)
        ],
        "looks_per_second": round(edge.looks_per_second, 3),
        "floor_looks_per_second": round(floor.looks_per_second, 3),
        "looks_per_second_wanted": round(plan.cameras / plan.look_interval_s, 3),
        "skipped": int(edge.skipped),
        "memory_mb_per_camera": memory_mb_per_camera(measured),
        "memory_mb": round(edge.rss_bytes / 1e6, 1),
        "memory_mb_one_camera": _megabytes(measured.one_camera if measured.one_camera else edge),
        "packets_per_second": round(edge.packets_per_second, 1),
        "floor_packets_per_second": round(floor.packets_per_second, 1),
        "packets_per_second_nominal": nominal,
        "full_rate": served_in_full(edge, nominal) and served_in_full(floor, nominal),
        "incidents": dict(Counter(report.kind.value for report in measured.watched.incidents)),
        "other_cores": round(max(edge.other_cores, floor.other_cores), 3),
    }
    if comparison is not None:
        document["against"] = comparison.to_json(edge.cores / plan.cameras)
    return document


def memory_mb_per_camera(measured: Measured) -> float | None:
    """What each camera beyond the first adds, in 10^6 bytes; None when there was only one."""
    if measured.one_camera is None:
        return None
    added = together(measured.edge).rss_bytes - measured.one_camera.rss_bytes
    return round(added / 1e6 / (measured.plan.cameras - 1), 2)


def served_in_full(window: Window, nominal: float) -> bool:
    """Whether the server kept the streams' own rate."""
    return window.packets_per_second >= FULL_RATE * nominal


def _megabytes(window: Window) -> float:
    return round(window.rss_bytes / 1e6, 1)


def print_result(document: dict[str, Any], console: Console) -> None:
    """Write the figures as a table, then what makes them doubtful, if anything does."""
    console.print(document["source"], soft_wrap=True)
    table = Table(show_header=False)
    table.add_column("what")
    table.add_column("figure", justify="right")
    memory = document["memory_mb_per_camera"]
    rows = [
        ("cores a camera, the whole edge", f"{document['cores_per_camera']:.4f}"),
        ("cores a camera, the floor", f"{document['floor_cores_per_camera']:.4f}"),
        ("ratio to the floor", f"{document['ratio_to_floor']:.2f}"),
        ("… by round", ", ".join(f"{ratio:.2f}" for ratio in document["ratio_to_floor_by_round"])),
        ("looks/s (floor; wanted)", _of_looks(document)),
        ("pictures skipped", str(document["skipped"])),
        ("memory a camera beyond the first, MB", "-" if memory is None else f"{memory:.1f}"),
        ("memory with one camera, MB", f"{document['memory_mb_one_camera']:.0f}"),
        ("incidents opened", ", ".join(f"{n} {kind}" for kind, n in document["incidents"].items()) or "none"),
    ]
    for row in rows:
        table.add_row(*row)
    against = document.get("against")
    if against:
        for row in _of_rival(against):
            table.add_row(*row)
    console.print(table)
    if against:
        console.print(_what_was_compared(against), soft_wrap=True)
    for doubt in _doubts(document):
        console.print(f"[yellow]{doubt}[/]", soft_wrap=True)


def _of_rival(against: dict[str, Any]) -> list[tuple[str, str]]:
    found = against["incidents"]
    rows = [
        (against["name"], ""),
        (f"… cores a camera, {_network(against)}", f"{against['cores_per_camera']:.3f}"),
        ("… times as many as the edge", f"{against['ratio']:.0f}"),
        (f"… {found['kind']} found, {_network(found)}", str(found["rival"])),
        ("… by the edge", str(found["edge"])),
        ("… the same ones, one by one", str(found["matched"])),
    ]
    if found["network"] != against["network"]:
        rows.append((f"… cores a camera, {_network(found)}", f"{found['cores_per_camera']:.3f}"))
        rows.append(("… times as many as the edge", f"{found['ratio']:.0f}"))
    return rows


def _network(run: dict[str, Any]) -> str:
    return f"{run['network']}, {run['weights']} weights"


def _what_was_compared(against: dict[str, Any]) -> str:
    found = against["incidents"]
    by, beyond = "the same run", ""
    if found["network"] != against["network"]:
        by = f"a run of its own with {found['network']}, as random weights find nothing"
        beyond = f" What {against['network']} would find with trained weights is not shown."
    verdict = {True: "They are the same.", False: "They are not the same.", None: "Neither found any."}
    return (
        f"Compared: incidents of the first {found['watched_s']:g} s of the file that each of "
        f"{found['cameras']} cameras plays; the rival's are of {by}, and count once a camera. The same are "
        f"those whose boxes overlap (IoU >= {found['iou_wanted']:g}) and that opened within "
        f"{found['apart_s_allowed']:g} s of each other. {verdict[found['same']]}{beyond}"
    )


def _of_looks(document: dict[str, Any]) -> str:
    floor, wanted = document["floor_looks_per_second"], document["looks_per_second_wanted"]
    return f"{document['looks_per_second']:.2f} ({floor:.2f}; {wanted:.2f})"


def _doubts(document: dict[str, Any]) -> list[str]:
    doubts = []
    if not document["full_rate"]:
        doubts.append(
            f"The server fell behind: {document['packets_per_second']} packets/s reached the edge and "
            f"{document['floor_packets_per_second']} the floor, of {document['packets_per_second_nominal']}. "
            "Take fewer cameras."
        )
    if document["other_cores"] > QUIET_CORES:
        doubts.append(
            f"The machine was not quiet: other programs took up to {document['other_cores']:.2f} cores."
        )
    return doubts
