"""The engine of PyTorch runs what an op's folder states as its baseline; PyTorch is a stand-in."""

import sys
from contextlib import nullcontext
from types import SimpleNamespace

import numpy as np
import pytest

from profiler.engines.base import PointSkipped
from profiler.engines.ops_library import baseline
from profiler.engines.torch_baseline import TorchEngine
from profiler.errors import UsageError
from profiler.runner.point import Point
from profiler.runner.request import SweepOptions

POINT = Point("torch_silu", (4, 8), "fp16")


@pytest.fixture
def calls(monkeypatch):
    found = []

    def as_tensor(array, device):
        described = array.__cuda_array_interface__
        return SimpleNamespace(view=lambda kind: (kind, device, described["shape"], described["typestr"], described["data"][0]))

    torch = SimpleNamespace(
        as_tensor=as_tensor,
        float16="half",
        ops=SimpleNamespace(aten=SimpleNamespace(silu=SimpleNamespace(out=lambda *sources, out: found.append((sources, out))))),
        cuda=SimpleNamespace(
            set_device=lambda device: None,
            ExternalStream=lambda stream, device: (stream, device),
            stream=lambda stream: found.append(stream) or nullcontext(),
        ),
    )
    monkeypatch.setitem(sys.modules, "torch", torch)
    return found


def test_the_function_runs_on_the_cores_memory_and_stream(calls):
    case = TorchEngine(SweepOptions((POINT,), device=1)).prepare(POINT)
    assert [(item.shape, item.dtype, item.is_input) for item in case.tensors] == [((4, 8), "fp16", True), ((4, 8), "fp16", False)]
    case.enqueue(0, [0x10, 0x20], 7)
    source, target = (("half", "cuda:1", (4, 8), "<f2", address) for address in (0x10, 0x20))
    assert calls == [(7, 1), ((source,), target)]
    result = np.empty(3)
    case.reference([np.array([0.0, 1.0, -1.0])], [result])
    assert result.tolist() == pytest.approx([0.0, 1 / (1 + np.exp(-1)), -1 / (1 + np.exp(1))])
    assert case.tolerance[1] == 2.0**-10


@pytest.mark.parametrize(
    "point", [Point("swish", (4,)), Point("torch_relu", (4,)), Point("torch_silu"), Point("torch_silu", (4,), "fp32", {"beta": 2})]
)
def test_what_no_op_states_is_skipped(calls, point):
    with pytest.raises(PointSkipped, match="torch_silu"):
        TorchEngine(SweepOptions((point,))).prepare(point)


def test_an_op_states_its_baselines():
    assert (baseline("swish", "torch"), baseline("swish", "native")) == ("silu", "native_silu")
    with pytest.raises(UsageError, match="add_scalar states no torch baseline"):
        baseline("add_scalar", "torch")
