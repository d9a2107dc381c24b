"""Rule: warps fetch or write memory sectors of which they use only a part."""

from __future__ import annotations

from functools import partial

from profiler.findings.rule import Row, Rule, RuleCheck, known, losses

SECTOR_BYTES = 32
USED_SHARE = 0.75
TRAFFIC_SHARE = 0.1
WORDS = ("load", "store")


def wastes_sectors(row: Row, word: str) -> bool:
    """Return whether the loads or the stores of a launch use little of each sector and matter for its traffic."""
    used, sectors = f"bytes_per_sector_{word}", f"{word}_sectors"
    if not known(row, used, "load_sectors", "store_sectors") or row[used] >= USED_SHARE * SECTOR_BYTES:
        return False
    return bool(row[sectors] >= TRAFFIC_SHARE * (row["load_sectors"] + row["store_sectors"]))


def _evidence(word: str, row: Row) -> str:
    return f"{row[f'bytes_per_sector_{word}']:.1f} of {SECTOR_BYTES} bytes of each sector used"


def _gain(word: str, row: Row) -> float:
    part = row[f"{word}_sectors"] / (row["load_sectors"] + row["store_sectors"])
    busy = row["memory_throughput_pct"]
    return float((1 - row[f"bytes_per_sector_{word}"] / SECTOR_BYTES) * part * (1.0 if busy is None else busy / 100))


def _of(word: str) -> RuleCheck:
    title = f"Global {word}s are not coalesced"
    return losses(title, (), lambda row: wastes_sectors(row, word), partial(_gain, word), partial(_evidence, word))


RULE = Rule(
    text=f"less than {USED_SHARE:.0%} of the bytes of a sector used, by accesses that make at least {TRAFFIC_SHARE:.0%} of"
    " the launch's global traffic",
    needs=("launches",),
    advice="Let neighbouring threads access neighbouring addresses, align rows to 32 bytes, turn arrays of structures into"
    " structures of arrays, or stage the data through shared memory.",
    source="Nsight Compute, rule UncoalescedGlobalAccess; thresholds chosen here",
    check=lambda recording: [finding for word in WORDS for finding in _of(word)(recording)],
)
