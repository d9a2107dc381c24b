"""The plugin library in a real builder without a GPU: it loads, registers both ops, and engines keep every attribute."""

from __future__ import annotations

import itertools
import json
import struct
import subprocess
import sys
from pathlib import Path

import pytest

WORKER = Path(__file__).with_name("rtx_builder.py")

OPS = {"ProfilerSwish": ("beta", 1.375), "ProfilerAddScalar": ("scalar", -2.625)}
DTYPES = ("fp32", "fp16", "bf16")
VARIANTS = ("auto", "scalar", "vectorized", "grid_stride")
LAUNCH = {
    "auto": {"block": 224, "items": 2},
    "scalar": {"block": 96, "items": 8},
    "vectorized": {"block": 352, "items": 4, "cache": "streaming"},
    "grid_stride": {"block": 416, "items": 4, "cache": "no_allocate", "grid": "two_waves"},
}
DEFAULTS = {"grid": "auto", "cache": "auto"}
REFUSED = {
    "unknown-word": ({"variant": "vectorised"}, "did you mean 'vectorized'"),
    "out-of-range": ({"block": 100}, "steps of 32"),
    "contradiction": ({"variant": "scalar", "grid": "one_wave"}, "needs variant=grid_stride"),
    "wrong-type": ({"beta": "steep"}, "beta"),
}
BUILT = list(itertools.product(OPS, DTYPES, VARIANTS))


def attributes_of(op_type: str, variant: str) -> dict:
    name, value = OPS[op_type]
    return {name: value, "variant": variant, **LAUNCH[variant]}


def make_case(case_id: str, op_type: str, attributes: dict, plans: Path, dtype: str = "fp32", domain: str = "profiler") -> dict:
    plan_file = str(plans / f"{case_id}.plan")
    return {
        "id": case_id,
        "op_type": op_type,
        "domain": domain,
        "attributes": attributes,
        "dtype": dtype,
        "shape": [8, 64],
        "plan_file": plan_file,
    }


def all_cases(plans: Path) -> list[dict]:
    cases = [make_case(f"{op}-{dtype}-{variant}", op, attributes_of(op, variant), plans, dtype) for op, dtype, variant in BUILT]
    cases += [make_case(case_id, "ProfilerSwish", attributes, plans) for case_id, (attributes, _) in REFUSED.items()]
    cases.append(make_case("defaults", "ProfilerSwish", {}, plans))
    cases.append(make_case("rank-4", "ProfilerAddScalar", {"scalar": 0.5}, plans) | {"shape": [2, 3, 5, 7]})
    cases.append(make_case("other-domain", "ProfilerSwish", {}, plans, domain="elsewhere"))
    return cases


@pytest.fixture(scope="module")
def steps(rtx_plugin_library, rtx_environment, tmp_path_factory) -> dict[str, dict]:
    """Everything the worker reported, by step and case; one process builds all engines."""
    plans = tmp_path_factory.mktemp("plans")
    request = {"plugin_library": str(rtx_plugin_library), "cases": all_cases(plans)}
    done = subprocess.run(
        [sys.executable, str(WORKER)], input=json.dumps(request), env=rtx_environment, capture_output=True, text=True
    )
    reports = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert done.returncode == 0, f"exit {done.returncode} after {reports[-1:]}\n{done.stderr[-3000:]}"
    built = [report for report in reports if report["step"] == "built"]
    named = {report["id"]: report | {"plan_file": str(plans / f"{report['id']}.plan")} for report in built}
    return {report["step"]: report for report in reports if "id" not in report} | named


def test_load_library_registers_both_ops(steps):
    loaded = steps["loaded"]
    assert loaded["ok"], loaded["errors"]
    creators = {creator["name"]: creator for creator in loaded["creators"]}
    assert set(creators) == set(OPS)
    for name, creator in creators.items():
        assert (creator["version"], creator["namespace"]) == ("1", "profiler")
        assert creator["fields"] == [OPS[name][0], "variant", "block", "items", "grid", "cache"]


def test_deregister_library_removes_the_creators(steps):
    assert steps["deregistered"]["creators"] == []


@pytest.mark.parametrize(("op_type", "dtype", "variant"), BUILT)
def test_plan_holds_every_attribute(steps, op_type, dtype, variant):
    built = steps[f"{op_type}-{dtype}-{variant}"]
    assert built["plan_bytes"], built["errors"]
    plan = Path(built["plan_file"]).read_bytes()
    assert len(plan) == built["plan_bytes"]
    assert op_type.encode() in plan
    for name, value in (DEFAULTS | attributes_of(op_type, variant)).items():
        encoded = value.encode() if isinstance(value, str) else struct.pack("<f" if isinstance(value, float) else "<i", value)
        assert name.encode() in plan, name
        assert encoded in plan, f"{name}={value}"


def test_a_node_without_attributes_takes_the_defaults(steps):
    built = steps["defaults"]
    assert built["plan_bytes"], built["errors"]
    assert struct.pack("<f", 1.0) in Path(built["plan_file"]).read_bytes()


def test_rank_four_builds(steps):
    assert steps["rank-4"]["plan_bytes"], steps["rank-4"]["errors"]


def test_a_node_of_another_domain_does_not_resolve(steps):
    assert steps["other-domain"]["plan_bytes"] is None
    assert any("Plugin not found" in error for error in steps["other-domain"]["errors"])


@pytest.mark.parametrize("case_id", REFUSED)
def test_refused_attributes_reach_the_logger(steps, case_id):
    built = steps[case_id]
    assert built["plan_bytes"] is None
    assert any(REFUSED[case_id][1] in error for error in built["errors"]), built["errors"]
