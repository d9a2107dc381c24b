"""What the rules say of a program, and what they leave unsaid of its clean twin."""

from __future__ import annotations

import pytest
import traces

from profiler.findings import evaluate_rows
from profiler.metrics.recording import load


@pytest.fixture
def told(tmp_path):
    def judge(**tables):
        rows = evaluate_rows(load(traces.write_trace(tmp_path / "trace.sqlite", gpus=[{}], **tables)))
        return {row["rule"]: row for row in rows if row["severity"] != "not_evaluated"}

    return judge


def calls(starts, length):
    return [(start, start + length, {"correlationId": number + 1}) for number, start in enumerate(starts)]


def kernels(starts, length):
    return [(start, start + length, {"correlationId": number + 1}) for number, start in enumerate(starts)]


ITERATIONS = [
    traces.DOMAIN,
    (5000, 20_000, {"domainId": 1, "text": "point op=x shape=8x8 dtype=fp32"}),
    *((5100 + 1000 * i, 5900 + 1000 * i, {"domainId": 1, "textId": 4}) for i in range(10)),
]


def test_a_launch_binds_only_a_gpu_that_waits_for_it(told):
    starts = range(0, 4000 * 50, 4000)
    waiting = told(calls=calls(starts, 3500), kernels=kernels([start + 3600 for start in starts], 300))
    assert "the GPU waited for 50 of them" in waiting["launch_bound"]["evidence"]
    # a full queue: each call returns long before the kernel's turn, though it takes longer than the kernel
    full = told(calls=calls(starts, 3500), kernels=kernels(range(10**6, 10**6 + 300 * 50, 300), 300))
    assert "launch_bound" not in full


def test_set_up_is_no_idle_time_and_no_missed_overlap(told):
    starts = [5200 + 1000 * i for i in range(10)]
    launches = calls(starts, 50)
    copies = [(0, 900, {"correlationId": 99, "bytes": 1 << 22, "srcKind": 1}), (90_000, 99_000, {"bytes": 1 << 22, "srcKind": 1})]
    marked = told(ranges=ITERATIONS, calls=launches, kernels=kernels([start + 100 for start in starts], 600), memcpys=copies)
    assert not set(marked) & {"idle_gpu", "no_copy_overlap", "launch_bound"}
    plain = told(calls=launches, kernels=kernels(starts, 990), memcpys=copies)
    assert not set(plain) & {"idle_gpu", "no_copy_overlap", "launch_bound"}


def test_copies_between_the_kernels_of_an_unmarked_program_could_overlap(told):
    starts = range(0, 20_000, 1000)
    copies = [(start + 500, start + 900, {"bytes": 1 << 22, "srcKind": 1}) for start in starts]
    assert "both at once 0 ns" in told(kernels=kernels(starts, 450), memcpys=copies)["no_copy_overlap"]["evidence"]
