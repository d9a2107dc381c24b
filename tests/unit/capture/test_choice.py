"""What `auto` becomes on machines with and without GPU, plugins and packages; and that every choice is said."""

import sys
from pathlib import Path

import pytest

from profiler.capture import choice
from profiler.capture.request import CaptureRequest, SweepOptions
from profiler.capture.sweep import expand
from profiler.errors import ToolMissingError, UsageError
from profiler.tools.base import ToolVersion

POINTS = tuple(expand("swish", ["8"], []))


@pytest.fixture
def machine(monkeypatch):
    """Describe a machine: GPU, built artefacts, importable packages, installed tools."""

    def describe(gpu=False, ops=False, driver=False, packages=(), nsys=True, lacks=""):
        monkeypatch.setattr(choice, "gpus", lambda: ["gpu"] if gpu else [])
        monkeypatch.setattr(choice, "find_ops_library", lambda: Path("/lib/libprofiler_ops.so") if ops else None)
        monkeypatch.setattr(choice, "find_driver", lambda: Path("/bin/profiler-driver") if driver else None)
        monkeypatch.setattr(choice, "find_plugin_libraries", lambda: [Path("/lib/libprofiler_plugins_trt8.so")])
        monkeypatch.setattr(choice, "find_spec", lambda name: name if name in packages else None)
        tools = {"nsys": nsys, "ncu": True, "cupti": "cupti" in packages, "builtin": True}
        versions = {
            name: ToolVersion("", (1,), name, lacks if name == "nsys" else "") if there else None for name, there in tools.items()
        }
        found = {name: type("Tool", (), {"probe": staticmethod(lambda own=own: own)}) for name, own in versions.items()}
        monkeypatch.setattr(choice, "recorders", lambda: found)

    return describe


def resolve(tools=("auto",), python=sys.executable, **options):
    notes = []
    request = choice.resolve(CaptureRequest(tools=tools, sweep=SweepOptions(POINTS, **options), python=python), notes.append)
    return request.tools, request.sweep.driver, request.sweep.engine, request.sweep.plugin_libraries, notes


def test_without_a_gpu_the_reference_engine_runs_whatever_driver_was_asked(machine):
    machine(driver=True, ops=True)
    for driver in ("auto", "cpp", "python"):
        tools, *rest, notes = resolve(driver=driver)
        assert (tools, *rest) == (("nsys",), "python", "reference", ())
        assert "no NVIDIA GPU" in notes[0]


def test_with_a_gpu_and_everything_built_the_runner_launches_kernels(machine):
    machine(gpu=True, ops=True, driver=True, packages=("cuda",))
    assert resolve() == (("nsys",), "python", "direct", ("/lib/libprofiler_ops.so",), [])
    assert resolve(driver="cpp") == (("nsys",), "cpp", "direct", (), [])


def test_without_cuda_python_the_driver_launches_them(machine):
    machine(gpu=True, ops=True, driver=True)
    assert resolve()[1:3] == ("cpp", "direct")
    assert resolve(engine="tensorrt")[1] == "cpp"
    assert resolve(engine="tensorrt", python="/other/python3.10")[1:4] == (
        "python",
        "tensorrt",
        ("/lib/libprofiler_plugins_trt8.so",),
    )


@pytest.mark.parametrize(("ops", "text"), [(False, "not built"), (True, "cuda-python")])
def test_a_gpu_without_what_it_needs_falls_back_and_says_why(machine, ops, text):
    machine(gpu=True, ops=ops)
    *_, engine, _, notes = resolve()
    assert engine == "reference"
    assert text in notes[0]


def test_tools_that_need_a_gpu_are_left_out_beside_others_and_refused_alone(machine):
    machine()
    tools, *_, notes = resolve(tools=("nsys", "ncu"))
    assert tools == ("nsys",)
    assert "ncu left out" in notes[-1]
    with pytest.raises(UsageError, match="records kernels"):
        resolve(tools=("ncu",))


def test_without_nsys_a_gpu_is_recorded_with_cupti(machine):
    machine(gpu=True, ops=True, packages=("cuda", "cupti"), nsys=False)
    tools, *_, notes = resolve()
    assert tools == ("cupti",)
    assert "CUPTI" in notes[0]


def test_a_tool_that_lacks_a_part_is_not_chosen(machine):
    machine(lacks="QdstrmImporter")
    tools, *_, notes = resolve()
    assert tools == ("builtin",) and "lacks QdstrmImporter" in notes[-1]


def test_the_embedded_recorder_is_not_chosen_for_another_interpreter(machine):
    machine(gpu=True, ops=True, packages=("cuda", "cupti"), nsys=False)
    assert resolve(engine="direct", python="/other/python3.10")[0] == ("builtin",)


def test_libraries_of_the_user_are_kept(machine):
    machine(gpu=True, ops=True, packages=("cuda",))
    assert resolve(plugin_libraries=("/mine.so",))[3] == ("/mine.so",)


def test_files_of_a_sweep_are_found_from_the_folder_of_its_run(machine, tmp_path, monkeypatch):
    machine(gpu=True)
    monkeypatch.chdir(tmp_path)
    sweep = SweepOptions(POINTS, driver="python", engine="tensorrt", plugin_libraries=("lib/a.so", "none"), onnx_file="model.onnx")
    resolved = choice.resolve(CaptureRequest(tools=("builtin",), sweep=sweep), lambda text: None).sweep
    assert resolved.plugin_libraries == (str(tmp_path / "lib/a.so"), "none")
    assert (resolved.onnx_file, resolved.engine_file) == (str(tmp_path / "model.onnx"), "")


@pytest.mark.parametrize("content", ["import profiler\n", "from profiler import point\n", "\x7fELF\0PROFILER_BUILTIN_DIR\0"])
def test_a_program_that_marks_points_is_recorded_without_a_tool_where_there_is_none(machine, tmp_path, content):
    machine(nsys=False)
    program = tmp_path / "program"
    program.write_text(content)
    notes = []
    assert choice.resolve(CaptureRequest(command=(sys.executable, str(program))), notes.append).tools == ("builtin",)
    assert "Nsight Systems is not installed" in notes[0]


def test_a_program_that_nothing_here_can_record_is_refused_with_what_is_missing(machine, tmp_path):
    machine(nsys=False)
    program = tmp_path / "program.py"
    program.write_text("print('no import of profiler here')\n")
    with pytest.raises(ToolMissingError, match="Nsight Systems is not installed") as caught:
        choice.resolve(CaptureRequest(command=(sys.executable, str(program))), print)
    assert "install" in caught.value.hint and "--tool builtin" in caught.value.hint
