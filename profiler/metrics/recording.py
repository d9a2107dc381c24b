"""Recordings: captures and the metrics computed from them; what `profiler.load` returns."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from profiler.errors import BadExportError, DataMissingError
from profiler.metrics import catalog
from profiler.store.manifest import MANIFEST_NAME
from profiler.store.run_dir import find_run, runs_root
from profiler.tables.captures import Captures, LazyTables
from profiler.tables.source import file_source, run_sources
from profiler.tools.registry import find_folder_reader

if TYPE_CHECKING:
    import pandas as pd

    from profiler.columns import Columns


def load(target: str | Path, runs: str | Path | None = None) -> Recording:
    """Load a run or a capture file.

    Args:
        target: Run id, label, unique prefix, `latest`, a run folder, or any file that a reader knows.
        runs: Folder that holds runs; default $PROFILER_RUNS, else `runs/`.

    Returns:
        The recording; nothing but the artefacts' first bytes has been read yet.

    Raises:
        UsageError: No such file or run.
        BadExportError: The file is nothing that a reader knows.
    """
    path = Path(target)
    if find_folder_reader(path) is not None:
        return Recording(path.name, path, [file_source(path)])
    if path.is_dir() and not (path / MANIFEST_NAME).is_file():
        raise BadExportError(f"{path}: a folder without {MANIFEST_NAME}, so no run", "name a run of `profiler list`, or a file")
    if path.is_file() or (path.suffix and not path.exists() and path.parent != Path() and path.parent.is_dir()):
        # a path that names no run but lies in an existing folder is a file that is gone: say that, not "no such run"
        return Recording(path.name, path, [file_source(path)])
    run = find_run(str(target), runs_root(Path(runs) if runs is not None else None))
    return Recording(run.manifest.label or run.path.name, run.path, run_sources(run), run)


class Recording(Captures):
    """One recording: its captures as tables, and the metrics computed from them when they are asked for."""

    def metric_columns(self, name: str) -> Columns:
        """Return a metric table as columns, without pandas.

        Raises:
            UsageError: No such metric table.
            DataMissingError: The recording lacks what it needs.
        """
        return catalog.find(name).of(self)

    def metric(self, name: str) -> pd.DataFrame:
        """Return a metric table as a DataFrame; errors as for `metric_columns`."""
        table = catalog.find(name)
        return self.memo(("metric frame", table.name), table.of(self).to_frame)

    @property
    def metrics(self) -> Mapping[str, pd.DataFrame]:
        """Every metric table that has data, computed when looked up."""
        return LazyTables(tuple(table.name for table in catalog.METRIC_TABLES), self._has_metric, self.metric)

    def _has_metric(self, name: str) -> bool:
        try:
            self.metric_columns(name)
        except DataMissingError:
            return False
        return True
