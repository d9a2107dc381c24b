"""Reads a .ncu-rep report through the `ncu_report` package."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from profiler.errors import BadExportError, ToolMissingError
from profiler.tools.base import ReadResult
from profiler.tools.ncu import frames
from profiler.tools.ncu.assemble import TABLES, assemble
from profiler.tools.ncu.container import COMPRESSED_MAGIC, MAGIC, ReportFacts, inspect, launch_sizes
from profiler.tools.ncu.frames import attribute
from profiler.tools.ncu.launch import Launch, Range
from profiler.tools.ncu.metric_names import INSTANCED
from profiler.tools.ncu.rule_results import rule_messages
from profiler.tools.ncu.unit_names import base_unit

_TEXT_KIND = 2
_DEFAULT_DOMAIN = "<default domain>"
_INTEGER_PAYLOADS = ("INT32", "INT64", "UINT32", "UINT64")


def _library() -> Any:
    """Import the reader library."""
    try:
        import ncu_report
    except ImportError as error:
        fix = "pip install ncu-report, or export CSV where ncu is: ncu -i FILE --page raw --csv --print-units base"
        raise ToolMissingError(f"package ncu-report cannot be imported ({error})", fix) from error
    return ncu_report


def _ranges(action: Any, library: Any) -> list[Range]:
    """Return the NVTX ranges around a launch, start/end ranges before the push/pop stack of their domain."""
    state = action.nvtx_state()
    found: list[Range] = []
    if state is None:
        return found
    for domain_id in state.domains():
        info = state.domain_by_id(domain_id)
        domain = "" if info.name() == _DEFAULT_DOMAIN else info.name()
        found += [Range(domain, name) for name in info.start_end_ranges()]
        pushed = enumerate(info.push_pop_ranges())
        found += [Range(domain, name, _payload(info.push_pop_range(index), library)) for index, name in pushed]
    return found


def _payload(item: Any, library: Any) -> int | None:
    kinds = {getattr(library.INvtxRange, f"PayloadType_PAYLOAD_{kind}", None) for kind in _INTEGER_PAYLOADS}
    return int(item.payload_as_uint64()) if item.has_attributes() and item.payload_type() in kinds else None


def _counters(action: Any, launch_id: int, units: dict[str, tuple[str, float]]) -> Iterator[frames.Counter]:
    """Yield the metrics of a launch; an instanced one has its total and, where asked, its instances."""
    for name in action.metric_names():
        if name.startswith(frames.UNINFORMATIVE_PREFIXES):
            continue
        metric = action.metric_by_name(name)
        if name not in units:
            units[name] = base_unit(metric.unit() or "")
        unit, factor = units[name]
        if metric.kind() == _TEXT_KIND:
            yield launch_id, name, float("nan"), metric.as_string(), unit
            continue
        yield launch_id, name, metric.as_double() * factor if metric.has_value() else float("nan"), None, unit
        if name in INSTANCED and metric.has_correlation_ids():
            labels = metric.correlation_ids()
            for index in range(metric.num_instances()):
                yield launch_id, f"{name}[{labels.as_string(index)}]", metric.as_double(index) * factor, None, unit


def _launch(action: Any, library: Any) -> Launch:
    facts: dict[str, Any] = {}
    ids = ((name, f"launch__{name}") for name in ("device_id", "context_id", "stream_id"))
    for column, name in (*frames.DIMENSIONS.items(), ("device_id", attribute("device_index")), *ids):
        metric = action.metric_by_name(name)
        if metric is not None:
            facts[column] = metric.as_uint64()
    parts = [action.metric_by_name(attribute(f"compute_capability_{part}")) for part in ("major", "minor")]
    if all(part is not None for part in parts):
        facts["compute_capability"] = ".".join(str(part.as_uint64()) for part in parts)
    kernel = action.name(library.IAction.NameBase_DEMANGLED) or action.name()
    return Launch(kernel, action.name(), facts, _ranges(action, library))


def _actions(path: Path, facts: ReportFacts | None, library: Any) -> tuple[Any, list[Any]]:
    """Return what keeps a report in memory, and its results; hold the library to the number that the headers state."""
    context = library.load_report(str(path))
    actions = [action for group in range(context.num_ranges() or 0) for action in context.range_by_idx(group)]
    expected = facts.result_count if facts else max(1, len(actions))
    if len(actions) != expected:
        tool = f"ncu {facts.tool_version}, format {facts.format_version}" if facts else "unknown ncu"
        raise BadExportError(
            f"{path}: recorded by {tool}; reader {context.get_version()} found {len(actions)} of {expected} results",
            "pip install -U ncu-report (a newer reader), or export CSV with the ncu that recorded it: "
            "ncu -i FILE --page raw --csv --print-units base",
        )
    return context, actions


class NcuReportReader:
    """Reads .ncu-rep files."""

    tool = "ncu"
    suffixes = (".ncu-rep", ".ncu-repz")
    tables = TABLES
    parser_version = 1

    def recognise(self, path: Path, head: bytes) -> bool:
        """Return whether the first bytes are those of a report, plain or compressed."""
        return head.startswith(MAGIC) or (head.startswith(COMPRESSED_MAGIC) and path.suffix == ".ncu-repz")

    def read(self, path: Path, tables: Collection[str]) -> ReadResult:
        """Read the asked tables of a report.

        Raises:
            BadExportError: The file is no report, not whole, or of a version that the installed library cannot read.
            ToolMissingError: The package ncu-report is not installed.
        """
        with path.open("rb") as stream:
            compressed = stream.read(4) == COMPRESSED_MAGIC
        facts = None if compressed else inspect(path)
        if not tables:
            return ReadResult(info=_info(facts))
        library = _library()
        if facts is not None and not facts.result_count:
            reason = f"{path.name} holds no profiled kernel: no launch matched ncu's filters, or every launch failed"
            return ReadResult(absent=dict.fromkeys(self.tables, reason), info=_info(facts))
        try:
            _context, actions = _actions(path, facts, library)
            launches = [_launch(action, library) for action in actions]
            messages = [message for number, action in enumerate(actions) for message in rule_messages(action, number)]
            units: dict[str, tuple[str, float]] = {}
            counters = [row for number, action in enumerate(actions) for row in _counters(action, number, units)]
        except (TypeError, ValueError, AttributeError, RuntimeError, OverflowError) as error:
            raise BadExportError(f"{path}: damaged report: {error}", "record it again with ncu") from error
        if not compressed and any("grid_x" not in launch.facts for launch in launches):
            # a report without launch statistics: the results themselves state the sizes
            sizes = launch_sizes(path)
            for launch, found in zip(launches, sizes if len(sizes) == len(launches) else (), strict=False):
                launch.facts = {**found, **launch.facts}
        result = assemble(frames.counters_table(counters), launches, messages, path.name)
        result.info = _info(facts)
        return result


def _info(facts: ReportFacts | None) -> dict[str, Any]:
    if facts is None:
        return {"tool": "Nsight Compute"}
    info: dict[str, Any] = {"tool": "Nsight Compute", "tool_version": facts.tool_version, "process": facts.process_name}
    if "CUDA Version" in facts.versions:
        info["cuda_version"] = facts.versions["CUDA Version"]
    if facts.created_s:
        info["start_time_utc"] = datetime.fromtimestamp(facts.created_s, timezone.utc).isoformat()
    return info


READERS = (NcuReportReader(),)
