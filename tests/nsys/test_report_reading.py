"""Reports that nsys has not exported yet are exported and read; broken ones end in one named error."""

import subprocess

import pytest

import profiler
from profiler.errors import BadExportError, DataMissingError


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    argv = ["nsys", "profile", "-t", "nvtx", "-s", "none", "--cpuctxsw=none", "-o", str(folder / "capture"), "sleep", "0.2"]
    subprocess.run(argv, check=True, capture_output=True)
    return folder / "capture.nsys-rep"


def test_a_report_is_exported_and_its_folder_stays_as_it_is(report):
    before = sorted(report.parent.iterdir())
    recording = profiler.load(report)
    assert recording.tools == ("nsys",) and recording.info("nsys")["tool_version"]
    assert recording.info("nsys")["file"] == "capture.nsys-rep"
    with pytest.raises(DataMissingError, match="no CUDA kernel"):
        recording.table("kernels")
    assert sorted(report.parent.iterdir()) == before


def test_a_report_is_recognised_by_its_content(report, tmp_path):
    path = tmp_path / "capture.bin"
    path.write_bytes(report.read_bytes())
    assert profiler.load(path).info("nsys")["tool_version"]


def test_a_cut_report(report, tmp_path):
    path = tmp_path / "cut.nsys-rep"
    path.write_bytes(report.read_bytes()[:5000])
    with pytest.raises(BadExportError) as caught:
        profiler.load(path).table("kernels")
    assert str(path) in caught.value.message and "\n" not in caught.value.message and caught.value.hint
