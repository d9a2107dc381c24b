"""What an iteration takes on the GPU, of random traces against a count of unit cells, and of overlapping ones by hand."""

import statistics
from itertools import pairwise

import pytest
import traces
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import profiler
from profiler.compare.judge.captures import compare_targets
from profiler.compare.ranking import rank_recordings
from profiler.compare.winners import winners as winners_of
from profiler.report.view import View

LATE = 100_000
OWN, OTHER, LOST = "own thread", "other thread", "no record"
operation = st.tuples(
    st.sampled_from(["kernels", "memcpys", "memsets"]), st.integers(0, 30), st.integers(1, 15), st.integers(0, 2),
    st.sampled_from([OWN] * 8 + [OTHER, LOST]),
)  # fmt: skip
iteration = st.tuples(st.lists(operation, max_size=5), st.integers(-20, 20))


def trace_of(path, points):
    """Write points: label to iterations, each the operations (kind, start, end, device and stream, how) that it launched."""
    tables = {"kernels": [], "memcpys": [], "memsets": [], "calls": [], "ranges": [traces.DOMAIN]}
    now, correlation = 0, 0
    for label, iterations in points.items():
        begin = now
        for operations in iterations:
            opened, now = now + 1, now + 1
            for kind, start, end, lane, how in operations:
                correlation, now = correlation + 1, now + 10
                place = {"correlationId": correlation, "deviceId": lane % 2, "streamId": 7 + lane}
                thread = traces.OTHER_THREAD if how == OTHER else traces.THREAD
                tables["calls"].append((now, now + 5, {"correlationId": correlation, "globalTid": thread}))
                if how != LOST:
                    tables[kind].append((start, end, place))
            now += 10
            tables["ranges"].append((opened, now, {"domainId": 1, "textId": 4}))
            now += 1
        tables["ranges"].append((begin, now, {"domainId": 1, "text": f"point {label}"}))
        now += 1
    return profiler.load(traces.write_trace(path, **tables))


def placed(iterations):
    """Give every iteration's operations their time, the next one's some time after (or before) the end of this one's."""
    now, found = LATE, []
    for operations, gap in iterations:
        found.append([(kind, now + start, now + start + length, lane, how) for kind, start, length, lane, how in operations])
        now += max([start + length for _, start, length, *_ in operations], default=0) + gap
    return found


def median(values):
    return statistics.median(values) if values else None


def counted(iterations):
    """Return what placed iterations took, by counting unit cells: lists of each quantity, of what is recorded as a whole."""
    lost = [any(how == LOST for *_, how in own) for own in iterations]
    recorded = [[item for item in own if item[4] != LOST] for own in iterations]
    placed_at = [
        (min(start for _, start, *_ in own), max(end for _, _, end, *_ in own), own, number)
        for number, own in enumerate(recorded)
        if own
    ]
    placed_at.sort(key=lambda item: item[0])
    working = [item for item in placed_at if not lost[item[3]]]
    kernels = [[end - start for kind, start, end, *_ in own if kind == "kernels"] for _, _, own, _ in working]
    pairs = [(a, b) for a, b in pairwise(placed_at) if not any(lost[min(a[3], b[3]) : max(a[3], b[3]) + 1])]
    return {
        "spans": [end - start for start, end, *_ in working],
        "busy": [len({cell for _, start, end, *_ in own for cell in range(start, end)}) for _, _, own, _ in working],
        "kernels": [sum(lengths) for lengths in kernels if lengths],
        "periods": [after[0] - before[0] for before, after in pairs],
        "by_period": sum(after[0] < before[1] for before, after in pairs) > len(pairs) / 2,
        # a capture without any GPU work lost none of it: it did not record GPUs, which is told as such
        "lost": sum(lost) if any(recorded) else 0,
    }


@settings(max_examples=12)
@given(st.lists(iteration, min_size=1, max_size=6))
def test_quantities_of_random_iterations(tmp_path_factory, drawn):
    iterations = placed(drawn)
    recording = trace_of(tmp_path_factory.mktemp("t") / "t.sqlite", {"op=a": iterations})
    (row,) = recording.metric_columns("point_summary").to_records()
    found = counted(iterations)
    assert (row["span_ns"], row["busy_ns"]) == (median(found["spans"]), median(found["busy"]))
    assert row["gap_ns"] == median([span - own for span, own in zip(found["spans"], found["busy"], strict=True)])
    assert row["lost_iterations"] == found["lost"]
    assert ("assigned by time" in (row["note"] or "")) == any(how == OTHER for own in iterations for *_, how in own)
    assert (row["kernel_time_ns"], row["period_ns"]) == (median(found["kernels"]), median(found["periods"]))
    if found["spans"]:
        assert row["timed_by"] == ("period" if found["by_period"] else "span")
        assert row["nsys_median_ns"] == median(found["periods" if found["by_period"] else "spans"])


@settings(max_examples=12)
@given(st.lists(st.lists(iteration, min_size=1, max_size=6), min_size=2, max_size=3))
def test_best_and_page_name_the_winner_of_random_points(tmp_path_factory, drawn):
    """Points that run one after the other; where the iterations of any overlap, the periods of all are compared."""
    points = {}
    for number, own in enumerate(drawn):
        later = 10_000 * number
        points[f"op=a variant=v{number}"] = [
            [(kind, start + later, end + later, lane, how) for kind, start, end, lane, how in operations]
            for operations in placed(own)
        ]
    view = View([trace_of(tmp_path_factory.mktemp("t") / "t.sqlite", points)])
    timed = {label: found for label, own in points.items() if (found := counted(own))["spans"]}
    if not timed:
        assert not winners_of(view.rankings[0])
        return
    quantity = "periods" if any(found["by_period"] for found in timed.values()) else "spans"
    times = {label: median(found[quantity]) for label, found in timed.items()}
    assume(None not in times.values())
    ranking = rank_recordings(view.recordings)
    ranked = ranking[ranking["place"].notna()]
    assert dict(zip(ranked["row"], ranked["median_ns"], strict=True)) == times
    best = ranked.iloc[0]
    assert best["place"] == 1 and best["median_ns"] == min(times.values())
    (winner,) = winners_of(view.rankings[0])
    assert (winner.label, winner.median_ns, winner.rivals) == (best["row"], best["median_ns"], len(times))
    kernels = {label: median(found["kernels"]) for label, found in timed.items() if found["kernels"]}
    sooner = best["row"] in kernels and min(kernels.values()) * 1.01 < kernels[best["row"]]
    assert ("by kernel time alone" in best["note"]) == sooner


def steady(count, length, period):
    """Iterations of one kernel each, on two streams in turn."""
    return [[("kernels", LATE + i * period, LATE + i * period + length, i % 2, OWN)] for i in range(count)]


def test_rows_that_are_judged_together_are_timed_by_one_quantity(tmp_path):
    points = {"op=a variant=alone": steady(20, 100, 130), "op=a variant=double": steady(20, 200, 110)}
    found = rank_recordings([trace_of(tmp_path / "t.sqlite", points)], runs=tmp_path)
    assert found["row"].tolist() == ["op=a variant=double", "op=a variant=alone"]
    assert found["median_ns"].tolist() == [110.0, 130.0]
    assert found["note"].tolist()[0].startswith("iterations overlap on the GPU: their period")
    paths = []
    for name, iterations in zip("ab", points.values(), strict=True):
        trace_of(tmp_path / f"{name}.sqlite", {"op=a": iterations})
        paths.append(str(tmp_path / f"{name}.sqlite"))
    (row,) = compare_targets(paths[0], paths[1:], runs=tmp_path).rows.to_dict("records")
    assert (row["base_median_ns"], row["candidate_median_ns"], row["verdict"]) == (130.0, 110.0, "faster")
    assert "periods are compared" in row["detail"] and "kernel time alone changed by +100.00 %" in row["detail"]


def threads_of(path, starts, length, process=lambda lane: traces.PROCESS):
    """Write a point that threads open at once: starts of each thread's iterations, each one kernel on a stream of its own."""
    tables = {"kernels": [], "calls": [], "ranges": [traces.DOMAIN]}
    for lane, own in enumerate(starts):
        place = {"globalTid": process(lane) | (77 + lane)}
        for number, start in enumerate(own):
            call, correlation = 20 * number + 7 * lane, 1000 * lane + number + 1
            tables["calls"].append((call + 2, call + 5, {**place, "correlationId": correlation}))
            tables["ranges"].append((call + 1, call + 6, {**place, "domainId": 1, "textId": 4}))
            belongs = {"streamId": 7 + lane, "globalPid": place["globalTid"] & ~0xFFFFFF}
            tables["kernels"].append((start, start + length, {**belongs, "correlationId": correlation}))
        tables["ranges"].append((lane, 20 * len(own) + 50, {**place, "domainId": 1, "text": "point op=a"}))
    return profiler.load(traces.write_trace(path, **tables))


@settings(max_examples=12)
@given(st.lists(st.lists(st.integers(100, 130), min_size=2, max_size=8), min_size=1, max_size=3), st.integers(10, 200))
def test_iterations_of_threads_that_share_a_point_overlap_each_other(tmp_path_factory, steps, length):
    starts = [[LATE + 31 * lane + sum(own[:n]) for n in range(len(own))] for lane, own in enumerate(steps)]
    (row,) = threads_of(tmp_path_factory.mktemp("t") / "t.sqlite", starts, length).metric_columns("point_summary").to_records()
    ordered = sorted(start for own in starts for start in own)
    periods = [after - before for before, after in pairwise(ordered)]
    overlap = sum(period < length for period in periods) > len(periods) / 2
    assert (row["timed_by"], row["period_ns"]) == ("period" if overlap else "span", median(periods))
    assert row["nsys_median_ns"] == (median(periods) if overlap else length)


def test_processes_that_measure_the_same_point_do_not_overlap_each_other(tmp_path):
    starts = [[LATE + 110 * lane + 220 * number for number in range(9)] for lane in (0, 1)]
    recording = threads_of(tmp_path / "t.sqlite", starts, 200, process=lambda lane: (1 << 48) | (77 + lane) << 24)
    (row,) = recording.metric_columns("point_summary").to_records()
    assert (row["timed_by"], row["nsys_median_ns"], row["period_ns"]) == ("span", 200, 220)


@pytest.mark.parametrize(("by", "winners"), [((), ["op=a k=1"]), (("op", "k"), ["op=a k=1", "op=a k=2"])])
def test_what_the_same_work_is_can_be_said(tmp_path, by, winners):
    points = {"op=a k=1": steady(20, 100, 130), "op=a k=2": steady(20, 120, 140)}
    found = rank_recordings([trace_of(tmp_path / "t.sqlite", points)], runs=tmp_path, by=by)
    assert found[found["place"] == 1]["row"].tolist() == winners
    assert [(winner.label, winner.rivals) for winner in winners_of(found)] == [(label, 3 - len(winners)) for label in winners]


def test_the_same_work_as_said_may_have_several_shapes(tmp_path):
    points = {f"op=a shape={n} k=1": steady(20, 100 * n, 100 * n + 30) for n in (2, 1)}
    found = rank_recordings([trace_of(tmp_path / "t.sqlite", points)], runs=tmp_path, by=("op", "k"))
    (winner,) = winners_of(found)
    assert (winner.label, winner.rivals, winner.slowest_ratio, winner.work) == ("op=a shape=1 k=1", 2, 2.0, "a k=1")
