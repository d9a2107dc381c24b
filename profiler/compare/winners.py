"""The fastest of each group of a ranking, in the words in which every sink names it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from profiler.compare.ranking import WORK, configuration_of

if TYPE_CHECKING:
    import pandas as pd

UNRANKED = "Nothing is ranked"
_NAMED = 3


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

    def standing(self, named: Callable[[str], str] = str) -> str:
        """Say how far it is ahead in a sentence; empty when it is alone.

        Args:
            named: Writes a configuration.
        """
        if self.rivals == 1:
            return ""
        rivals = {"tied with": self.tied, "undecided against": self.undecided}
        said = [f"{word} {_listed([*map(named, names)])}" for word, names in rivals.items() if names]
        said = said or [f"{self.margin_pct:.1f} % ahead of {named(self.runner_up)}"]
        return "; ".join([*said, f"the slowest of {self.rivals} takes {self.slowest_ratio:.2f} ×"])


def _listed(names: Sequence[str]) -> str:
    more = [f"and {len(names) - _NAMED} more"] if len(names) > _NAMED else []
    return "; ".join([*names[:_NAMED], *more])


def winners(ranking: pd.DataFrame | None) -> list[Winner]:
    """Return the fastest of each group of a ranking; none where there is nothing to rank."""
    if ranking is None:
        return []
    placed = ranking[ranking["place"].notna()]
    return [_winner(map(str, key), rows) for key, rows in placed.groupby([*WORK, "conditions"], sort=False)]


def title(ranking: pd.DataFrame | None, found: list[Winner]) -> str:
    """Say what the winners are, and where their times come from; where there are none, that nothing is ranked."""
    if ranking is None or not found:
        return UNRANKED
    return f"{'Fastest' if any(winner.rivals > 1 for winner in found) else 'Times'}, by {ranking['source'].iloc[0]}"


def _winner(key: Iterable[str], rows: pd.DataFrame) -> Winner:
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
    )


def format_tracing(cost_pct: float) -> str:
    """Return how much longer an iteration took while a tool recorded than without; empty when that is not known."""
    return f"{cost_pct:+.1f} %" if cost_pct == cost_pct else ""
