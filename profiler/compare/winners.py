"""The fastest of each group of a ranking, in the words in which every sink names it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from profiler.compare.judge.verdict import DecisionRule
from profiler.compare.ranking import WORK, configuration_of

if TYPE_CHECKING:
    import pandas as pd

UNRANKED = "Nothing is ranked"
_NAMED, _MOST_PROCESSES = 3, 20


@dataclass(frozen=True)
class Winner:
    """The fastest configuration of one group of a ranking.

    Attributes:
        work: What all of the group share: operation, shape, type, and the conditions that other groups lack.
        label: Its point.
        configuration: What its label says beside that.
        median_ns: Its time.
        bandwidth_bytes_per_s: Bytes that an iteration must move over that time; NaN when unknown.
        rivals: Configurations compared, itself included.
        tied: What distinguishes those that are tied with it, the fastest first.
        undecided: What distinguishes those that may be faster for all that is known.
        runner_up: What distinguishes the next one; empty when it is alone.
        margin_pct: How much longer the next one takes; NaN when it is alone.
        slowest_ratio: Time of the slowest over its time; NaN when it is alone.
        note: What must be known of its time.
        tracing_cost_pct: How much longer it took while a tool recorded; NaN when unknown.
        processes_needed: Processes that would tell most of the undecided apart; 0 where none is, or no sensible number would.
    """

    work: str
    label: str
    configuration: str
    median_ns: float
    bandwidth_bytes_per_s: float
    rivals: int
    tied: tuple[str, ...]
    undecided: tuple[str, ...]
    runner_up: str
    margin_pct: float
    slowest_ratio: float
    note: str
    tracing_cost_pct: float = float("nan")
    processes_needed: int = 0

    @property
    def as_fast(self) -> str:
        """How many may be as fast: `2 tied, 3 undecided`; empty where it is the winner."""
        return ", ".join(f"{len(getattr(self, word))} {word}" for word in ("tied", "undecided") if getattr(self, word))

    def standing(self, named: Callable[[str], str] = str) -> str:
        """Say how far it is ahead in a sentence; empty when it is alone.

        Args:
            named: Writes a configuration.
        """
        if self.rivals == 1:
            return ""
        rivals = {"tied with": self.tied, "undecided against": self.undecided}
        said = [f"{word} {_listed([*map(named, names)])}" for word, names in rivals.items() if names]
        if said:
            said[0] = f"no winner: {said[0]}"
        if self.processes_needed:
            said.append(f"about {self.processes_needed} processes would tell")
        said = said or [f"{self.margin_pct:.1f} % ahead of {named(self.runner_up)}"]
        return "; ".join([*said, f"the slowest of {self.rivals} takes {self.slowest_ratio:.2f} ×"])


def _listed(names: Sequence[str]) -> str:
    more = [f"and {len(names) - _NAMED} more"] if len(names) > _NAMED else []
    return "; ".join([*names[:_NAMED], *more])


def winners(ranking: pd.DataFrame | None, rule: DecisionRule | None = None) -> list[Winner]:
    """Return the fastest of each group of a ranking, made by a rule; none where there is nothing to rank."""
    if ranking is None:
        return []
    placed = ranking[ranking["place"].notna()]
    # the first of a group begins it: what the same work is may have been said
    return [_winner(rows, rule or DecisionRule()) for _, rows in placed.groupby((placed["place"] == 1).cumsum(), sort=False)]


def title(ranking: pd.DataFrame | None, found: list[Winner]) -> str:
    """Say what the winners are, and where their times come from; where there are none, that nothing is ranked."""
    if ranking is None or not found:
        return UNRANKED
    compared = [winner for winner in found if winner.rivals > 1]
    won = any(not winner.as_fast for winner in compared)
    return f"{'Fastest' if won else 'No winner' if compared else 'Times'}, by {ranking['source'].iloc[0]}"


def _winner(rows: pd.DataFrame, rule: DecisionRule) -> Winner:
    key = [str(rows[name].iloc[0]) for name in (*WORK, "conditions") if rows[name].nunique() == 1]
    best, times = rows.iloc[0], rows["median_ns"] / rows["median_ns"].iloc[0]
    names = [configuration_of(label, str(best["conditions"])) for label in rows["row"]]
    tied, undecided = (
        tuple(name for name, is_so in zip(names[1:], rows[word].iloc[1:], strict=True) if is_so) for word in ("tied", "undecided")
    )
    several = len(rows) > 1
    return Winner(
        work=" ".join(filter(None, key)),
        label=best["row"],
        configuration=names[0],
        median_ns=float(best["median_ns"]),
        bandwidth_bytes_per_s=float(best["bandwidth_bytes_per_s"]),
        rivals=len(rows),
        tied=tied,
        undecided=undecided,
        runner_up=names[1] if several else "",
        margin_pct=float(times.iloc[1] - 1) * 100 if several else float("nan"),
        slowest_ratio=float(times.iloc[-1]) if several else float("nan"),
        note=str(best["note"]),
        tracing_cost_pct=float(best["tracing_cost_pct"]),
        processes_needed=_processes_needed(rows[rows["undecided"].astype(bool)], rule),
    )


def _processes_needed(undecided: pd.DataFrame, rule: DecisionRule) -> int:
    """Return with how many processes a typical row's interval would no longer reach 1, or lie within the threshold."""
    if undecided.empty:
        return 0
    ratio, high = np.log(undecided[["ratio", "ratio_high"]].to_numpy(dtype=float)).T
    narrow = np.maximum(ratio, rule.log_threshold - ratio)
    now = int(undecided["processes"].max())
    needed = now * float(np.median((high - ratio) / narrow)) ** 2
    return max(int(np.ceil(needed)), now + 1) if needed <= _MOST_PROCESSES else 0


def format_tracing(cost_pct: float) -> str:
    """Return how much longer an iteration took while a tool recorded than without; empty when that is not known."""
    return f"{cost_pct:+.1f} %" if cost_pct == cost_pct else ""
