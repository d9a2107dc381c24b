"""What stands beside CUDA in an export is shown, and ranges that carry serial numbers are one kind of range."""

from __future__ import annotations

from profiler.metrics.recording import load


def test_mpi_openacc_and_gpu_metrics_are_told(case, rows):
    path = case(
        "join/day1.sqlite",
        "CREATE TABLE MPI_COLLECTIVES_EVENTS (start INTEGER, end INTEGER, textId INTEGER)",
        "CREATE TABLE CUPTI_ACTIVITY_KIND_OPENACC_LAUNCH (start INTEGER, end INTEGER, nameId INTEGER)",
        "CREATE TABLE GPU_METRICS (timestamp INTEGER, metricId INTEGER, value INTEGER)",
        "CREATE TABLE TARGET_INFO_GPU_METRICS (metricId INTEGER, metricName TEXT)",
        "DROP TABLE IF EXISTS NCCL_EVENTS",
        "CREATE TABLE NCCL_EVENTS (something TEXT)",
        "INSERT INTO NCCL_EVENTS VALUES ('x')",
        "INSERT INTO StringIds VALUES (990, 'MPI_Allreduce'), (991, 'MPI_Barrier'), (992, 'acc_compute_construct')",
        "INSERT INTO MPI_COLLECTIVES_EVENTS VALUES (0, 5000, 990), (9000, 12000, 990), (0, 1000, 991)",
        "INSERT INTO CUPTI_ACTIVITY_KIND_OPENACC_LAUNCH VALUES (0, 700, 992)",
        "INSERT INTO TARGET_INFO_GPU_METRICS VALUES (1, 'SM Active [Throughput %]')",
        "INSERT INTO GPU_METRICS VALUES (0, 1, 40), (1, 1, 60)",
    )
    found = "\n".join(row["text"] for row in rows(path, "messages"))
    assert (
        "MPI: 3 rows of MPI_COLLECTIVES_EVENTS, 9 µs in all; first MPI_Allreduce 2 times, 8 µs, MPI_Barrier 1 times, 1 µs" in found
    )
    assert "OpenACC: 1 rows" in found and "acc_compute_construct" in found
    assert "GPU metrics: 2 samples; means: SM Active [Throughput %] 50" in found
    assert "NCCL: 1 rows of NCCL_EVENTS" in found


def named(case, *names):
    """Return an export whose ranges of the program itself have these names."""
    values = ", ".join(
        f"({100 + 10 * place}, {105 + 10 * place}, 59, '{name}', {(1 << 48) | (100 << 24) | 100}, 0)"
        for place, name in enumerate(names)
    )
    statement = f"INSERT INTO NVTX_EVENTS (start, end, eventType, text, globalTid, domainId) VALUES {values}"
    return case("join/day1.sqlite", statement)


def test_serial_numbers_are_grouped_and_the_names_kept(case, rows):
    names = [f"step {number}" for number in range(30)] + [f"aten::mul, op_id = {number}" for number in range(7, 12)]
    path = named(case, *names)
    counts = {row["range"]: row["count"] for row in rows(path, "nvtx")}
    assert (counts["step #"], counts["aten::mul, op_id = #"]) == (30, 5)
    assert set(names) <= set(load(path).table("nvtx_ranges")["name"])


def test_numbers_that_come_again_are_names(case, rows):
    path = named(case, *(f"layer {number}" for _ in range(3) for number in range(5)))
    counts = {row["range"]: row["count"] for row in rows(path, "nvtx")}
    assert {name: counts.get(name) for name in ("layer 0", "layer 4", "layer #")} == {"layer 0": 3, "layer 4": 3, "layer #": None}


def test_few_names_and_points_stay_as_they_are(case, rows):
    found = {row["range"] for row in rows(named(case, "phase 1", "phase 2"), "nvtx")}
    assert {"phase 1", "phase 2", "point op=g block=64", "iteration"} <= found
