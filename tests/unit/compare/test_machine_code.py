import json
import shutil
from pathlib import Path

import pytest

from profiler.capture.process import run_process
from profiler.compare.judge.machine_code import (
    find_cuobjdump,
    function_code,
    function_digests,
    function_resources,
    parse_resources,
    parse_sass,
    resource_changes,
    same_code,
)
from profiler.errors import CaptureError
from profiler.jobs.ab import start_job
from profiler.jobs.ab_comparison import identical_rows, job_comparison
from profiler.jobs.ab_store import AbRequest, AbStore
from profiler.jobs.sides import AbSide


def both(*names):
    return [(name, name) for name in names]


DATA = Path(__file__).parents[2] / "data" / "sass"
BASE, CHANGED = (parse_sass((DATA / f"changed_{n}.sass.txt").read_text()) for n in (0, 1))
NAMES = {"_Z12scale_kernelILi1EEvPffi", "_Z12scale_kernelILi2EEvPffi", "_Z12other_kernelPf"}


def test_every_function_has_a_digest_of_its_own():
    assert {name for _, name in BASE} == NAMES and {architecture for architecture, _ in BASE} == {"sm_90"}
    assert len(set(BASE.values())) == 3


def test_only_the_changed_kernel_differs():
    assert {name for key, name in BASE if BASE[key, name] != CHANGED[key, name]} == {name for name in NAMES if "scale" in name}
    assert same_code(BASE, CHANGED, both("scale_kernel", "other_kernel", "no_kernel")) == both("other_kernel")
    assert same_code(BASE, BASE, both("scale_kernel")) == both("scale_kernel")


def test_all_instantiations_belong_to_a_kernel_whatever_its_namespace():
    moved = {("sm_90", f"_ZN31_GLOBAL__N__0123_4_a_cu_01_{name.removeprefix('_Z')}"): value for (_, name), value in BASE.items()}
    assert set(function_code(moved, "scale_kernel").values()) == set(function_code(BASE, "scale_kernel").values())
    assert same_code(BASE, moved, both("scale_kernel")) == both("scale_kernel")
    assert function_code({("sm_90", "scale_kernel"): "x"}, "scale_kernel") == {("sm_90", ""): "x"}
    assert not function_code(BASE, "scale")


def test_a_symbol_stands_for_one_instantiation():
    one, two = "_Z12scale_kernelILi1EEvPffi", "_Z12scale_kernelILi2EEvPffi"
    assert function_code(BASE, one) == {("sm_90", ""): BASE["sm_90", one]} != function_code(BASE, two)
    changed_two = {**BASE, ("sm_90", two): "x"}
    assert same_code(BASE, changed_two, both(one, two)) == both(one)
    assert same_code(BASE, changed_two, [(one, two), (two, one)]) == []
    assert same_code(
        BASE, {("sm_90", "_ZN2nsL12scale_kernelILi1EEvPffi"): BASE["sm_90", one]}, [(one, "_ZN2nsL12scale_kernelILi1EEvPffi")]
    )


def test_an_instantiation_that_only_one_side_has_is_a_difference():
    less = {key: value for key, value in BASE.items() if "Li2" not in key[1]}
    assert not same_code(BASE, less, both("scale_kernel"))


def test_resources_are_read_and_compared():
    text = (DATA / "changed_0.resources.txt").read_text()
    found = parse_resources(text)
    assert found["", "_Z12other_kernelPf"] == {
        "registers_per_thread": 8,
        "stack_bytes_per_thread": 0,
        "static_shared_memory_bytes": 0,
    }
    more = parse_resources(text.replace("REG:8 STACK:0", "REG:10 STACK:16", 1))
    changes = {
        (item["row"].split()[0], item["metric"]): item
        for item in resource_changes(found, more, both("scale_kernel", "other_kernel"))
        if item["verdict"] != "same"
    }
    assert {key: (item["base_value"], item["candidate_value"], item["verdict"]) for key, item in changes.items()} == {
        ("scale_kernel", "registers_per_thread"): (8, 10, "worse"),
        ("scale_kernel", "stack_bytes_per_thread"): (0, 16, "worse"),
    }
    symbol = "_Z12scale_kernelILi1EEvPffi"
    rows = {item["row"] for item in resource_changes(found, more, both(symbol))}
    assert len(rows) == 1 and rows.pop().startswith("scale_kernel<1>")


FAKE = """#!/bin/sh
case "$1" in
  -sass) cat "$2.sass" ;;
  *) cat "$2.res" ;;
esac
"""


def test_a_job_does_not_measure_on_rows_of_identical_code(driver, tmp_path, monkeypatch):
    tool = tmp_path / "cuobjdump"
    tool.write_text(FAKE)
    tool.chmod(0o755)
    monkeypatch.setenv("CUOBJDUMP", str(tool))
    for side, version in (("base", 0), ("candidate", 1)):
        for kind, ending in (("sass", "sass"), ("resources", "res")):
            text = (DATA / f"changed_{version}.{kind}.txt").read_text()
            text = text.replace("12other_kernel", "23swish_vectorized_kernel").replace("12scale_kernel", "19swish_scalar_kernel")
            (tmp_path / f"{side}.{ending}").write_text(text)
    command = driver("--points", "{points}")
    labels = tuple(f"op=swish variant={variant} shape=65536x1024 dtype=fp32" for variant in ("vectorized", "scalar"))
    sides = tuple(AbSide(name, command, "", (str(tmp_path / name),)) for name in ("base", "candidate"))
    run, found = start_job(AbRequest(sides, points=labels), tmp_path / "runs", "job", 60.0, 6)
    assert found.rows.set_index("row")["reason"].to_dict() == {labels[0]: "identical_code", labels[1]: "within_threshold"}
    store = AbStore(run)
    assert store.frame().groupby("label")["round"].max().to_dict() == {labels[0]: 1, labels[1]: 6}
    assert identical_rows(store) == {"candidate": frozenset([labels[0]])}
    assert set(job_comparison(store).metrics["metric"]) == {
        "registers_per_thread",
        "stack_bytes_per_thread",
        "static_shared_memory_bytes",
    }
    measured, _ = start_job(AbRequest(sides, points=labels, skip_identical=False), tmp_path / "runs", "all", 60.0, 6)
    assert not identical_rows(AbStore(measured))
    assert json.loads((run.raw("ab") / "machine-code.json").read_text())["same"] == {
        "candidate": [["swish_vectorized_kernel", "swish_vectorized_kernel"]]
    }


def test_a_job_of_identical_code_alone_ends_after_one_round(driver, tmp_path, monkeypatch):
    tool = tmp_path / "cuobjdump"
    tool.write_text(FAKE)
    tool.chmod(0o755)
    monkeypatch.setenv("CUOBJDUMP", str(tool))
    for kind, ending in (("sass", "sass"), ("resources", "res")):
        text = (DATA / f"changed_0.{kind}.txt").read_text().replace("12other_kernel", "19swish_scalar_kernel")
        (tmp_path / f"side.{ending}").write_text(text)
    sides = tuple(AbSide(name, driver(), "", (str(tmp_path / "side"),)) for name in ("base", "candidate"))
    run, found = start_job(AbRequest(sides), tmp_path / "runs", "job", 60.0, 64)
    assert len(AbStore(run).rounds) == 1 and found.rows["reason"].tolist() == ["identical_code"]


def test_a_tool_that_fails_is_named(tmp_path):
    with pytest.raises(CaptureError, match="cuobjdump ended with status 1"):
        function_digests(tmp_path / "x", "/bin/false", run_process, tmp_path / "log.txt")


@pytest.mark.skipif(find_cuobjdump() is None or shutil.which("nvcc") is None, reason="needs nvcc and cuobjdump")
def test_real_tools_see_the_same_differences(tmp_path):
    binaries = []
    for changed in (0, 0, 1):
        binaries.append(tmp_path / f"{len(binaries)}.so")
        argv = [
            "nvcc",
            "-arch=sm_90",
            "-shared",
            "-Xcompiler",
            "-fPIC",
            f"-DCHANGED={changed}",
            "-o",
            str(binaries[-1]),
            str(DATA / "kernels.cu"),
        ]
        assert run_process(argv).returncode == 0
    tool = find_cuobjdump()
    base, again, other = (function_digests(binary, tool, run_process, tmp_path / "log.txt") for binary in binaries)
    assert base == again and {name for _, name in base} == NAMES
    assert same_code(base, other, both("scale_kernel", "other_kernel")) == both("other_kernel")
    assert (
        function_resources(binaries[0], tool, run_process, tmp_path / "log.txt")["sm_90", "_Z12other_kernelPf"][
            "registers_per_thread"
        ]
        > 0
    )
