"""The options of `profiler run`: presets, defaults, contradictions, and the exact command line of a dry run."""

import shlex

import pytest

from profiler.cli import main
from profiler.cli.request_options import build_request, read_preset
from profiler.errors import UsageError


def call(capsys, *argv: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main([str(item) for item in argv])
    out = capsys.readouterr()
    return ended.value.code or 0, out.out, out.err


def test_without_a_sweep_every_variant_and_block_size_is_run():
    request = build_request({})
    labels = [point.label for point in request.sweep.points]
    assert len(labels) == 10
    assert labels[0] == "op=swish variant=scalar shape=4096x1024 dtype=fp32 block=64"


def test_a_preset_gives_the_options_and_a_flag_beats_it(tmp_path):
    preset = tmp_path / "sweep.toml"
    preset.write_text(
        'tool = "builtin"\nshape = ["8x8", "16x16"]\nmax-samples = 30\n[sweep]\nblock = [64, 128]\nvariant = "scalar"\n'
    )
    request = build_request({"dtype": ["fp16"], "shape": None}, read_preset(preset))
    assert request.tools == ("builtin",)
    assert request.sweep.settings.max_samples == 30
    assert [point.label for point in request.sweep.points] == [
        f"op=swish variant=scalar shape={shape} dtype=fp16 block={block}" for shape in ("8x8", "16x16") for block in (64, 128)
    ]
    assert build_request({"shape": ["4x4"]}, read_preset(preset)).sweep.points[0].shape == (4, 4)


def test_yaml_is_read_like_toml(tmp_path):
    preset = tmp_path / "sweep.yaml"
    preset.write_text("tool: builtin\nset: {variant: scalar}\nsweep: {block: [64, 128]}\n")
    assert len(build_request({}, read_preset(preset)).sweep.points) == 2


@pytest.mark.parametrize("name, text", [("a.toml", "tool = ["), ("a.yaml", "a: [b"), ("a.toml", "bloks = 3"), ("a.yaml", "- 1")])
def test_a_wrong_preset_is_named(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(UsageError, match=name):
        read_preset(path)


def test_a_command_beside_options_of_a_sweep_is_refused():
    with pytest.raises(UsageError, match="--shape"):
        build_request({"command": ["./app"], "shape": ["8x8"]})


def test_a_dry_run_prints_what_would_run_and_writes_nothing(capsys, tmp_path):
    code, out, _ = call(capsys, "run", "--tool", "builtin", "--dry-run", "--runs", tmp_path / "runs", "--", "/bin/echo", "a b")
    assert code == 0 and shlex.split(out) == ["/bin/echo", "a b"]
    assert not (tmp_path / "runs").exists()


def test_an_unknown_tool_offers_the_nearest(capsys, tmp_path):
    code, _, err = call(capsys, "run", "--tool", "nsy", "--runs", tmp_path, "--", "/bin/true")
    assert code == 2 and "nsys" in err


def test_a_failing_program_leaves_a_failed_run_with_its_log(capsys, tmp_path):
    code, _, err = call(capsys, "run", "--tool", "builtin", "--runs", tmp_path, "--", "/bin/sh", "-c", "echo broken; exit 3")
    assert code == 4 and "exit status 3" in err and "broken" in err
    code, out, _ = call(capsys, "list", "--runs", tmp_path, "--format", "json")
    assert '"status": "failed"' in out
    logs = list(tmp_path.glob("*/logs/*.log"))
    assert logs and "broken" in logs[0].read_text()


def test_a_sweep_of_the_reference_engine_is_a_run_with_verified_points(capsys, tmp_path):
    code, out, _ = call(
        capsys,
        "run",
        "--tool",
        "builtin",
        "--engine",
        "reference",
        "--shape",
        "64x32",
        "--max-samples",
        "20",
        "--sweep",
        "block=64,128",
        "--runs",
        tmp_path,
    )
    assert code == 0
    code, out, _ = call(capsys, "metrics", "latest", "--table", "point_summary", "--format", "csv", "--runs", tmp_path)
    header, *rows = out.splitlines()
    assert len(rows) == 2 and "builtin_median_ns" in header
    assert all("block=" in row for row in rows)


def test_a_variable_may_be_empty_and_keeps_its_blanks():
    request = build_request({"command": ["true"], "env": ["EMPTY=", "BLANK= a =b "]})
    assert request.environment == {"EMPTY": "", "BLANK": " a =b "}
    with pytest.raises(UsageError, match="NAME=VALUE"):
        build_request({"command": ["true"], "env": ["NAME"]})
