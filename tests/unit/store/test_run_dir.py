"""Run folders: names, look-up, atomic writes and what an interrupted run leaves."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from profiler.errors import BadExportError, CaptureError, UsageError
from profiler.store.manifest import CaptureRecord, read_manifest
from profiler.store.run_dir import changing, create_run, find_run, iterate_runs, runs_root, write_atomic


def finished(root: Path, label: str, created: str = "") -> str:
    run = create_run(root, label)
    run.manifest.created_utc = created or run.manifest.created_utc
    run.finish("complete")
    return run.path.name


def test_a_run_has_its_name_only_once_it_has_ended(tmp_path):
    run = create_run(tmp_path, "my sweep/§")
    assert run.path.name.startswith(".partial-")
    assert list(iterate_runs(tmp_path)) == []
    run.manifest.captures.append(CaptureRecord("nsys", argv=["nsys", "profile"], returncode=3))
    run.finish("failed", "the target ended with status 3")
    assert run.path.name == run.run_id
    assert "my-sweep" in run.run_id and "/" not in run.run_id
    again = read_manifest(run.path / "manifest.json")
    assert (again.status, again.reason) == ("failed", "the target ended with status 3")
    assert again.captures[0].argv == ["nsys", "profile"]
    assert again.captures[0].returncode == 3


def test_look_up_by_id_label_prefix_latest_and_path(tmp_path):
    old = finished(tmp_path, "alpha", "2026-01-01T00:00:00+00:00")
    new = finished(tmp_path, "beta", "2026-01-02T00:00:00+00:00")
    example = finished(tmp_path / "examples", "h200", "2027-01-01T00:00:00+00:00")
    assert find_run(old, tmp_path).path.name == old
    assert find_run("beta", tmp_path).path.name == new
    assert find_run("latest", tmp_path).path.name == new
    assert find_run("h200", tmp_path).path.name == example
    assert find_run(str(tmp_path / old), tmp_path).path.name == old
    assert find_run(old[:-2], tmp_path).path.name == old


def test_an_ambiguous_prefix_names_its_runs_and_an_unknown_one_the_nearest(tmp_path):
    finished(tmp_path, "one")
    finished(tmp_path, "two")
    with pytest.raises(UsageError, match="fits 2 runs"):
        find_run("20", tmp_path)
    with pytest.raises(UsageError) as caught:
        find_run("onee", tmp_path)
    assert "one" in caught.value.hint


def test_an_absent_file_where_there_is_no_run_says_what_to_do(tmp_path):
    with pytest.raises(UsageError) as caught:
        find_run("absent.sqlite", tmp_path)
    assert "check the path" in caught.value.hint


def test_latest_without_runs_says_how_to_record(tmp_path):
    with pytest.raises(UsageError) as caught:
        find_run("latest", tmp_path)
    assert "profiler run" in caught.value.hint


def test_write_atomic_leaves_the_old_content_when_it_fails(tmp_path, monkeypatch):
    path = tmp_path / "manifest.json"
    write_atomic(path, "old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(CaptureError, match="disk is full"):
        write_atomic(path, "new")
    assert path.read_text() == "old"
    assert [item.name for item in tmp_path.iterdir()] == ["manifest.json"]


def test_a_written_file_has_the_mode_that_the_umask_leaves(tmp_path):
    code = f"import os; os.umask(0o077); from pathlib import Path; from profiler.store.run_dir import write_atomic; write_atomic(Path({str(tmp_path / 'x')!r}), 'x')"
    subprocess.run([sys.executable, "-c", code], check=True)
    assert (tmp_path / "x").stat().st_mode & 0o777 == 0o600


def test_a_file_system_without_locks_is_named(tmp_path, monkeypatch):
    def none(*_):
        raise OSError(37, "No locks available")

    monkeypatch.setattr("profiler.store.run_dir.fcntl.flock", none)
    with pytest.raises(CaptureError, match="no locks"), changing(tmp_path / "baselines.json"):
        pass


def test_a_run_folder_that_cannot_be_made_names_the_fix(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CaptureError) as caught:
        create_run(tmp_path / "file", "x")
    assert "--runs" in caught.value.hint


@pytest.mark.parametrize("text", ["", "{", "[]", "null", json.dumps({"schema_version": 99}), '{"captures": [1]}'])
def test_a_broken_manifest_is_an_error_that_names_the_file(tmp_path, text):
    path = tmp_path / "manifest.json"
    path.write_text(text)
    with pytest.raises(BadExportError, match="manifest.json"):
        read_manifest(path)


def test_the_root_is_the_argument_then_the_variable_then_runs(monkeypatch, tmp_path):
    monkeypatch.delenv("PROFILER_RUNS", raising=False)
    assert runs_root() == Path("runs")
    monkeypatch.setenv("PROFILER_RUNS", os.fspath(tmp_path))
    assert runs_root() == tmp_path
    assert runs_root(Path("x")) == Path("x")


@pytest.mark.parametrize(
    "wrong",
    [
        {"label": 7},
        {"created_utc": None},
        {"command": "app"},
        {"argv": [7]},
        {"captures": [{"tool": 7}]},
        {"captures": ["nsys"]},
        {"captures": [{"tool": "nsys", "notes": None}]},
        {"environment": []},
        {"environment": {"gpus": ["H200"]}},
        {"environment": {"gpus": 7}},
        {"options": None},
    ],
)
def test_a_manifest_with_a_value_of_a_wrong_type_is_one_unreadable_run(tmp_path, wrong):
    name, other = finished(tmp_path, "good"), finished(tmp_path, "other")
    path = tmp_path / other / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | wrong))
    unreadable = {}
    assert [run.path.name for run in iterate_runs(tmp_path, unreadable)] == [name]
    assert [(folder.name, error.hint) for folder, error in unreadable.items()] == [(other, "restore the file, or delete the run")]


def test_an_unreadable_manifest_hides_no_other_run(tmp_path):
    name = finished(tmp_path, "alpha")
    for folder, text in (("broken", '{"schema_version": 99}'), ("torn", '{"run_id": "x"'), ("list", "[]"), ("deep", "[" * 200_000)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "manifest.json").write_text(text)
    unreadable = {}
    assert [run.path.name for run in iterate_runs(tmp_path, unreadable)] == [name]
    assert sorted(path.name for path in unreadable) == ["broken", "deep", "list", "torn"]
    assert find_run("latest", tmp_path).path.name == find_run("alpha", tmp_path).path.name == name
    with pytest.raises(BadExportError, match="manifest version 99"):
        find_run("broken", tmp_path)


def test_a_label_is_kept_as_it_was_given(tmp_path):
    run = create_run(tmp_path, " größe ✓ α ")
    run.finish("complete")
    assert run.manifest.label == "größe ✓ α" and find_run("größe ✓ α", tmp_path).run_id == run.run_id
    assert run.path.name.isascii()
    with pytest.raises(UsageError, match="stands for the newest run"):
        create_run(tmp_path, "latest")
