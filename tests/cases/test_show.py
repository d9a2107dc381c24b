"""`profiler show` answers on one screen, whatever was recorded."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from profiler.cli import printing

ROOT = Path(__file__).parents[2]
FILES = ("*.sqlite", "*.sqlite.xz", "*.ncu-rep", "*.json", "*.csv")
CAPTURES = sorted({path for name in FILES for path in (ROOT / "tests/data").rglob(name)} | {*(ROOT / "runs/examples").glob("2*")})


def test_there_are_captures_of_every_kind():
    assert len(CAPTURES) > 40 and {path.suffix for path in CAPTURES} >= {".xz", ".sqlite", ".ncu-rep", ".csv", ".json"}


@pytest.mark.parametrize("width", [80, pytest.param(200, marks=pytest.mark.long)])
@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_capture_fits_one_screen(profiler, monkeypatch, path, width):
    monkeypatch.setattr(printing, "_PIPE_WIDTH", width)
    code, out, err = profiler("show", path)
    lines = (out + err).splitlines()
    assert len(lines) <= 40
    if code:  # what no reader knows: the error and what to do
        assert code in (5, 6) and out == "" and len(lines) == 2
        return
    commands = [line for line in lines if "profiler " in line]
    assert any(f"profiler show {path} --all" in line for line in commands)
    assert all(len(line) <= width for line in lines if line not in commands)
    assert any(word in out for word in ("Fastest, by", "No winner, by", "Times, by", "Launches under ncu", "Where the time of the"))
    screen = sum(max(1, -(-len(line) // width)) for line in lines)
    assert screen <= 40


def test_what_ncu_says_of_single_launches_is_counted_and_not_said_of_the_report(profiler, rows):
    path = ROOT / "tests/data/ncu_h200/swish.ncu-rep"
    texts = [row["text"] for row in rows(path, "messages") if row["source"].startswith("ncu ")]
    assert texts and len(set(texts)) == len(texts) and any(text.endswith(" times)") for text in texts)
    assert not any(f"note: {text[:30]}" in profiler("show", path)[1] for text in texts)


def test_a_capture_without_gpu_work_is_told_as_such(case, profiler):
    tables = ("KIND_KERNEL", "KIND_MEMCPY", "KIND_MEMSET", "KIND_RUNTIME", "KIND_SYNCHRONIZATION")
    path = case("nsys_three_kernels_best.sqlite", *(f"DROP TABLE IF EXISTS CUPTI_ACTIVITY_{name}" for name in tables))
    code, out, _ = profiler("show", path)
    assert code == 0 and "nothing to show: the capture holds no CUDA kernel" in out and "Nothing is ranked" not in out


@pytest.mark.parametrize(
    ("stored", "shown"), [("45010204", "450.102.04"), ("5602803", "560.28.03"), ("535.104.05", "535.104.05"), ("536.67", "536.67")]
)
def test_the_head_counts_equal_gpus_and_writes_drivers_alike(case, profiler, stored, shown):
    path = case(
        "nsys_2020_export.sqlite",
        "CREATE TABLE IF NOT EXISTS TARGET_INFO_SYSTEM_ENV (name TEXT, value TEXT)",
        f"INSERT INTO TARGET_INFO_SYSTEM_ENV (name, value) VALUES ('NvDriverVersion', '{stored}')",
    )
    assert f"GPU: 2 × Quadro RTX 8000 · 72 SMs · 6 MiB L2; Driver: {shown};" in profiler("show", path)[1]


def test_copies_of_one_direction_are_told_apart(case, profiler):
    out = profiler(
        "show",
        case(
            "nsys_three_kernels_best.sqlite",
            "UPDATE CUPTI_ACTIVITY_KIND_MEMCPY SET srcKind = 1 - srcKind WHERE start = (SELECT min(start) FROM CUPTI_ACTIVITY_KIND_MEMCPY WHERE copyKind = 1)",
        ),
    )[1]
    assert "copy HtoD (pinned to device)" in out and "copy HtoD (pageable to device)" in out and "copy DtoH  " in out


def test_a_gpu_that_the_capture_does_not_describe_is_not_said_to_be_missing(case, profiler):
    tables = ("GPU", "CUDA_GPU", "CUDA_DEVICE")
    path = case("nsys_three_kernels_best.sqlite", *(f"DROP TABLE IF EXISTS TARGET_INFO_{name}" for name in tables))
    assert "GPU: not described; " in profiler("show", path)[1]


def test_a_program_says_where_the_time_goes(case, profiler):
    _, out, _ = profiler("show", case("nsys_three_kernels_best.sqlite"))
    names = [line.split()[0] for line in out[out.index("Where the time of the GPU goes") :].splitlines()[3:8] if line.strip()]
    assert names[0].startswith("─") and names[1:] == ["kernel2", "copy", "copy", "kernel"]
    assert "Fastest" not in out and "808.2 ms   99.8 %" in out


def test_an_ncu_report_begins_with_what_limits_its_launches(profiler):
    _, out, _ = profiler("show", ROOT / "tests/data/ncu_h200/swish.ncu-rep")
    heading, first = (next(line for line in out.splitlines() if word in line) for word in ("top stall", "1048576x1x1"))
    order = [heading.index(word) for word in ("duration", "compute", "memory", "DRAM", "occupancy", "top stall")]
    assert order == sorted(order)
    figures = ("632.1 µs", "12.23 %", "17.03 %", "26.5 %", "long_scoreboard 72 %")
    assert [first.index(text) for text in figures] == sorted(first.index(text) for text in figures)


@pytest.fixture
def folder(tmp_path):
    for name, source in (
        ("a.sqlite", "nsys_h200/graph.sqlite"),
        ("a.ncu-rep", "ncu_h200/swish.ncu-rep"),
        ("b.json", "cases/c_by_a.json"),
    ):
        shutil.copyfile(ROOT / "tests/data" / source, tmp_path / name)
    (tmp_path / "broken.sqlite").write_bytes(b"SQLite format 3\0")
    (tmp_path / "notes.txt").write_text("no capture")
    return tmp_path


def test_a_folder_of_captures_is_a_line_a_file(profiler, folder):
    code, out, err = profiler("show", folder, "--format", "json")
    rows = json.loads(out)
    assert code == 0 and [(row["recording"], row["tools"]) for row in rows] == [("a", "nsys, ncu"), ("b.json", "builtin")]
    assert rows[0]["GPU"] == "NVIDIA H200" and rows[0]["longest"].startswith("copy HtoD") and "vectorized" in rows[0]["fastest"]
    assert err.startswith("note: ") and "broken.sqlite" in err and len(err.splitlines()) == 1
    code, out, _ = profiler("show", folder / "a.sqlite", folder / "b.json")
    assert code == 0 and [line.split()[0] for line in out.splitlines() if ".sqlite" in line or ".json" in line] == [
        "a.sqlite",
        "b.json",
    ]


def test_list_names_the_gpu_of_an_imported_capture(profiler):
    assert profiler("import", ROOT / "tests/data/nsys_h200/graph.sqlite")[0] == 0
    _, out, _ = profiler("list", "--format", "json")
    assert json.loads(out)[0]["gpu"] == "NVIDIA H200"
