import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from profiler.compare.history.baseline import baseline_target, find_baseline, read_baselines, remove_baseline, set_baseline
from profiler.errors import BadExportError, UsageError
from profiler.store.run_dir import create_run


@pytest.fixture
def runs(tmp_path):
    made = []
    for label in ("one", "two", "broken"):
        run = create_run(tmp_path, label)
        run.manifest.environment = {"git": {"commit": f"{label}0123"}}
        run.finish("failed" if label == "broken" else "complete")
        made.append(run)
    return made


def test_a_baseline_names_runs_and_is_replaced(runs, tmp_path):
    set_baseline(tmp_path, "main", ["one", "two"])
    found = find_baseline(tmp_path, "main")
    assert found.runs == (runs[0].run_id, runs[1].run_id) and found.commit == "one0123"
    assert baseline_target(tmp_path, "main") == f"{runs[0].path},{runs[1].path}"
    set_baseline(tmp_path, "main", ["two"])
    set_baseline(tmp_path, "other", ["one"])
    assert {name: len(item.runs) for name, item in read_baselines(tmp_path).items()} == {"main": 1, "other": 1}
    remove_baseline(tmp_path, "main")
    assert list(read_baselines(tmp_path)) == ["other"] and runs[1].path.is_dir()


def test_baselines_set_side_by_side_are_all_kept(runs, tmp_path):
    names = [f"b{number}" for number in range(20)]
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda name: set_baseline(tmp_path, name, ["one"]), names))
    assert sorted(read_baselines(tmp_path)) == sorted(names)
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda name: remove_baseline(tmp_path, name), names[1:]))
    assert list(read_baselines(tmp_path)) == names[:1]


@pytest.mark.parametrize(
    ("name", "targets", "message"),
    [
        ("x", ["broken"], "failed, so it is no baseline"),
        ("x", ["none"], "neither"),
        ("x", [], "no run"),
        ("a/b", ["one"], "no name"),
    ],
)
def test_wrong_baselines_are_refused_and_nothing_is_written(runs, tmp_path, name, targets, message):
    with pytest.raises(UsageError, match=message):
        set_baseline(tmp_path, name, targets)
    assert read_baselines(tmp_path) == {}


def test_an_unknown_baseline_names_the_nearest(runs, tmp_path):
    set_baseline(tmp_path, "main", ["one"])
    with pytest.raises(UsageError) as caught:
        find_baseline(tmp_path, "mian")
    assert "did you mean main?" in caught.value.hint
    with pytest.raises(UsageError):
        remove_baseline(tmp_path, "none")


@pytest.mark.parametrize(
    "text",
    ["{", "[]", json.dumps({"schema_version": 99, "baselines": []}), json.dumps({"schema_version": 1, "baselines": [{"runs": 1}]})],
)
def test_a_damaged_file_is_named(tmp_path, text):
    (tmp_path / "baselines.json").write_text(text)
    with pytest.raises(BadExportError, match=r"baselines\.json"):
        read_baselines(tmp_path)
