"""How far apart two processes running the same code are on a machine: measured by `profiler selftest`, else assumed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from profiler.errors import BadExportError
from profiler.store.run_dir import iterate_runs
from profiler.units import format_percent

SELFTEST_FILE = "selftest.json"

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
    """

    process_spread: float
    dof: float
    origin: str


def assumed_noise(host_clock: bool) -> MachineNoise:
    """Return the spread that is assumed of GPU times, or of times taken by the CPU's clock."""
    spread = ASSUMED_HOST_SPREAD if host_clock else ASSUMED_PROCESS_SPREAD
    return MachineNoise(spread, ASSUMED_DOF, f"assumed to be {format_percent(spread)} (profiler selftest measures it)")


def find_noise(root: Path, gpu: str, uuid: str = "") -> MachineNoise | None:
    """Return the newest measured spread of a GPU: of this very board, else of its model; None when never measured.

    Args:
        root: Folder that holds runs.
        gpu: Product name; without it nothing measured applies.
        uuid: UUID of the board, when known.

    Raises:
        BadExportError: A self-test's file is damaged.
    """
    found: dict[bool, MachineNoise] = {}
    for run in iterate_runs(root) if gpu else ():
        path = run.raw("selftest") / SELFTEST_FILE
        if not path.is_file():
            continue
        record = _read(path)
        if record.get("gpu") == gpu and record.get("process_spread") is not None:
            same_board = bool(uuid) and record.get("gpu_uuid") == uuid
            where = "this board" if same_board else f"another {gpu}"
            spread, dof = float(record["process_spread"]), float(record["process_spread_dof"])
            found[same_board] = MachineNoise(
                spread, dof, f"{format_percent(spread)}, measured by self-test {run.run_id} on {where}"
            )
    return found.get(True) or found.get(False)


def _read(path: Path) -> dict[str, object]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise BadExportError(f"{path}: not a self-test result ({error})", "run profiler selftest again") from error
