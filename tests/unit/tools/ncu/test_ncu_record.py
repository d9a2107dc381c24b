"""The command line of ncu, and what its failures look like."""

import shutil
from pathlib import Path

import pytest

from profiler.capture.request import CaptureRequest, NcuOptions
from profiler.errors import CaptureError, ToolMissingError
from profiler.tools.ncu import record
from profiler.tools.ncu.metric_names import requested_metrics
from profiler.tools.ncu.record import NcuRecorder


@pytest.fixture(autouse=True)
def ncu_path(monkeypatch):
    monkeypatch.setattr(record, "find_ncu", lambda: "/opt/ncu")


def argv(capability="9.0", **options):
    request = CaptureRequest(command=("./app", "3"), ncu=NcuOptions(**options))
    return list(NcuRecorder(None, lambda: capability).plan(request, Path("raw/ncu"), "capture").argv)


def test_whole_command_line():
    assert argv() == [
        "/opt/ncu",
        "--target-processes",
        "all",
        "--clock-control",
        "none",
        "--nvtx",
        "--metrics",
        ",".join(requested_metrics("9.0")),
        "--import-source",
        "no",
        "--force-overwrite",
        "--export",
        "raw/ncu/capture.ncu-rep",
        "./app",
        "3",
    ]


def test_metrics_follow_the_gpu():
    assert argv(capability=None)[argv().index("--metrics") + 1] == ",".join(requested_metrics(None))


def test_options_reach_the_command_line():
    text = " ".join(
        argv(
            set="full",
            kernel="swish_.*",
            nvtx_include=("profiler@iteration/",),
            clock_control="base",
            launch_count=3,
            launch_skip=2,
            import_source=True,
            cache_control="none",
        )
    )
    for part in (
        "--set full",
        "--kernel-name regex:swish_.*",
        "--nvtx-include profiler@iteration/",
        "--clock-control base",
        "--launch-count 3",
        "--launch-skip 2",
        "--import-source yes",
        "--cache-control none",
        "--force-overwrite",
    ):
        assert part in text
    assert "--metrics" not in text
    assert "--metrics a,b " in " ".join(argv(metrics=("a", "b")))


def test_without_ncu_the_fix_is_named(monkeypatch):
    monkeypatch.setattr(record, "find_ncu", lambda: None)
    with pytest.raises(ToolMissingError, match="not installed"):
        argv()


@pytest.mark.parametrize(
    ("log", "text", "hint"),
    [
        (
            "==ERROR== ERR_NVGPUCTRPERM - The user does not have permission to access NVIDIA GPU Performance Counters on the target "
            "device 0.",
            "performance counters",
            "NVreg_RestrictProfilingToAdminUsers=0",
        ),
        (
            "==WARNING== No kernels were profiled.\n==WARNING== Profiling kernels launched by child processes requires the "
            "--target-processes all option.",
            "no kernel was profiled",
            "--kernel",
        ),
        ("==ERROR== Failed to find metric smsp__nothing.sum", "does not know a metric", "--query-metrics"),
        ("==ERROR== unrecognised option '--no-such'. Use --help for further details.", "does not know an option", "ncu --help"),
        ("==ERROR== Something new went wrong.", "ncu failed", "log"),
    ],
)
def test_known_failures_are_named_also_after_exit_status_0(log, text, hint):
    error = NcuRecorder(None, lambda: None).diagnose(f"==PROF== Connected\n{log}\n")
    assert text in error.message
    assert hint in error.hint


def test_a_clean_log_has_no_failure_of_the_tool():
    assert NcuRecorder(None, lambda: None).diagnose("==ERROR== The application returned an error code (7).") is None
    assert NcuRecorder(None, lambda: None).diagnose('==PROF== Profiling "k": 0%....100% - 18 passes\n==PROF== Report: x') is None


def test_no_report_is_an_error(tmp_path):
    request = CaptureRequest(command=("true",))
    recorder = NcuRecorder(None, lambda: None)
    with pytest.raises(CaptureError, match="no report"):
        recorder.finish(request, tmp_path, None, "capture")
    report = tmp_path / "capture.ncu-rep"
    report.write_bytes(b"NVR")
    artefacts, notes = recorder.finish(request, tmp_path, None, "capture")
    assert artefacts == [report] and "environment" in notes[0] and report.read_bytes() == b"NVR"


def test_a_report_is_kept_and_its_environment_taken_out(tmp_path):
    report = tmp_path / "capture.ncu-rep"
    shutil.copyfile(Path(__file__).parents[3] / "data" / "ncu_h200" / "row_sum.ncu-rep", report)
    assert NcuRecorder(None, lambda: None).finish(CaptureRequest(command=("true",)), tmp_path, None, "capture") == ([report], [])
