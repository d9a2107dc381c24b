"""Requests are checked once, and survive the manifest."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from profiler.capture.request import CaptureRequest, NcuOptions, NsysOptions, SweepOptions
from profiler.capture.sweep import expand
from profiler.capture.target import NCU_SAMPLES, pass_request
from profiler.errors import UsageError
from profiler.jobs.sweep import sweep_step
from profiler.runner.request import read_request
from profiler.runner.settings import MeasureSettings
from profiler.tools.cupti.record import CuptiRecorder

EXAMPLES = Path(__file__).parents[3] / "runs" / "examples"
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
        lambda: MeasureSettings(warmup=-1),
        lambda: MeasureSettings(precision=-1),
        lambda: MeasureSettings(warmups=3),
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
            tools=("nsys", "ncu"),
            sweep=SWEEP,
            nsys=NsysOptions(trace=("nvtx",), keep_report=True),
            ncu=NcuOptions(metrics=("sm__cycles_elapsed.avg",), launch_count=3),
        ),
    ],
)
def test_a_request_survives_json(request_):
    assert CaptureRequest.from_dict(json.loads(json.dumps(request_.to_dict()))) == request_


def test_options_of_another_version_are_refused():
    with pytest.raises(UsageError, match="cannot be read"):
        CaptureRequest.from_dict({"tools": ["nsys"]})


@pytest.mark.parametrize("tool", ["nsys", "ncu", "cupti", "builtin"])
def test_every_tool_gets_the_request_of_a_sweep(tool):
    folder = Path("raw") / tool
    sweep = replace(SWEEP, driver="python", engine="direct")
    own = sweep_step(CaptureRequest(tools=(tool,), sweep=sweep), sweep, tool, 1).request
    assert own.command[1:] == ("-m", "profiler.runner", "--request", f"raw/{tool}/request.json")
    assert own.ncu.nvtx_include == (("profiler@iteration/",) if tool == "ncu" else ())
    assert "cuda" in own.nsys.trace
    passed = pass_request(sweep, tool, folder, 2)
    assert (passed.points, passed.segment, passed.cache_folder) == (sweep.points, 2, "")
    assert passed.recorder == {"cupti": "activity", "builtin": "ranges"}.get(tool, "")
    replayed = (passed.settings.iterations, passed.settings.timed) == (NCU_SAMPLES, False)
    assert replayed is (tool == "ncu")
    assert (passed.settings == sweep.settings) is (tool != "ncu")
    assert pass_request(replace(sweep, engine="tensorrt"), tool, folder, 1).cache_folder == "cache"


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*swish-h200*/manifest.json")), ids=lambda path: path.parent.name)
def test_requests_of_committed_runs_are_read(path):
    written = json.loads(path.read_text())["options"]["request"]
    read = CaptureRequest.from_dict(written)
    assert [point.to_dict() for point in read.sweep.points] == written["sweep"]["points"]
    assert read.sweep.settings.stability == written["sweep"]["settings"]["precision"]
    assert CaptureRequest.from_dict(json.loads(json.dumps(read.to_dict()))) == read


def test_a_request_file_is_read_as_it_was_written(tmp_path):
    sweep = replace(SWEEP, driver="cpp", engine="tensorrt", plugin_libraries=("a.so",), recorder="ranges", segment=3)
    sweep.write(tmp_path / "request.json")
    assert read_request(tmp_path / "request.json") == sweep


def test_the_embedded_recorder_refuses_a_command_of_the_users_own():
    with pytest.raises(UsageError, match="Python runner only"):
        CuptiRecorder().plan(CaptureRequest(tools=("cupti",), command=("true",)), Path("raw/cupti"), "capture")
