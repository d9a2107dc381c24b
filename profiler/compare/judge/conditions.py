"""Were both sides measured under the same conditions? Every difference is listed; some void the comparison."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from profiler.errors import UsageError, nearest

if TYPE_CHECKING:
    from profiler.compare.rows.alignment import Pair
    from profiler.metrics.recording import Recording


@dataclass(frozen=True)
class Condition:
    """Something that shapes a measurement.

    Attributes:
        name: Name of the fact, for `--allow`.
        title: Name for people.
        voids: A difference makes times incomparable.
        paths: Where it stands in a recording's facts: dotted keys, the first that is there counts.
        why: What a difference does.
    """

    name: str
    title: str
    voids: bool
    paths: tuple[str, ...]
    why: str


FACTS = (
    Condition("gpu", "GPU model", True, ("device.name", "gpus.name"), "another GPU is another machine"),
    Condition(
        "gpu_uuid",
        "GPU",
        False,
        ("device.uuid", "gpus.uuid"),
        "two boards of one model differ by a percent or more: intervals are widened",
    ),
    Condition("source", "source of times", True, ("source",), "tools measure different spans"),
    Condition("tool_version", "tool version", False, ("tool_version",), "another version may add another overhead"),
    Condition("tool_options", "tool options", False, ("graph_trace", "tool_options"), "another option may add another overhead"),
    Condition("driver", "driver", False, ("driver", "versions.driver"), "the driver schedules the work"),
    Condition("cuda", "CUDA", False, ("versions.cuda_runtime", "cuda_driver"), "another compiler or runtime may make other code"),
    Condition("tensorrt", "TensorRT", True, ("versions.tensorrt", "packages.tensorrt"), "another TensorRT chooses other kernels"),
    Condition("sm_clock", "SM clock limit", True, ("device.sm_clock_hz", "gpus.sm_clock_max_hz"), "time follows the clock"),
    Condition(
        "memory_clock", "memory clock", True, ("device.memory_clock_hz", "gpus.memory_clock_max_hz"), "time follows the clock"
    ),
    Condition("program", "program", False, ("program",), "two drivers have different overheads"),
    Condition("engine", "engine", True, ("engine",), "engines add different work around the kernel"),
    Condition("engine_digest", "TensorRT engine", False, ("digests.engine",), "tactics may differ: compare the layers"),
    Condition("timing_cache", "TensorRT timing cache", False, ("digests.timing_cache",), "a rebuilt engine may take other tactics"),
)

CONDITION_TITLES = {
    "cache": "cold or warm cache",
    "cold_method": "how the cache was made cold",
    "launch_mode": "plain or graph launches",
    "measure": "isolated or overlapping iterations",
    "clock": "clock that timed it",
    "streams": "streams",
    "threads": "threads",
    "engine": "engine",
    "bytes_per_iteration": "bytes that an iteration must move",
    "launches": "launches of the kernel",
}


@dataclass(frozen=True)
class Difference:
    """One fact in which the sides differ.

    Attributes:
        candidate: Name of the candidate side.
        fact: Name of the fact.
        title: Name for people.
        base_value: Value on the base; empty when unknown.
        candidate_value: Value on the candidate; empty when unknown.
        voids: It voids the comparison.
        why: What it does.
    """

    candidate: str
    fact: str
    title: str
    base_value: str
    candidate_value: str
    voids: bool
    why: str


def check_allowed(names: Sequence[str]) -> frozenset[str]:
    """Return the facts that may differ.

    Raises:
        UsageError: A name is no fact and no condition.
    """
    known = {fact.name for fact in FACTS} | set(CONDITION_TITLES)
    for name in names:
        if name not in known:
            raise UsageError(f"--allow {name}: no such condition", nearest(name, known))
    return frozenset(names)


def flatten(record: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Return a nested record as dotted keys and text, without empty values."""
    flat: dict[str, str] = {}
    for key, value in record.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            flat |= flatten(value, f"{name}.")
        elif isinstance(value, (list, tuple)):
            if value and isinstance(value[0], Mapping):
                flat |= flatten(value[0], f"{name}.")
            elif value:
                flat[name] = " ".join(map(str, value))
        elif value is not None and value == value and str(value) not in ("", "<NA>"):
            flat[name] = str(value)
    return flat


def recording_facts(recording: Recording, tool: str | None, source: str) -> dict[str, str]:
    """Collect what a recording says of its conditions.

    Args:
        recording: A loaded recording.
        tool: Tool whose capture gives the times.
        source: Name of the source of times.
    """
    records: list[Mapping[str, Any]] = []
    if recording.manifest is not None:
        records.append(recording.manifest.environment)
        options = recording.manifest.options
        records.append({"tool_options": options.get("tool_options", "")} if isinstance(options, Mapping) else {})
    for name in (*(other for other in recording.tools if other != tool), *([tool] if tool else [])):
        info = dict(recording.info(name))
        if name != tool:
            info.pop("tool_version", None)
        records.append(info)
        if recording.has("devices", name):
            records.append({"device": recording.table("devices", name).to_dict("records")[:1]})
    facts: dict[str, str] = {}
    for record in records:
        facts |= flatten(record)
    return {**facts, "source": source}


def fact_value(facts: Mapping[str, str], fact: Condition) -> str:
    """Return a fact's value, empty when unknown."""
    return next((facts[path] for path in fact.paths if facts.get(path)), "")


def board(facts: Mapping[str, str]) -> tuple[str, str]:
    """Return product name and UUID of the GPU; empty when unknown."""
    return fact_value(facts, FACTS[0]), fact_value(facts, FACTS[1])


def compare_facts(
    base: Mapping[str, str], candidate: Mapping[str, str], name: str, allowed: frozenset[str] = frozenset()
) -> list[Difference]:
    """Return every fact in which two sides differ; what one side does not know is no difference that voids.

    Args:
        base: Facts of the base.
        candidate: Facts of the candidate.
        name: Name of the candidate.
        allowed: Facts that may differ without voiding the comparison.
    """
    differences = []
    for fact in FACTS:
        ours, theirs = fact_value(base, fact), fact_value(candidate, fact)
        if ours == theirs or not (ours or theirs):
            continue
        voids = fact.voids and bool(ours and theirs) and fact.name not in allowed
        differences.append(Difference(name, fact.name, fact.title, ours, theirs, voids, fact.why))
    return differences


_LISTED = (
    ("engine_digest", "TensorRT engine", "tactics may differ: compare the layers"),
    ("layers", "layers of the TensorRT engine", "other layers or formats do other work"),
)


def listed_differences(name: str, pairs: Sequence[Pair]) -> list[Difference]:
    """Return the properties of points, as their engine's layers, in which rows of the two sides differ; none of them voids.

    Args:
        name: Name of the candidate.
        pairs: Matched rows.
    """
    both = [(pair.base, pair.candidate) for pair in pairs if pair.base is not None and pair.candidate is not None]
    found = []
    for fact, title, why in _LISTED:
        unlike = [
            (ours, theirs)
            for ours, theirs in both
            if fact in ours.listed and fact in theirs.listed and ours.listed[fact] != theirs.listed[fact]
        ]
        if unlike:
            ours, theirs = unlike[0]
            more = f" and {len(unlike) - 1} more rows" if len(unlike) > 1 else ""
            base = _first_difference(ours.listed[fact], theirs.listed[fact])
            candidate = _first_difference(theirs.listed[fact], ours.listed[fact])
            found.append(Difference(name, fact, f"{title} of {ours.label}{more}", base, candidate, False, why))
    return found


def _first_difference(text: str, other: str) -> str:
    """Return the first layer that another list of layers does not hold at the same place; a digest as it is."""
    if not text.startswith("["):
        return text
    own, theirs = json.loads(text), json.loads(other) if other.startswith("[") else []
    position = next((index for index, layer in enumerate(own) if layer not in theirs[index : index + 1]), None)
    count = f"{len(own)} layers"
    if position is None:
        return count
    layer = own[position]
    shown = {key: layer[key] for key in ("name", "type", "formats") if key in layer} if isinstance(layer, dict) else layer
    return f"{count}, the first that differs: {json.dumps(shown, ensure_ascii=False)}"


def replicate_differences(
    facts: Sequence[Mapping[str, str]], names: Sequence[str], side: str, allowed: frozenset[str] = frozenset()
) -> list[Difference]:
    """Return the facts in which the processes of one side differ from its first, each with the first that does.

    Args:
        facts: Facts of each process's recording.
        names: Their names for people.
        side: Name of the side.
        allowed: Facts that may differ without voiding the comparison.
    """
    found: dict[str, Difference] = {}
    for own, name in zip(facts[1:], names[1:], strict=True):
        for item in compare_facts(facts[0], own, side, allowed):
            if item.fact not in found or (item.voids and not found[item.fact].voids):
                found[item.fact] = replace(item, title=f"{item.title} within {side} ({names[0]} and {name})")
    return list(found.values())


def mixed_conditions(mixed: Mapping[str, tuple[str, str]], allowed: frozenset[str] = frozenset()) -> str:
    """Return in what the processes of one side of a row differ, in words; empty when in nothing that matters."""
    parts = [
        f"{CONDITION_TITLES.get(name, name)}: {one} and {other}" for name, (one, other) in mixed.items() if name not in allowed
    ]
    return "; ".join(parts)


DECISIVE = ("cache", "clock", "launches")
"""Conditions that change times, or the work, by half and more: what only one side knows of them is a difference too."""


def compare_conditions(base: Mapping[str, str], candidate: Mapping[str, str], allowed: frozenset[str] = frozenset()) -> str:
    """Return what makes two rows incomparable, in words; empty when nothing does."""
    parts = [
        f"{CONDITION_TITLES[name]}: {base.get(name, 'unknown')} and {candidate.get(name, 'unknown')}"
        for name in DECISIVE
        if (name in base) != (name in candidate) and name not in allowed
    ]
    parts += [
        f"{CONDITION_TITLES.get(name, name)}: {base[name]} and {candidate[name]}"
        for name in base
        if name in candidate and base[name] != candidate[name] and name not in allowed
    ]
    return "; ".join(parts)
