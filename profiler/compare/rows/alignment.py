"""Which row of the base corresponds to which row of the candidate, how that was found, and what has no partner."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from profiler.compare.rows.row import Row
from profiler.errors import UsageError
from profiler.point_label import decode_label, encode_label


@dataclass(frozen=True)
class Pair:
    """A row of the base and its partner.

    Attributes:
        base: Row of the base; None when only the candidate has it.
        candidate: Row of the candidate; None when only the base has it.
        match: How they were found: `label`, `keys`, `launch configuration`, ...; empty without a partner.
        note: What differs between their names, in one sentence.
        reason: Reason code when there is no partner: `unmatched` or `ambiguous`.
    """

    base: Row | None
    candidate: Row | None
    match: str = ""
    note: str = ""
    reason: str = ""


_LAUNCH = ("launch_grid", "launch_block", "shared_memory")
# `op` is known of sweep points only, `function` and `shared_memory` of kernels only, so no pass mixes the two
_PASSES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("op, variant, shape, type and block size", ("op", "variant", "shape", "dtype", "block")),
    ("op, shape, type and launch configuration", ("op", "shape", "dtype", "launch_grid", "launch_block")),
    ("function and launch configuration; template arguments changed", ("function", *_LAUNCH)),
    ("NVTX range and launch configuration; kernel renamed", ("range", *_LAUNCH)),
    ("kernel; launch configuration changed", ("kernel", "function")),
    ("function; template arguments and launch configuration changed", ("function",)),
    ("launch configuration and similar name", _LAUNCH),
)
_OPTIONAL = ("variant", "shape", "dtype", "block")
_SIMILAR = 0.6


def align(base: Sequence[Row], candidate: Sequence[Row], keys: Sequence[str] = ()) -> list[Pair]:
    """Pair the rows of two sides.

    Equal labels first; then, among what is left, rows that alone share op, range or launch configuration. A pass that
    finds more than one partner takes none of them.

    Args:
        base: Rows of the base.
        candidate: Rows of the candidate.
        keys: When given, the only keys that identify a row: everything else may differ.

    Returns:
        Pairs in the base's order, then what only the candidate has.

    Raises:
        UsageError: With the keys given, several rows of one side are the same.
    """
    open_base, open_candidate = list(base), list(candidate)
    pairs: list[Pair] = []
    if keys:
        _require_unique(base, keys)
        _require_unique(candidate, keys)
        _match(open_base, open_candidate, pairs, f"keys {', '.join(keys)}", _by(keys))
    else:
        _match(open_base, open_candidate, pairs, "label", lambda row: row.label)
        for name, columns in _PASSES:
            _match(open_base, open_candidate, pairs, name, _by(columns), similar=columns == _LAUNCH)
    position = {id(row): index for index, row in enumerate(base)}
    pairs += [Pair(row, None, reason=_why_open(row, open_candidate)) for row in open_base]
    pairs.sort(key=lambda pair: position[id(pair.base)])
    return pairs + [Pair(None, row, reason=_why_open(row, open_base)) for row in open_candidate]


def _why_open(row: Row, others: Sequence[Row]) -> str:
    return "ambiguous" if any(other.label == row.label for other in others) else "unmatched"


def _by(columns: Sequence[str]) -> Callable[[Row], object]:
    needed = [column for column in columns if column not in _OPTIONAL] or list(columns)

    def key(row: Row) -> object:
        if any(column not in row.keys for column in needed):
            return None
        return tuple(row.keys.get(column) for column in columns)

    return key


def _match(
    base: list[Row],
    candidate: list[Row],
    pairs: list[Pair],
    name: str,
    key: Callable[[Row], object],
    similar: bool = False,
) -> None:
    """Move every pair that a key makes unique on both sides (and, if asked, of similar name) from the open rows to the pairs."""
    groups: dict[object, tuple[list[Row], list[Row]]] = defaultdict(lambda: ([], []))
    for index, rows in enumerate((base, candidate)):
        for row in rows:
            value = key(row)
            if value is not None and value != "":
                groups[value][index].append(row)
    for mine, theirs in groups.values():
        if len(mine) == 1 and len(theirs) == 1 and (not similar or _similar(mine[0], theirs[0])):
            base.remove(mine[0])
            candidate.remove(theirs[0])
            pairs.append(Pair(mine[0], theirs[0], name, _difference(mine[0], theirs[0])))


def _similar(base: Row, candidate: Row) -> bool:
    names = base.keys.get("function", ""), candidate.keys.get("function", "")
    return SequenceMatcher(None, *names).ratio() >= _SIMILAR


def _difference(base: Row, candidate: Row) -> str:
    if base.label == candidate.label:
        return ""
    names = list(dict.fromkeys([*base.keys, *candidate.keys]))
    changed = [name for name in names if base.keys.get(name) != candidate.keys.get(name) and name != "function"]
    return "; ".join(f"{name}: {base.keys.get(name, 'none')} → {candidate.keys.get(name, 'none')}" for name in changed)


def _require_unique(rows: Sequence[Row], keys: Sequence[str]) -> None:
    seen: dict[object, str] = {}
    for row in rows:
        value = tuple(row.keys.get(key) for key in keys)
        if value in seen:
            raise UsageError(
                f"--key {','.join(keys)} does not tell {seen[value]!r} from {row.label!r}",
                f"add a key that does; keys of this row: {', '.join(row.keys)}",
            )
        seen[value] = row.label


def parse_aliases(texts: Sequence[str]) -> dict[str, dict[str, str]]:
    """Read `KEY=CANDIDATE:BASE` options: what the candidate calls a value and what the base calls the same.

    Raises:
        UsageError: A text has another form.
    """
    aliases: dict[str, dict[str, str]] = defaultdict(dict)
    for text in texts:
        key, equals, values = text.partition("=")
        theirs, colon, ours = values.rpartition(":")
        if not (equals and colon and key and theirs and ours):
            raise UsageError(f"--alias {text!r}: expected KEY=CANDIDATE:BASE", "for example --alias shape=66847x1024:65536x1024")
        aliases[key][theirs] = ours
    return dict(aliases)


def unalias(label: str, aliases: Mapping[str, Mapping[str, str]]) -> str:
    """Return what a candidate calls a label of the base."""
    pairs = decode_label(label)
    for key, values in aliases.items():
        for theirs, ours in values.items():
            if pairs.get(key) == ours:
                pairs[key] = theirs
    return encode_label(pairs)


def apply_aliases(rows: Sequence[Row], aliases: Mapping[str, Mapping[str, str]]) -> None:
    """Give the rows of a candidate the base's names, in place.

    Raises:
        UsageError: Two of its rows would have one name.
    """
    for row in rows:
        pairs = decode_label(row.label)
        for key, values in aliases.items():
            for known in (row.keys, pairs):
                if known.get(key) in values:
                    known[key] = values[known[key]]
        if pairs and aliases:
            row.label = encode_label(pairs)
    named: dict[str, str] = {}
    for row in rows:
        other = named.setdefault(row.label, row.own_label)
        if other != row.own_label:
            raise UsageError(
                f"--alias makes {other!r} and {row.own_label!r} the same row", "name values that stand for one row each"
            )
