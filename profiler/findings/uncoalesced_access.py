"""Rule: warps fetch or write memory sectors of which they use only a part."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING

from profiler.findings.rule import Finding, Row, Rule, known, rows_of, worst

if TYPE_CHECKING:
    from profiler.metrics.recording import Recording

SECTOR_BYTES = 32
USED_SHARE = 0.75
TRAFFIC_SHARE = 0.1


def check(recording: Recording) -> list[Finding]:
    """Compare the used bytes per sector of loads and stores that matter for the launch's traffic."""
    findings = []
    rows = [row for row in rows_of(recording, "launches") if known(row, "load_sectors", "store_sectors")]
    for word in ("load", "store"):
        bad = _wasteful(rows, word)
        if bad:
            used = f"bytes_per_sector_{word}"
            evidence = worst(bad, itemgetter(used), f"{{{used}:.1f}} of {SECTOR_BYTES} bytes of each sector used".format_map)
            findings.append(Finding(f"Global {word}s are not coalesced", evidence))
    return findings


def _wasteful(rows: list[Row], word: str) -> list[Row]:
    used, sectors = f"bytes_per_sector_{word}", f"{word}_sectors"
    return [
        row
        for row in rows
        if known(row, used)
        and row[used] < USED_SHARE * SECTOR_BYTES
        and row[sectors] >= TRAFFIC_SHARE * (row["load_sectors"] + row["store_sectors"])
    ]


RULE = Rule(
    name="uncoalesced_access",
    text=f"less than {USED_SHARE:.0%} of the bytes of a sector used, by accesses that make at least {TRAFFIC_SHARE:.0%} of"
    " the launch's global traffic",
    needs=("launches",),
    advice="Let neighbouring threads access neighbouring addresses, align rows to 32 bytes, turn arrays of structures into"
    " structures of arrays, or stage the data through shared memory.",
    source="Nsight Compute, rule UncoalescedGlobalAccess; thresholds chosen here",
    check=check,
)
