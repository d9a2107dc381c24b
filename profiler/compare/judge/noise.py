"""How far apart two processes running the same code are on a machine: measured by `profiler selftest`, else assumed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from profiler.compare.judge.conditions import board
from profiler.store.document import read_document
from profiler.store.run_dir import iterate_runs
from profiler.units import format_percent

if TYPE_CHECKING:
    from profiler.compare.rows.row import Row

SELFTEST_FILE, SELFTEST_VERSION = "selftest.json", 1

ASSUMED_PROCESS_SPREAD = 0.005
"""Standard deviation of ln(median) between processes assumed of GPU times where none was measured."""

ASSUMED_HOST_SPREAD = 0.25
"""The same of times taken by the CPU's clock: other programs and the placement of memory change them by half and more."""

ASSUMED_DOF = 4.0
"""An assumption is trusted as much as a spread measured on five processes: its intervals have long tails."""

BOARD_SPREAD = 0.01
"""Standard deviation of ln(time) between two boards of one model that is assumed; only ever widens an interval."""


@dataclass(frozen=True)
class MachineNoise:
    """Spread of ln(median) between processes that run the same code.

    Attributes:
        process_spread: Standard deviation.
        dof: Degrees of freedom of that estimate.
        origin: Where it comes from, in words.
        is_assumed: Nobody measured it.
        correlation: How far a process depends on that of the same side before it, 0 to 1.
    """

    process_spread: float
    dof: float
    origin: str
    is_assumed: bool = False
    correlation: float = 0.0


def assumed_noise(host_clock: bool) -> MachineNoise:
    """Return the spread that is assumed of GPU times, or of times taken by the CPU's clock."""
    spread = ASSUMED_HOST_SPREAD if host_clock else ASSUMED_PROCESS_SPREAD
    return MachineNoise(spread, ASSUMED_DOF, f"assumed to be {format_percent(spread)} (profiler selftest measures it)", True)


def find_selftest(root: Path, gpu: str, uuid: str = "") -> tuple[str, bool, dict[str, Any]] | None:
    """Return the newest self-test of a GPU: of this very board, else of its model; None when there is none.

    Args:
        root: Folder that holds runs.
        gpu: Product name; without it nothing measured applies.
        uuid: UUID of the board, when known.

    Returns:
        Run id, whether it is this board's, and the record (`selftest.SelfTest`).

    Raises:
        BadExportError: A self-test's file is damaged.
    """
    found: dict[bool, tuple[str, bool, dict[str, Any]]] = {}
    for run in iterate_runs(root) if gpu else ():
        path = run.raw("selftest") / SELFTEST_FILE
        if not path.is_file():
            continue
        record = read_document(path, "profiler-selftest", SELFTEST_VERSION, "run profiler selftest again")
        if record.get("gpu") == gpu and record.get("process_spread") is not None:
            same_board = bool(uuid) and record.get("gpu_uuid") == uuid
            found[same_board] = (run.run_id, same_board, record)
    return found.get(True) or found.get(False)


def find_noise(root: Path, gpu: str, uuid: str = "") -> MachineNoise | None:
    """Return the measured spread of a GPU; None when never measured. Arguments and errors as for `find_selftest`."""
    found = find_selftest(root, gpu, uuid)
    if found is None:
        return None
    run_id, same_board, record = found
    spread = float(record["process_spread"])
    where = "this board" if same_board else f"another {gpu}"
    origin = f"{format_percent(spread)}, measured by self-test {run_id} on {where}"
    correlation = float(record.get("process_correlation", 0.0))
    return MachineNoise(spread, float(record["process_spread_dof"]), origin, correlation=correlation)


def machine_noise(root: Path, facts: Mapping[str, str], rows: Iterable[Row]) -> MachineNoise:
    """Return the spread between processes that holds for rows: that of the GPU where it was measured, else what is assumed."""
    host_clock = any(row.conditions.get("clock") == "monotonic" for row in rows)
    return (None if host_clock else find_noise(root, *board(facts))) or assumed_noise(host_clock)


def selftest_sentence(root: Path, facts: Mapping[str, str]) -> str:
    """Return what the GPU's self-test found, for the reader of a comparison; empty without one."""
    gpu, uuid = board(facts)
    found = find_selftest(root, gpu, uuid)
    if found is None or not found[2].get("comparisons"):
        return ""
    _, same_board, record = found
    smallest = record.get("smallest_slowdown")
    power = (
        f"a slowdown of {format_percent(smallest)} is found with 95 % power" if smallest else "no slowdown tried is surely found"
    )
    return (
        f"Self-test of {'this board' if same_board else f'another {gpu}'}: {record['alarms']} of {record['comparisons']} rows of "
        f"identical code were called faster or slower, {power}."
    )
