"""Scrubbing takes the machine out of a report and nothing else."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from profiler.errors import BadExportError
from profiler.metrics.recording import load
from profiler.tools.ncu.container import inspect
from profiler.tools.ncu.scrub import scrub

SWISH = Path(__file__).parents[3] / "data" / "ncu_h200" / "swish.ncu-rep"
SECRETS = (b"build-host-7", b"10.1.2.3", b"API_TOKEN=hunter2", b"/home/someone/app", b"ncu --set full")


def _field(number: int, content: bytes) -> bytes:
    assert len(content) < 128
    return bytes([number << 3 | 2, len(content)]) + content


@pytest.fixture
def report(tmp_path: Path) -> Path:
    """The committed report with a session block as ncu writes it on a user's machine."""
    system = _field(1, b"Linux") + _field(5, SECRETS[0]) + _field(7, _field(1, SECRETS[1]))
    executable = _field(1, SECRETS[3]) + _field(4, SECRETS[2])
    session = _field(3, system) + _field(4, system) + _field(9, executable) + _field(11, SECRETS[4])
    header = b"\x1a" + bytes([len(session) & 127 | 128, len(session) >> 7]) + session
    header += _field(6, b"\x08\x07" + _field(2, SECRETS[0]) + _field(3, SECRETS[3]))
    path = tmp_path / "capture.ncu-rep"
    path.write_bytes(SWISH.read_bytes() + struct.pack("<I", len(header)) + header)
    return path


def test_secrets_go_and_everything_else_stays(report: Path) -> None:
    pytest.importorskip("ncu_report", reason="package ncu-report is not installed")
    before = {name: load(report).table(name) for name in ("counters", "profiled_launches", "devices", "diagnostics")}
    assert all(secret in report.read_bytes() for secret in SECRETS)
    removed = scrub(report)
    data = report.read_bytes()
    assert removed > sum(map(len, SECRETS))
    assert not any(secret in data for secret in SECRETS)
    assert b"Linux" in data
    assert inspect(report).process_name == "app"
    for name, frame in before.items():
        assert load(report).table(name).equals(frame), name


def test_scrubbing_twice_changes_nothing(report: Path) -> None:
    scrub(report)
    data = report.read_bytes()
    assert scrub(report) == 0
    assert report.read_bytes() == data


@pytest.mark.parametrize("content", [b"", b"hello", SWISH.read_bytes()[:5000]])
def test_what_is_no_whole_report_is_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.ncu-rep"
    path.write_bytes(content)
    with pytest.raises(BadExportError):
        scrub(path)
    assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]
