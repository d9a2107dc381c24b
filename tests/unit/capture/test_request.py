"""Requests are checked once, and survive the manifest."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from profiler.capture.request import CaptureRequest, NcuOptions, NsysOptions, SweepOptions
from profiler.capture.sweep import expand
from profiler.capture.target import NCU_SAMPLES
from profiler.capture.tool_pass import own_request
from profiler.errors import UsageError
from profiler.runner.settings import MeasureSettings
from profiler.tools.cupti.record import CuptiRecorder

SWEEP = SweepOptions(tuple(expand("swish", ["8x8"], ["fp16"], [], ["block=64,128"])))


@pytest.mark.parametrize(
    "build",
    [
        lambda: CaptureRequest(),
        lambda: CaptureRequest(command=("true",), sweep=SWEEP),
        lambda: CaptureRequest(tools=("nsyss",), sweep=SWEEP),
        lambda: CaptureRequest(tools=(), sweep=SWEEP),
        lambda: CaptureRequest(tools=("nsys", "nsys"), sweep=SWEEP),
        lambda: CaptureRequest(tools=("auto", "nsys"), sweep=SWEEP),
        lambda: CaptureRequest(command=("true",), timeout_s=0),
        lambda: NsysOptions(trace=()),
        lambda: NsysOptions(trace=("cudaa",)),
        lambda: NsysOptions(cuda_graph_trace="kernel"),
        lambda: NsysOptions(capture_range="a b@c d"),
        lambda: NsysOptions(capture_range="@domain"),
        lambda: NsysOptions(capture_range_end="later"),
        lambda: NcuOptions(clock_control="boost"),
        lambda: NcuOptions(set="full", metrics=("a",)),
        lambda: NcuOptions(kernel="("),
        lambda: NcuOptions(launch_count=-1),
        lambda: NcuOptions(cache_control="some"),
        lambda: SweepOptions(()),
        lambda: SweepOptions(SWEEP.points, driver="rust"),
        lambda: SweepOptions(SWEEP.points, point_timeout_s=0),
        lambda: MeasureSettings(min_samples=5, max_samples=4),
        lambda: MeasureSettings(cache="lukewarm"),
        lambda: MeasureSettings(launch_mode="graphs"),
        lambda: MeasureSettings(streams=0),
        lambda: MeasureSettings(max_seconds=0),
        lambda: MeasureSettings(warmup=-1),
        lambda: MeasureSettings(precision=-1),
        lambda: MeasureSettings.from_dict({"warmups": 3}),
    ],
)
def test_bad_options_are_refused_with_a_hint(build):
    with pytest.raises(UsageError) as caught:
        build()
    assert caught.value.hint


@pytest.mark.parametrize("text", ["none", "cudaProfilerApi", "iteration@profiler", "point a=1 b=2@profiler", "range", "r@*"])
def test_capture_ranges(text):
    assert NsysOptions(capture_range=text).capture_range == text


@pytest.mark.parametrize(
    "request_",
    [
        CaptureRequest(command=("python", "x.py", "a b"), label="mine", environment={"A": "1"}, timeout_s=3),
        CaptureRequest(
            tools=("nsys", "ncu"), sweep=SWEEP, nsys=NsysOptions(trace=("nvtx",), keep_report=True),
            ncu=NcuOptions(metrics=("sm__cycles_elapsed.avg",), launch_count=3),
        ),
    ],
)  # fmt: skip
def test_a_request_survives_json(request_):
    assert CaptureRequest.from_dict(json.loads(json.dumps(request_.to_dict()))) == request_


def test_options_of_another_version_are_refused():
    with pytest.raises(UsageError, match="cannot be read"):
        CaptureRequest.from_dict({"tools": ["nsys"]})


@pytest.mark.parametrize("tool", ["nsys", "ncu", "cupti", "builtin"])
def test_every_tool_gets_the_command_of_a_sweep(tool):
    own = own_request(
        CaptureRequest(tools=(tool,), sweep=replace(SWEEP, driver="python", engine="direct")), tool, Path("raw") / tool, 1
    )
    text = " ".join(own.command)
    assert f"--points raw/{tool}/points.json --json raw/{tool}/result.json --journal raw/{tool}/points.jsonl" in text
    assert ("--recorder cupti --records raw/cupti" in text) is (tool == "cupti")
    assert ("--ranges" in text) is (tool == "builtin")
    assert ("--untimed" in text and f"--max-samples {NCU_SAMPLES} " in text) is (tool == "ncu")
    assert own.ncu.nvtx_include == (("profiler@iteration/",) if tool == "ncu" else ())
    assert "cuda" in own.nsys.trace


def test_the_embedded_recorder_refuses_a_command_of_the_users_own():
    with pytest.raises(UsageError, match="Python runner only"):
        CuptiRecorder().plan(CaptureRequest(tools=("cupti",), command=("true",)), Path("raw/cupti"), "capture")
