"""What plans and timing caches are kept by, and what becomes of a timing cache that TensorRT refuses; TensorRT is a stand-in."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from profiler.engines import trt_build, trt_compat
from profiler.engines.trt_build import PlanStore
from profiler.engines.trt_compat import Flavour, library_version
from profiler.runner.point import Point

POINT = Point("swish", (4, 4), "fp32")


class Cache:
    def __init__(self, data):
        self.data = data

    def serialize(self):
        return self.data


class Config:
    """A builder configuration whose caches begin with `ok`; `foreign` ones can be read and are not taken."""

    def __init__(self):
        self.cache = None

    def create_timing_cache(self, data):
        return Cache(data) if data[:2] in (b"", b"ok") or data == b"foreign" else None

    def set_timing_cache(self, cache, ignore_mismatch):
        if cache is None:
            raise TypeError("incompatible function arguments")
        if cache.data == b"foreign":
            return False
        self.cache = cache
        return True

    def get_timing_cache(self):
        return self.cache


class FakeFlavour:
    name, full_version, is_rtx, has_v3_plugins = "tensorrt", "10.1.0 10100.27", False, True

    def __init__(self):
        self.trt = SimpleNamespace(TensorFormat=SimpleNamespace(LINEAR=0))
        self.logger = SimpleNamespace(take=lambda: "")
        self.seen = []

    def create_builder(self):
        return object()

    def create_network(self, builder):
        return SimpleNamespace(add_input=lambda *_: None, mark_output=lambda _: None)

    def create_config(self, builder, dtype):
        return Config()

    def dtype(self, name):
        return name

    def add_plugin(self, *_):
        return [SimpleNamespace(name="")]

    def build(self, builder, network, config):
        self.seen.append(config.cache.data if config.cache else None)
        if config.cache:
            config.cache = Cache(b"ok" + config.cache.data[2:] + b"+")
        return b"plan"


def store(folder, device="gpu 9.0 132", flavour=None):
    return PlanStore(flavour or FakeFlavour(), folder, "sha256:plugins", device, "")


def test_a_timing_cache_grows_from_build_to_build(tmp_path):
    flavour = FakeFlavour()
    plans = store(tmp_path, flavour=flavour)
    plans.plan(POINT)
    plans.plan(Point("swish", (8, 8), "fp32"))
    assert flavour.seen == [b"", b"ok+"]
    assert plans.timing_cache_file.read_bytes() == b"ok++"


@pytest.mark.parametrize("data", [b"corrupt", b"foreign"])
def test_a_timing_cache_that_is_refused_gives_way_to_an_empty_one(tmp_path, data):
    flavour = FakeFlavour()
    plans = store(tmp_path, flavour=flavour)
    plans.timing_cache_path.write_bytes(data)
    plans.plan(POINT)
    assert flavour.seen == [b""]
    assert plans.timing_cache_file.read_bytes() == b"ok+"


def test_a_refused_timing_cache_is_not_said_to_be_in_use(tmp_path, monkeypatch):
    flavour = FakeFlavour()
    plans = store(tmp_path, flavour=flavour)
    plans.timing_cache_path.write_bytes(b"corrupt")
    monkeypatch.setattr(Config, "create_timing_cache", lambda self, data: None)
    assert plans.plan(POINT).origin == "built"
    assert flavour.seen == [None]
    assert plans.timing_cache_file is None


def key(folder, device="gpu 9.0 132", **changes):
    flavour = FakeFlavour()
    for name, value in changes.items():
        setattr(flavour, name, value)
    folder.mkdir()
    store(folder, device, flavour).plan(POINT)
    return next(folder.glob("*.engine")).name


def test_a_plan_is_kept_by_all_that_shapes_it(tmp_path, monkeypatch):
    keys = [key(tmp_path / "a"), key(tmp_path / "b", full_version="10.1.0 10100.28"), key(tmp_path / "c", device="gpu 9.0 16")]
    monkeypatch.setattr(trt_build, "NETWORK_VERSION", trt_build.NETWORK_VERSION + 1)
    keys.append(key(tmp_path / "d"))
    monkeypatch.setattr(trt_build, "__version__", "999")
    keys.append(key(tmp_path / "e"))
    assert len(set(keys)) == 5


def test_two_processes_that_fill_one_cache_do_not_meet(tmp_path, monkeypatch):
    """Another process writes the same plan between this one's write and its rename."""
    plans, names = store(tmp_path), []
    replace = Path.replace

    def meet(self, target):
        if target.suffix == ".engine" and not names:
            names.append(self.name)
            assert store(tmp_path).plan(POINT).origin == "built"
            assert self.is_file(), "the other process took this one's temporary file"
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", meet)
    assert plans.plan(POINT).origin == "built"
    assert [path.read_bytes() for path in tmp_path.glob("*.engine")] == [b"plan"]
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_the_full_version_holds_package_library_and_build(monkeypatch):
    flavour = object.__new__(Flavour)
    flavour.trt = SimpleNamespace(__version__="10.13.3")
    monkeypatch.setattr(trt_compat, "library_version", lambda: "101303.9")
    assert flavour.full_version == "10.13.3 101303.9"
    monkeypatch.setattr(trt_compat, "library_version", lambda: "")
    assert flavour.full_version == "10.13.3"


@pytest.mark.parametrize(
    ("functions", "text"), [(("getInferLibVersion", "getInferLibBuildVersion"), "7.7"), (("getInferLibVersion",), "7")]
)
def test_the_loaded_library_tells_its_version(monkeypatch, tmp_path, functions, text):
    maps = tmp_path / "maps"
    maps.write_text(
        "00400000-00452000 r-xp 00000000 08:02 173521 /opt/lib/libnvinfer_plugin.so.10\n"
        "00e03000-00e24000 rw-p 00000000 00:00 0\n"
        "35b1800000-35b1820000 r-xp 00000000 08:02 135522 /opt/a b/libnvinfer.so.10.13.3\n"
    )
    opened = []

    def library(path):
        opened.append(path)
        return SimpleNamespace(**{name: lambda: 7 for name in functions})

    monkeypatch.setattr(trt_compat, "MAPS", maps)
    monkeypatch.setattr(trt_compat.ctypes, "CDLL", library)
    assert library_version() == text
    assert opened == ["/opt/a b/libnvinfer.so.10.13.3"]
    monkeypatch.setattr(trt_compat, "MAPS", tmp_path / "absent")
    assert library_version() == ""


@pytest.mark.parametrize("length", [5, 127, 128, 200])
def test_a_model_is_known_by_its_weights_too(tmp_path, length):
    onnx = pytest.importorskip("onnx")
    name = "w" * length
    weight = onnx.helper.make_tensor("w", onnx.TensorProto.FLOAT, [1024], b"\0" * 4096, raw=True)
    graph = onnx.helper.make_graph([], "g", [], [], [weight])
    path = tmp_path / "model.onnx"
    onnx.save_model(onnx.helper.make_model(graph), path, save_as_external_data=True, location=name, size_threshold=0)
    weights = tmp_path / name
    assert weights.stat().st_size == 4096
    before = trt_build.model_digest(path)
    assert trt_build.model_digest(path) == before
    weights.write_bytes(b"\1" + weights.read_bytes()[1:])
    assert trt_build.model_digest(path) != before
