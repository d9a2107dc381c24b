"""Vectorised interval and group algorithms against slow ones that are obviously right."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from profiler.metrics.gaps import idle_gaps
from profiler.metrics.gpu_operations import lookup
from profiler.metrics.grouping import group_statistics
from profiler.metrics.intervals import (
    concurrent_pairs,
    covered_before,
    intersection_length,
    last_covering,
    range_minimum,
    total,
    union,
)
from profiler.metrics.range_projection import item_order

spans = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 12)), max_size=25)
ranges = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=20)


def arrays(pairs):
    start = np.array([a for a, _ in pairs], dtype=np.int64)
    return start, start + np.array([b for _, b in pairs], dtype=np.int64)


def points_of(pairs):
    """The unit cells that spans cover."""
    return {t for a, b in pairs for t in range(a, a + b)}


@given(spans)
def test_union_covers_the_same_time(pairs):
    start, end = union(*arrays(pairs))
    covered = points_of(pairs)
    assert total((start, end)) == len(covered)
    assert {t for a, b in zip(start.tolist(), end.tolist(), strict=True) for t in range(a, b)} == covered
    assert (start[1:] > end[:-1]).all()


@given(spans, st.lists(st.integers(-5, 90), max_size=10))
def test_covered_before(pairs, times):
    covered = points_of(pairs)
    expected = [sum(t < time for t in covered) for time in times]
    assert covered_before(union(*arrays(pairs)), np.array(times, dtype=np.int64)).tolist() == expected


@given(spans, spans)
def test_intersection_length(first, second):
    expected = len(points_of(first) & points_of(second))
    assert intersection_length(union(*arrays(first)), union(*arrays(second))) == expected


@given(st.lists(spans, max_size=5))
def test_concurrent_pairs(lanes):
    cells = [points_of(lane) for lane in lanes]
    found = concurrent_pairs([union(*arrays(lane)) for lane in lanes])
    assert found.tolist() == [[len(a & b) for b in cells] for a in cells]


@settings(max_examples=10)
@given(st.lists(spans, min_size=63, max_size=66))
def test_many_lanes_take_the_other_way_to_the_same_result(lanes):
    cells = [points_of(lane) for lane in lanes]
    found = concurrent_pairs([union(*arrays(lane)) for lane in lanes])
    assert found.tolist() == [[len(a & b) for b in cells] for a in cells]


@given(spans)
def test_idle_gaps_are_what_is_left(pairs):
    start, end = arrays(sorted(pairs))
    begin, stop, before, after = idle_gaps(start, end)
    covered = points_of(pairs)
    if len(start):
        idle = {t for t in range(int(start[0]), int(end.max())) if t not in covered}
        # an operation of no length splits a gap in two without taking time from it
        assert {t for a, b in zip(begin.tolist(), stop.tolist(), strict=True) for t in range(a, b)} == idle
    assert end[before].tolist() == begin.tolist() and start[after].tolist() == stop.tolist()


@given(st.lists(st.integers(-50, 50), min_size=1, max_size=40), st.data())
def test_range_minimum(values, data):
    edges = st.integers(0, len(values))
    pairs = data.draw(st.lists(st.tuples(edges, edges).filter(lambda p: p[0] < p[1]), max_size=15))
    low, high = (np.array([pair[i] for pair in pairs], dtype=np.int64) for i in (0, 1))
    found = range_minimum(np.array(values, dtype=np.int64), low, high)
    assert found.tolist() == [min(values[a:b]) for a, b in pairs]


@given(ranges, st.integers(1, 30))
def test_last_covering(pairs, positions):
    bounds = [(min(a, b, positions), min(max(a, b), positions)) for a, b in pairs]
    low, high = (np.array([bound[i] for bound in bounds], dtype=np.int64) for i in (0, 1))
    expected = [max((i for i, (a, b) in enumerate(bounds) if a <= p < b), default=-1) for p in range(positions)]
    assert last_covering(low, high, positions).tolist() == expected


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 5), st.integers(0, 2)), max_size=25), ranges, st.integers(0, 2))
def test_items_inside_a_range(raw, outer, lane):
    # calls of one thread follow each other: shift each behind the one before
    calls, last = [], {}
    for start, length, key in sorted(raw):
        begin = max(start, last.get(key, 0))
        last[key] = begin + length
        calls.append((begin, begin + length, key))
    start, end, key = (np.array([call[i] for call in calls], dtype=np.int64) for i in range(3))
    ordered = item_order(start, end, key, np.arange(len(calls)))
    begin, stop = (np.array([part(pair) for pair in outer], dtype=np.int64) for part in (min, max))
    low, high = ordered.inside(begin, stop, np.full(len(outer), lane))
    for i, pair in enumerate(outer):
        expected = {j for j, (a, b, k) in enumerate(calls) if k == lane and a >= min(pair) and b <= max(pair)}
        assert set(ordered.order[low[i] : high[i]].tolist()) == expected


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(-(10**6), 10**12)), max_size=60))
def test_group_statistics_equal_numpy(pairs):
    codes = np.array([a for a, _ in pairs], dtype=np.int32)
    values = np.array([b for _, b in pairs], dtype=np.int64)
    stats = group_statistics(codes, values, 5)
    for group in range(5):
        mine = values[codes == group]
        assert stats.count[group] == len(mine) and stats.total[group] == mine.sum()
        if not len(mine):
            assert np.isnan([stats.mean[group], stats.median[group], stats.stddev[group]]).all()
            continue
        assert (stats.min[group], stats.max[group]) == (mine.min(), mine.max())
        found = [stats.mean[group], stats.median[group], stats.p05[group], stats.p95[group]]
        expected = [mine.mean(), np.median(mine), np.percentile(mine, 5), np.percentile(mine, 95)]
        assert found == pytest.approx(expected, rel=1e-12, abs=1e-6)
        deviation = np.std(mine, ddof=1) if len(mine) > 1 else np.nan
        assert stats.stddev[group] == pytest.approx(deviation, rel=1e-9, abs=1e-6, nan_ok=True)


def test_values_too_wide_for_one_key_are_sorted_the_other_way():
    values = np.array([2**62, 0, 2**61, 5, 2**62 + 1], dtype=np.int64)
    stats = group_statistics(np.array([0, 1, 0, 1, 0]), values, 2)
    assert stats.max.tolist() == [2**62 + 1, 5] and stats.min.tolist() == [2**61, 0]


@given(st.lists(st.integers(0, 20), max_size=20), st.lists(st.integers(-3, 25), max_size=20), st.booleans())
def test_lookup_takes_the_first_row_of_a_key(keys, wanted, sparse):
    factor = 10**9 if sparse else 1
    spread = np.array(keys, dtype=np.int64) * factor
    found = lookup(spread, np.arange(len(keys), dtype=np.int32), np.array(wanted, dtype=np.int64) * factor)
    assert found.tolist() == [keys.index(key) if key in keys else -1 for key in wanted]
