"""Makes the committed reports and pages from what record.sh recorded.

    python trim.py RECORDED_FOLDER

A full-set report holds 1.1 MB a launch: section layouts, sampling timelines, 2243 metrics. What is dropped: section
layouts, the kernels' machine code, most metrics, host name, addresses, command line, paths. Every value that stays is
byte for byte what ncu wrote.
"""

from __future__ import annotations

import csv
import struct
import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

from profiler.metrics.counter_formulas import EXTRA_METRICS
from profiler.tools.ncu.metric_names import requested_metrics

HERE = Path(__file__).parent
KEPT = {
    *requested_metrics("9.0"),
    *EXTRA_METRICS,
    "sass__inst_executed_per_opcode",
    "sass__inst_executed_register_spilling_mem_local",
    "derived_tempMetric4",
    "breakdown:sm__throughput.avg.pct_of_peak_sustained_elapsed",
    "gpc__cycles_elapsed.max",
    "sm__inst_executed.avg.per_cycle_active",
    "smsp__warps_active.avg.per_cycle_active",
    "smsp__sass_branch_targets_threads_divergent.avg",
    "sm__warps_active.avg.per_cycle_active",
    "FBSP.TriageCompute.dramc__throughput.avg.pct_of_peak_sustained_elapsed",
}
LAUNCHES = {"ncu.ncu-rep": range(10), "ncu_rows.ncu-rep": range(2)}
SECTIONS, METRIC, SOURCE = 17, 13, 15
Field = tuple[int, int, "int | bytes"]


def keep(name: str) -> bool:
    """Return whether a metric stays."""
    return name in KEPT or name.startswith(("launch__", "device__attribute_"))


def varint(data: bytes, position: int) -> tuple[int, int]:
    """Decode a number."""
    value = shift = 0
    while True:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, position


def write_varint(value: int) -> bytes:
    """Encode a number."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def fields(data: bytes) -> Iterator[Field]:
    """Yield (number, wire type, value)."""
    position = 0
    while position < len(data):
        tag, position = varint(data, position)
        number, wire = tag >> 3, tag & 7
        if wire == 0:
            value, position = varint(data, position)
            yield number, wire, value
            continue
        size = {1: 8, 5: 4}.get(wire)
        if size is None:
            size, position = varint(data, position)
        yield number, wire, data[position : position + size]
        position += size


def message(items: list[Field]) -> bytes:
    """Encode fields."""
    out = bytearray()
    for number, wire, value in items:
        out += write_varint(number << 3 | wire)
        if isinstance(value, int):
            out += write_varint(value)
        else:
            out += (write_varint(len(value)) if wire == 2 else b"") + value
    return bytes(out)


def edit(data: bytes, change: Callable[[Field], Field | None]) -> bytes:
    """Change or drop fields."""
    return message([new for item in fields(data) if (new := change(item))])


def blocks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield header and payload of each block."""
    (size,) = struct.unpack("<I", data[4:8])
    position = 8 + size
    while position < len(data):
        (size,) = struct.unpack("<I", data[position : position + 4])
        header = data[position + 4 : position + 4 + size]
        payload = next((value for number, _, value in fields(header) if number == 5), 0)
        start = position + 4 + size
        position = start + payload
        yield header, data[start:position]


def trim_header(header: bytes, payload: int, names: set[str]) -> bytes:
    """Keep what readers need of a block header; shorten the names of dropped metrics."""

    def session(item: Field) -> Field | None:
        return item if item[0] in (2, 6, 8) else None

    def process(item: Field) -> Field | None:
        number, wire, value = item
        if number == 2:
            return None
        return (number, wire, value.rpartition(b"/")[2]) if number == 3 else item

    numbers = count()

    def text(item: Field) -> Field:
        number, wire, value = item
        position = next(numbers)  # texts must stay distinct: the reader library numbers them anew
        dropped = value.decode() in names and not keep(value.decode())
        return (number, wire, b"-%d" % position) if dropped else item

    def block(item: Field) -> Field:
        number, wire, value = item
        change = {3: session, 4: text, 6: process}.get(number)
        if change:
            return number, wire, edit(value, change)
        return (number, wire, payload) if number == 5 else item

    return edit(header, block)


def trim_result(result: bytes, strings: list[str]) -> bytes:
    """Drop section layouts and most metrics of one profiled launch."""

    def change(item: Field) -> Field | None:
        number, _, value = item
        if number == METRIC:
            return item if keep(strings[dict((n, v) for n, _, v in fields(value))[1]]) else None
        return None if number == SECTIONS else item

    return edit(result, change)


def trim_report(source: Path, target: Path, launches: range) -> None:
    """Write the trimmed copy of a report."""
    data = source.read_bytes()
    parts = list(blocks(data))
    strings = [v.decode() for h, _ in parts for n, _, t in fields(h) if n == 4 for _, _, v in fields(t)]
    used = set()
    for header, payload in parts:
        if dict((n, v) for n, _, v in fields(header)).get(2):
            result = payload[4:]
            used |= {strings[dict((n, v) for n, _, v in fields(value))[1]] for n, _, value in fields(result) if n == METRIC}
    out, launch = bytearray(data[: 8 + struct.unpack("<I", data[4:8])[0]]), 0
    for header, payload in parts:
        numbers = dict((n, v) for n, _, v in fields(header) if isinstance(v, int))
        if numbers.get(1):
            continue
        if numbers.get(2):
            launch += 1
            if launch - 1 not in launches:
                continue
            result = trim_result(payload[4:], strings)
            payload = struct.pack("<I", len(result)) + result
        header = trim_header(header, len(payload), used)
        out += struct.pack("<I", len(header)) + header + payload
    target.write_bytes(out)


def trim_raw(source: Path, target: Path) -> None:
    """Keep the columns of the raw page that stay in the report."""
    with source.open(newline="") as stream:
        rows = list(csv.reader(stream))
    first = rows[0].index("CC") + 1
    columns = [i for i, name in enumerate(rows[0]) if i < first or keep(name)]
    with target.open("w", newline="") as stream:
        csv.writer(stream, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows([[row[i] for i in columns] for row in rows])


def trim_details(source: Path, target: Path) -> None:
    """Keep the first and the sixth launch of the details page."""
    with source.open(newline="") as stream:
        rows = list(csv.reader(stream))
    with target.open("w", newline="") as stream:
        writer = csv.writer(stream, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerows([row for row in rows if row[0] in ("ID", "0", "5")])


def main(folder: Path) -> None:
    """Trim everything in a folder."""
    trim_report(folder / "ncu.ncu-rep", HERE / "swish.ncu-rep", LAUNCHES["ncu.ncu-rep"])
    trim_report(folder / "ncu_rows.ncu-rep", HERE / "row_sum.ncu-rep", LAUNCHES["ncu_rows.ncu-rep"])
    trim_raw(folder / "ncu_raw.csv", HERE / "swish_raw.csv")
    trim_details(folder / "ncu_details.csv", HERE / "swish_details.csv")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
