"""Units and metric names; the names are checked against NVIDIA's own library, which needs no GPU."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from profiler.tools.ncu.metric_names import LAUNCH, hardware_metrics, requested_metrics
from profiler.tools.ncu.unit_names import base_unit

CHIPS = {"TU102": "7.5", "GA100": "8.0", "GA102": "8.6", "AD102": "8.9", "GH100": "9.0", "GB100": "10.0", "GB202": "12.0"}
CHECK = Path(__file__).with_name("metric_check.c")


@pytest.mark.parametrize(
    ("text", "unit", "factor"),
    [
        ("usecond", "ns", 1e3),
        ("us", "ns", 1e3),
        ("ms", "ns", 1e6),
        ("msecond", "ns", 1e6),
        ("nsecond", "ns", 1),
        ("second", "ns", 1e9),
        ("s", "ns", 1e9),
        ("ns", "ns", 1),
        ("%", "%", 1),
        ("", "", 1),
        ("SM", "SM", 1),
        ("Kbyte", "byte", 1e3),
        ("Mbyte", "byte", 1e6),
        ("byte", "byte", 1),
        ("Kbyte/block", "byte/block", 1e3),
        ("Gbyte/s", "byte/s", 1e9),
        ("Tbyte/s", "byte/s", 1e12),
        ("byte/second", "byte/s", 1),
        ("byte/usecond", "byte/s", 1e6),
        ("Ghz", "hz", 1e9),
        ("hz", "hz", 1),
        ("cycle/nsecond", "hz", 1e9),
        ("cycle/second", "hz", 1),
        ("inst/cycle", "inst/cycle", 1),
        ("register/thread", "register/thread", 1),
        ("sectors", "sector", 1),
        ("sector/s", "sector/s", 1),
        ("Minst", "inst", 1e6),
        ("%/byte", "%/byte", 1),
    ],
)
def test_units(text: str, unit: str, factor: float) -> None:
    assert base_unit(text) == (unit, pytest.approx(factor))


def test_lists_hold_every_name_once() -> None:
    for capability in (None, *CHIPS.values(), "13.0"):
        names = requested_metrics(capability)
        assert len(names) == len(set(names))
        assert set(LAUNCH) <= set(names)


def test_an_unknown_chip_gets_what_all_chips_know() -> None:
    common = set.intersection(*(set(hardware_metrics(capability)) for capability in CHIPS.values()))
    assert set(hardware_metrics(None)) == set(hardware_metrics("13.0")) == common


@pytest.fixture(scope="module")
def checker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    include = Path("/usr/local/cuda/include")
    headers = [path for path in (include, *Path("/usr/local").glob("cuda-*/include")) if (path / "nvperf_host.h").is_file()]
    compiler = shutil.which("cc") or shutil.which("gcc")
    library = pytest.importorskip("ncu_report", reason="package ncu-report is not installed")
    if not headers or compiler is None:
        pytest.skip("needs nvperf_host.h of the CUDA toolkit and a C compiler")
    folder = Path(library.__file__).parent
    target = tmp_path_factory.mktemp("names") / "metric_check"
    command = [compiler, str(CHECK), f"-I{headers[0]}", f"-L{folder}", "-l:libnvperf_host.so", f"-Wl,-rpath,{folder}"]
    subprocess.run([*command, "-o", str(target)], check=True)
    return target


@pytest.mark.parametrize("chip", CHIPS)
def test_names_are_valid_on_their_chip(checker: Path, chip: str) -> None:
    for names in (hardware_metrics(CHIPS[chip]), hardware_metrics(None)):
        result = subprocess.run([str(checker), chip], input="\n".join(names), capture_output=True, text=True, check=True)
        assert result.stdout.split() == [], f"unknown on {chip}"


def test_the_check_can_fail(checker: Path) -> None:
    result = subprocess.run([str(checker), "GH100"], input="no__such.sum\n", capture_output=True, text=True, check=True)
    assert result.stdout.split() == ["no__such.sum"]
