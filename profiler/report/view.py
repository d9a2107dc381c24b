"""What panels see: one or several recordings, their tables merged with a column that names the recording."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from profiler.compare.ranking import rank_recordings
from profiler.errors import DataMissingError, ProfilerError
from profiler.findings import SEVERITIES, evaluate_rows
from profiler.metrics.measured import shown_metric
from profiler.metrics.time_sources import TimeSource, available_sources, check_source, choose_source
from profiler.report.blocks import FindingText

if TYPE_CHECKING:
    import pandas as pd

    from profiler.metrics.recording import Recording

RECORDING = "recording"


class View:
    """The recordings of one page.

    Args:
        recordings: At least one.
        source: Times to go by, as a user asks for them; None takes the first that all recordings have.

    Attributes:
        names: One display name per recording, made unique.
    """

    def __init__(self, recordings: Sequence[Recording], source: str | None = None) -> None:
        self.recordings = tuple(recordings)
        self._source = check_source(source)
        self.names = unique_names([recording.name for recording in recordings])
        self._merged = cache(self._merge)

    @property
    def several(self) -> bool:
        """True when tables carry the column `recording`."""
        return len(self.recordings) > 1

    def metric(self, name: str) -> pd.DataFrame | None:
        """Return a metric table over all recordings, None when none has it."""
        return self._merged("metric", name)[0]

    def table(self, name: str) -> pd.DataFrame | None:
        """Return a schema table over all recordings, None when none has it."""
        return self._merged("table", name)[0]

    def required(self, name: str) -> pd.DataFrame:
        """Return a metric table that a panel needs: one is built only when every table it needs is there.

        Raises:
            DataMissingError: No recording has rows of it.
        """
        frame = self.metric(name)
        if frame is None:
            raise DataMissingError(f"{name}: {'; '.join(self.reasons(name))}", "record what the table is made from")
        return frame

    def reasons(self, name: str) -> list[str]:
        """Say why recordings lack a metric table, one sentence each."""
        return self._merged("metric", name)[1]

    def _merge(self, kind: str, name: str) -> tuple[pd.DataFrame | None, list[str]]:
        frames: dict[str, pd.DataFrame] = {}
        reasons: list[str] = []
        for label, recording in zip(self.names, self.recordings, strict=True):
            try:
                frame = shown_metric(recording, name) if kind == "metric" else recording.table(name)
            except ProfilerError as error:
                message = error.message.removeprefix(f"{name}: ")
                reasons.append(f"{label}: {message}" if self.several else message)
                continue
            if len(frame):
                frames[label] = frame
            else:
                reasons.append(f"{label}: no rows" if self.several else "the recording holds no rows of this kind")
        if not frames:
            return None, list(dict.fromkeys(reasons))
        return (_stack(frames) if self.several else frames[self.names[0]]), reasons

    @cached_property
    def findings(self) -> list[FindingText]:
        """The findings of all recordings, worst first, in the order of the rules within a severity."""
        found = []
        for name, recording in zip(self.names, self.recordings, strict=True):
            for row in evaluate_rows(recording):
                texts = {key: str(row[key] or "") for key in ("severity", "title", "evidence", "advice", "source")}
                found.append(FindingText(**texts, recording=name if self.several else ""))
        return sorted(found, key=lambda item: SEVERITIES.index(item.severity))

    @cached_property
    def time_source(self) -> TimeSource | None:
        """Where the times come from that the page goes by; None when there are none."""
        try:
            return choose_source(self.recordings, self._source)
        except ProfilerError:
            if self._source:
                raise
        # nothing is shared: go by the first recording that has times, as one page of that alone would
        return next((source for recording in self.recordings for source in available_sources(recording)), None)

    @cached_property
    def rankings(self) -> list[pd.DataFrame | None]:
        """What is fastest in each recording by the page's source of times; None where it has no such times."""
        source = None if self.time_source is None else self.time_source.asked
        found: list[pd.DataFrame | None] = []
        for recording in self.recordings:
            try:
                found.append(None if source is None else rank_recordings([recording], source=source))
            except ProfilerError:
                found.append(None)
        return found

    @cached_property
    def device(self) -> dict[str, Any]:
        """The first GPU of the recordings, empty when none was recorded."""
        frame = self.table("devices")
        return {} if frame is None else frame.to_dict("records")[0]


def _stack(frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Put frames below each other, with a first column that names the recording; texts of any two are of one kind."""
    import pandas as pd

    plain = {name: frame.astype(dict.fromkeys(frame.select_dtypes("category"), "object")) for name, frame in frames.items()}
    return pd.concat(plain, names=[RECORDING]).reset_index(level=0).reset_index(drop=True)


def by_recording(frame: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Return the rows of each recording with its name, of a page of one recording all rows with an empty name."""
    return list(frame.groupby(RECORDING, sort=False)) if RECORDING in frame.columns else [("", frame)]


def unique_names(names: Sequence[str]) -> list[str]:
    """Return the names with a counter behind each repeated one."""
    numbers = [names[: at + 1].count(name) for at, name in enumerate(names)]
    return [f"{name} #{number}" if names.count(name) > 1 else name for name, number in zip(names, numbers, strict=True)]
