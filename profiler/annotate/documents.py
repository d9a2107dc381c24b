"""Joins the journals of a marked program's processes to the result and ranges documents (docs/formats.md)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from profiler.annotate.journal import PATTERN
from profiler.runner.ranges import merge_ranges, ranges_document
from profiler.runner.request import RANGES, RESULT
from profiler.runner.result import read_events, result_document, write_json

_GRAVEST = ("failed", "partial", "ok")


def journals(folder: Path) -> list[Path]:
    """Return the journals of a recording."""
    return sorted(folder.glob(PATTERN))


def read_journals(folder: Path) -> list[dict[str, Any]]:
    """Return every whole event of the journals of a recording."""
    return read_events(journals(folder))


def join_journals(folder: Path) -> list[str]:
    """Write the documents of a recording from its journals.

    Args:
        folder: Where the journals are; without any, nothing is written.

    Returns:
        Sentences worth telling: several processes, points that more than one of them measured.
    """
    events = read_journals(folder)
    points = [event for event in events if event["event"] == "point"]
    if not points:
        return []
    by_label: dict[str, list[dict[str, Any]]] = {}
    for event in points:
        by_label.setdefault(event["label"], []).append(event)
    records = [_joined(label, [event["record"] for event in events]) for label, events in by_label.items()]
    programs = list(dict.fromkeys(event["program"] for event in events if event["event"] == "process"))
    devices = [event["device"] for event in events if event["event"] == "device"]
    facts = {"device": devices[0]} if devices else {}
    write_json(folder / RESULT, result_document("user", programs, facts, records, "profiler.annotate"))
    write_json(folder / RANGES, merge_ranges(ranges_document(event["ranges"], event["process_id"]) for event in points))
    return _notes(by_label, devices)


def _joined(label: str, parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Return one record for what several openings of a point measured; times of two clocks are not joined."""
    whole = next((part for part in parts if part["status"] == "ok"), parts[0])
    alike = [part for part in parts if part["clock"] == whole["clock"] and part["samples_ns"]] or [whole]
    status = min((part["status"] for part in alike), key=_GRAVEST.index)
    payloads = {part["bytes_per_iteration"] for part in alike}
    return {
        "label": label,
        "attributes": {},
        **whole,
        "status": status,
        "reason": next((part["reason"] for part in alike if part["status"] == status), None),
        "bytes_per_iteration": payloads.pop() if len(payloads) == 1 else None,
        "samples_ns": _chain(part["samples_ns"] for part in alike),
        **({"host_samples_ns": _chain(part["host_samples_ns"] for part in alike)} if "host_samples_ns" in whole else {}),
    }


def _chain(lists: Iterable[list[int]]) -> list[int]:
    return [value for values in lists for value in values]


def _notes(points: dict[str, list[dict[str, Any]]], devices: list[dict[str, Any]]) -> list[str]:
    writers = {label: {event["process_id"] for event in events} for label, events in points.items()}
    processes, names = len(set().union(*writers.values())), {device["uuid"] for device in devices}
    notes = [f"{processes} processes of the program wrote sweep points"] if processes > 1 else []
    shared = sorted((label, len(found)) for label, found in writers.items() if len(found) > 1)
    notes += [f"{label}: measured by {count} processes; their samples stand together" for label, count in shared]
    if len(names) > 1:
        notes.append(f"the processes ran on {len(names)} GPUs; the first one's facts are kept")
    return notes
