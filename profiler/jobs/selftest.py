"""The self-test: a job whose two sides are the same, and the figures that it leaves for later comparisons."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from profiler.compare.judge.noise import SELFTEST_FILE
from profiler.compare.judge.selftest import SelfTest, judge_selftest
from profiler.jobs.ab import OnRound, start_job
from profiler.jobs.ab_store import AbRequest, AbStore
from profiler.jobs.sides import AbSide, default_side
from profiler.store.run_dir import RunDir, write_atomic

SELFTEST_SWEEP = ("--plugin", "all", "--shape", "4096x1024,16384x1024,65536x1024", "--dtype", "fp32,fp16")
"""What is measured when no command is given: one size more than in an A/B job, for many rows rather than many trials."""


def selftest_request(command: Sequence[str], seed: int = 1) -> AbRequest:
    """Return a job that holds this machine's build, or a command, against itself.

    Raises:
        UsageError: The command needs a driver, and none is built.
    """
    side = default_side(command or SELFTEST_SWEEP)
    again = AbSide(f"{side.name} again", side.argv, side.origin, side.binaries)
    return AbRequest((side, again), seed=seed, skip_identical=False, stop_early=False)


def run_selftest(
    request: AbRequest, root: Path, label: str, budget_s: float, max_rounds: int, trial_rounds: int, on_round: OnRound | None = None
) -> tuple[RunDir, SelfTest]:
    """Measure, judge, and store the result in the run.

    Args:
        request: Job whose two sides are the same.
        root: Folder that holds runs.
        label: Name of the run.
        budget_s: Time budget, s.
        max_rounds: Rounds at most.
        trial_rounds: Rounds of one trial at most.
        on_round: Told after each round.
    """
    found: list[SelfTest] = []

    def judge(store: AbStore) -> None:
        facts = store.facts.get(store.names[0], {})
        found.append(judge_selftest(store.frame(), store.side_rows(), request.rule, trial_rounds, facts))
        write_atomic(store.run.raw("selftest") / SELFTEST_FILE, found[0].to_json())

    run, _ = start_job(request, root, label, budget_s, max_rounds, on_round, judge)
    return run, found[0]
