"""What the TensorRT engine refuses to run, and what becomes of a kept plan that cannot be loaded; TensorRT is a stand-in."""

from types import SimpleNamespace

import pytest
from fake_cuda import FakeCuda

from profiler.engines import cuda_runtime
from profiler.engines.base import PointSkipped
from profiler.engines.cuda_runtime import Cuda
from profiler.engines.gpu_case import GpuContext
from profiler.engines.tensorrt import TensorRtEngine, _reference
from profiler.engines.trt_build import PlanStore
from profiler.errors import CaptureError
from profiler.runner.host_data import HostData
from profiler.runner.point import Point
from profiler.runner.request import SweepOptions

POINT = Point("swish", (8, 1024), "fp32")
TRT = SimpleNamespace(
    TensorIOMode=SimpleNamespace(INPUT="in", OUTPUT="out"),
    TensorLocation=SimpleNamespace(HOST="host", DEVICE="device"),
    TensorFormat=SimpleNamespace(LINEAR="linear", CHW32="chw32"),
    LayerInformationFormat=SimpleNamespace(JSON="json"),
)


class Context:
    def __init__(self, engine):
        self.engine, self.batch = engine, None

    def set_input_shape(self, name, shape):
        self.batch = shape[0]
        return True

    def get_tensor_shape(self, name):
        return tuple(self.batch if size == -1 and self.batch else size for size in self.engine.shapes[name])


class Engine:
    num_io_tensors = 2

    def __init__(self, source=(-1, 1024), target=(-1, 1024), location="device", layout="linear"):
        self.shapes = {"x": source, "y": target}
        self.location, self.layout = location, layout

    def get_tensor_name(self, index):
        return "xy"[index]

    def get_tensor_mode(self, name):
        return "in" if name == "x" else "out"

    def get_tensor_dtype(self, name):
        return SimpleNamespace(name="FLOAT")

    def get_tensor_shape(self, name):
        return self.shapes[name]

    def get_tensor_location(self, name):
        return self.location

    def get_tensor_format(self, name):
        return self.layout

    def create_execution_context(self):
        return Context(self)

    def create_engine_inspector(self):
        return None


@pytest.fixture
def fake(monkeypatch):
    device = FakeCuda()
    monkeypatch.setattr(cuda_runtime, "load_bindings", lambda: (device.runtime, device.driver))
    return device


def opened(engine_of, options, store=None):
    """The engine as it is after it was opened; `engine_of` stands for TensorRT's deserialisation."""
    engine = object.__new__(TensorRtEngine)
    cuda = Cuda()
    engine._request, engine._settings = options, options.settings
    engine._flavour = SimpleNamespace(trt=TRT, logger=SimpleNamespace(take=lambda: "not a plan"))
    engine._context = GpuContext(cuda, cuda.facts(), HostData(_reference))
    engine._runtime = SimpleNamespace(deserialize_cuda_engine=engine_of)
    engine._store = store
    return engine


@pytest.fixture
def of_file(fake, tmp_path):
    (tmp_path / "e.engine").write_bytes(b"plan")
    return lambda engine: opened(lambda data: engine, SweepOptions((POINT,), engine_file=str(tmp_path / "e.engine")))


def test_a_dynamic_engine_of_equal_shapes_runs(of_file, fake):
    case = of_file(Engine()).prepare(POINT)
    assert case.facts["engine_origin"] == "file"
    case.close()
    assert not fake.blocks


@pytest.mark.parametrize(
    ("engine", "text"),
    [
        (Engine(target=(-1, 4096)), "output y of the engine has shape 8x4096 for an input of 8x1024"),
        (Engine(target=(-1, -1)), "output y of the engine has shape 8x8 for"),
        (Engine(source=(8, 1024), target=(-1, 1024)), "output y of the engine has shape -1x1024"),
        (Engine(source=(8, 1024), target=(8, 4096)), "tensor y of the engine has shape 8x4096, the point 8x1024"),
        (Engine(layout="chw32"), "not in linear format"),
        (Engine(location="host"), "shape tensor"),
    ],
)
def test_an_output_for_which_there_is_no_room_is_refused(of_file, fake, engine, text):
    with pytest.raises(PointSkipped, match=text):
        of_file(engine).prepare(POINT)
    assert not fake.blocks
    assert not fake.streams


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


def test_a_plan_belongs_to_the_number_of_sms(fake):
    engine = opened(None, SweepOptions((POINT,)))
    seen = []
    engine._flavour.trt = SimpleNamespace(Runtime=lambda logger: None)
    engine._make_store = seen.append
    engine._open_device()
    assert seen == ["Fake GPU 9.0 132"]
