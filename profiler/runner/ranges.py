"""NVTX ranges as docs/formats.md sets them, with an optional record of their times for machines without a tool.

The names stand here and in `cpp_driver/include/profiler/nvtx.hpp`; a contract test compares the two.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

DOMAIN = "profiler"
POINT_PREFIX = "point "
SETUP = "setup"
WARMUP = "warmup"
VERIFY = "verify"
ITERATION = "iteration"

RANGES_SCHEMA = "profiler-ranges"
RANGES_VERSION = 1
COLUMNS = ("name", "start_ns", "duration_ns", "process_id", "thread_id", "payload_int")
_TOOL_VARIABLES = ("NVTX_INJECTION64_PATH", "NSYS_PROFILING_SESSION_ID")


def open_domain(name: str) -> Any:
    """Return an NVTX domain that a tool, when one is attached, really records.

    The nvtx package asks the tool whether the domain is enabled and swaps in a dummy when told no. Nsight Systems up to
    2023.4 always says no and then records nothing. Under a tool the real domain is therefore built without that question.

    Args:
        name: Domain name.

    Returns:
        An `nvtx` domain; without a tool the package's dummy, whose methods do nothing.

    Source: nvtx 0.2.12 to 0.2.17, `Domain.__new__`; observed under Nsight Systems 2023.4.4.
    """
    import nvtx

    domain = nvtx.get_domain(name)
    if not any(os.environ.get(variable) for variable in _TOOL_VARIABLES) or hasattr(domain, "name"):
        return domain
    try:
        from nvtx._lib.lib import Domain, DomainHandle
    except ImportError:
        return domain
    live = object.__new__(Domain)
    live.handle = DomainHandle(name)
    live.__init__(name)
    return live


class RangeRecorder:
    """Opens the ranges of the convention and, when asked, remembers when each was open.

    Args:
        keep: Remember the ranges in `rows`: name, start and duration in ns of the monotonic clock, thread, payload.
    """

    def __init__(self, keep: bool = False) -> None:
        self._domain = open_domain(DOMAIN)
        self._event = cache(self._domain.get_event_attributes)
        self._keep = keep
        self.rows: list[tuple[str, int, int, int, int | None]] = []
        self._open: dict[int, list[tuple[str, int, int | None]]] = {}

    @contextmanager
    def range(self, message: str, payload: int | None = None) -> Iterator[None]:
        """Open one range of the calling thread.

        Args:
            message: Name of the range.
            payload: Bytes that one iteration must move; 0: unknown.
        """
        self.push(message, payload)
        try:
            yield
        finally:
            self.pop()

    def push(self, message: str, payload: int | None = None) -> None:
        """Open a range as `range` does, until `pop` closes it."""
        event = self._event(message=message, payload=payload)
        if self._keep:
            self._stack().append((message, time.monotonic_ns(), payload))
        self._domain.push_range(event)

    def pop(self) -> None:
        """Close the range of the calling thread that was opened last."""
        self._domain.pop_range()
        if self._keep:
            message, start, payload = self._stack().pop()
            self.rows.append((message, start, time.monotonic_ns() - start, threading.get_native_id(), payload))

    def _stack(self) -> list[tuple[str, int, int | None]]:
        # by the system's number: what Python keeps of a thread that it did not start ends with each call from it
        return self._open.setdefault(threading.get_native_id(), [])

    def write(self, path: Path) -> None:
        """Write the remembered ranges as one JSON document of columns (docs/formats.md)."""
        document = ranges_document(self.rows, os.getpid())
        path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")


def ranges_document(rows: Iterable[Sequence[Any]], process_id: int) -> dict[str, Any]:
    """Turn (name, start, duration, thread, payload) rows into the document of docs/formats.md, ordered by start."""
    return _document((*row[:3], process_id, *row[3:]) for row in rows)


def merge_ranges(documents: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Join the ranges of several processes of one machine, whose monotonic clock is the same, ordered by start."""
    parts = (zip(*(document["columns"][name] for name in COLUMNS), strict=True) for document in documents)
    return _document(chain.from_iterable(parts))


def _document(rows: Iterable[tuple[Any, ...]]) -> dict[str, Any]:
    ordered = sorted(rows, key=lambda row: (row[1], -row[2]))
    columns = {name: [row[index] for row in ordered] for index, name in enumerate(COLUMNS)}
    head = {"schema": RANGES_SCHEMA, "schema_version": RANGES_VERSION, "clock": "monotonic", "domain": DOMAIN}
    return {**head, "columns": columns}
