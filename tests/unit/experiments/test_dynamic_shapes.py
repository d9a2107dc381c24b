from __future__ import annotations

import pytest

from profiler.experiments import dynamic_shapes


def failed(evidence, document) -> list[str]:
    return [check.name for check in dynamic_shapes.evaluate(evidence({"batches": document})).failed]


def test_recorded_batches_pass(result, evidence) -> None:
    outcome = dynamic_shapes.evaluate(evidence({"batches": result("batches")}))
    assert [check.passed for check in outcome.checks] == [True, True, True]
    assert [row["shape"] for row in outcome.rows] == ["1x1024", "8x1024", "32x1024", "33x1024"]
    assert "optimisation profile" in outcome.rows[-1]["reason"]
    assert outcome.rows[-1]["device_median_ns"] is None


@pytest.mark.parametrize(
    ("point", "change", "name"),
    [
        (1, {"engine_digest": "sha256:0"}, "one engine"),
        (3, {"status": "ok"}, "is refused"),
        (3, {"reason": "out of memory"}, "is refused"),
        (2, {"status": "failed", "reason": "crash"}, "right output"),
    ],
)
def test_what_is_wrong_fails(result, evidence, point: int, change: dict, name: str) -> None:
    document = result("batches")
    document["points"][point] |= change
    assert [name in check for check in failed(evidence, document)] == [True]
