"""What the TensorRT engine refuses to run, and what becomes of a kept plan that cannot be loaded; TensorRT is a stand-in."""

from types import SimpleNamespace

import pytest
from fake_cuda import FakeCuda

from profiler.engines import cuda_runtime, tensorrt
from profiler.engines.base import PointSkipped
from profiler.engines.cuda_runtime import Cuda
from profiler.engines.tensorrt import TensorRtEngine
from profiler.engines.trt_build import PlanStore
from profiler.errors import CaptureError
from profiler.runner.point import Point
from profiler.runner.request import SweepOptions
from profiler.runner.settings import MeasureSettings

POINT = Point("swish", (8, 1024), "fp32")
TRT = SimpleNamespace(
    TensorIOMode=SimpleNamespace(INPUT="in", OUTPUT="out"),
    TensorLocation=SimpleNamespace(HOST="host", DEVICE="device"),
    TensorFormat=SimpleNamespace(LINEAR="linear", CHW32="chw32"),
    LayerInformationFormat=SimpleNamespace(JSON="json"),
)


class Context:
    def __init__(self, engine):
        self.engine, self.batch, self.addresses, self.runs = engine, None, {}, []

    def set_tensor_address(self, name, address):
        self.addresses[name] = address

    def execute_async_v3(self, stream):
        self.runs.append((dict(self.addresses), stream))
        return self.engine.works

    def set_input_shape(self, name, shape):
        self.batch = shape[0]
        return True

    def get_tensor_shape(self, name):
        return tuple(self.batch if size == -1 and self.batch else size for size in self.engine.shapes[name])


class Engine:
    """An engine of tensors x, ids, … (inputs) and y, z (outputs): name to shape."""

    def __init__(self, source=(-1, 1024), target=(-1, 1024), location="device", layout="linear", **more):
        self.shapes = {"x": source, "y": target, **more}
        self.num_io_tensors = len(self.shapes)
        self.location, self.layout = location, layout
        self.works, self.contexts = True, []

    def get_tensor_name(self, index):
        return list(self.shapes)[index]

    def get_tensor_mode(self, name):
        return "out" if name in "yz" else "in"

    def get_tensor_dtype(self, name):
        return SimpleNamespace(name="INT32" if name == "ids" else "FLOAT")

    def get_tensor_shape(self, name):
        return self.shapes[name]

    def get_tensor_location(self, name):
        return self.location

    def get_tensor_format(self, name):
        return self.layout

    def create_execution_context(self):
        self.contexts.append(Context(self))
        return self.contexts[-1]

    def create_engine_inspector(self):
        return None


@pytest.fixture
def fake(monkeypatch):
    device = FakeCuda()
    monkeypatch.setattr(cuda_runtime, "load_runtime", lambda: device.runtime)
    return device


def opened(engine_of, options, store=None):
    """The engine as it is after it was opened; `engine_of` stands for TensorRT's deserialisation."""
    engine = object.__new__(TensorRtEngine)
    engine._cuda = Cuda()
    engine._request = options
    engine._flavour = SimpleNamespace(trt=TRT, logger=SimpleNamespace(take=lambda: "not a plan"))
    engine._runtime = SimpleNamespace(deserialize_cuda_engine=engine_of)
    engine._store = store
    return engine


@pytest.fixture
def of_file(fake, tmp_path):
    (tmp_path / "e.engine").write_bytes(b"plan")

    def open_file(engine, **options):
        return opened(lambda data: engine, SweepOptions((POINT,), engine_file=str(tmp_path / "e.engine"), **options))

    return open_file


def test_a_dynamic_engine_of_equal_shapes_runs_with_a_context_for_each_lane(of_file):
    engine = Engine()
    case = of_file(engine, settings=MeasureSettings(threads=2, streams=2)).prepare(POINT)
    assert case.facts["engine_origin"] == "file"
    assert [(tensor.name, tensor.shape, tensor.is_input) for tensor in case.tensors] == [
        ("x", (8, 1024), True),
        ("y", (8, 1024), False),
    ]
    case.enqueue(3, [0x10, 0x20], 7)
    assert [context.runs for context in engine.contexts] == [[], [], [], [({"x": 0x10, "y": 0x20}, 7)]]
    assert case.tolerance is not None
    case.close()


def test_an_enqueue_that_tensorrt_refuses_fails_the_point_in_its_own_words(of_file):
    engine = Engine()
    case = of_file(engine).prepare(POINT)
    engine.works = False
    with pytest.raises(CaptureError, match="enqueue failed: not a plan"):
        case.enqueue(0, [0x10, 0x20], 7)


def test_an_op_that_nobody_knows_is_not_verified(of_file):
    case = of_file(Engine()).prepare(Point("mine", (8, 1024)))
    assert (case.reference, case.tolerance) == (None, None)


def test_a_network_of_its_own_has_the_tensors_that_its_engine_names(of_file):
    engine = Engine(target=(-1, 16), ids=(4,), mask=(-1, 1024), z=(3,))
    case = of_file(engine).prepare(Point("mine", (8, 1024)))
    assert [(tensor.name, tensor.shape, tensor.dtype, tensor.is_input) for tensor in case.tensors] == [
        ("x", (8, 1024), "fp32", True),
        ("ids", (4,), "int32", True),
        ("mask", (8, 1024), "fp32", True),
        ("y", (8, 16), "fp32", False),
        ("z", (3,), "fp32", False),
    ]
    case.enqueue(0, [1, 2, 3, 4, 5], 7)
    assert engine.contexts[0].runs == [({"x": 1, "ids": 2, "mask": 3, "y": 4, "z": 5}, 7)]


@pytest.mark.parametrize(
    ("engine", "text"),
    [
        (Engine(target=(-1, 4096)), "tensor y of the engine is 8x4096 fp32, the point's is 8x1024 fp32"),
        (Engine(target=(-1, -1)), "tensor y of the engine is 8x8 fp32"),
        (Engine(source=(8, 1024), target=(-1, 1024)), "output y of the engine has shape -1x1024, which depends on the data"),
        (Engine(source=(8, 1024), target=(8, 4096)), "tensor y of the engine is 8x4096 fp32"),
        (Engine(source=(4, 1024), target=(4, 1024)), "tensor x of the engine is 4x1024 fp32"),
        (Engine(ids=(8,)), "the engine has 3 tensors, the op 2"),
        (Engine(layout="chw32"), "not in linear format"),
        (Engine(location="host"), "shape tensor"),
    ],
)
def test_an_engine_that_cannot_be_the_op_is_refused(of_file, engine, text):
    with pytest.raises(PointSkipped, match=text):
        of_file(engine).prepare(POINT)


class Builds(PlanStore):
    """Keeps plans as ever; a build gives `good`."""

    def __init__(self, folder):
        flavour = SimpleNamespace(name="tensorrt", full_version="1", is_rtx=False)
        super().__init__(flavour, folder, "", "gpu", "")
        self.built = 0

    def _build(self, point):
        self.built += 1
        return b"good"


def test_a_kept_plan_that_cannot_be_loaded_is_built_anew_once(fake, tmp_path):
    store = Builds(tmp_path)
    store.plan(POINT)
    (kept,) = tmp_path.glob("*.engine")
    kept.write_bytes(b"cut off")
    engine = opened(lambda data: Engine() if data == b"good" else None, SweepOptions((POINT,)), store)
    assert engine.prepare(POINT).facts["engine_origin"] == "built"
    assert kept.read_bytes() == b"good"
    assert engine.prepare(POINT).facts["engine_origin"] == "cache"
    assert store.built == 2


def test_a_new_plan_that_cannot_be_loaded_fails(fake, tmp_path):
    store = Builds(tmp_path)
    with pytest.raises(CaptureError, match="cannot be loaded: not a plan"):
        opened(lambda data: None, SweepOptions((POINT,)), store).prepare(POINT)
    assert store.built == 1


def test_a_plan_belongs_to_the_number_of_sms(fake, monkeypatch):
    engine = opened(None, SweepOptions((POINT,)))
    facts = {"name": "Fake GPU", "compute_capability": "9.0", "sm_count": 132}
    monkeypatch.setattr(tensorrt, "load_core", lambda: SimpleNamespace(call=lambda function, argument: {"device": facts}))
    seen = []
    engine._flavour.trt = SimpleNamespace(Runtime=lambda logger: None)
    engine._make_store = seen.append
    engine._open_device()
    assert seen == ["Fake GPU 9.0 132"]
