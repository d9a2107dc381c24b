"""Building the C++ side: what is found, what is asked of CMake, what is said when something is missing."""

from pathlib import Path

import pytest

from profiler.capture import build as building
from profiler.errors import ToolMissingError, UsageError


def headers(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True)
    (folder / "NvInfer.h").write_text("")
    (folder / "NvInferVersion.h").write_text(text)
    return folder


def test_the_version_is_read_from_both_header_styles(tmp_path):
    old = headers(tmp_path / "a", "#define NV_TENSORRT_MAJOR 8 //!< x\n#define NV_TENSORRT_MINOR 6\n#define NV_TENSORRT_PATCH 1\n")
    new = headers(
        tmp_path / "b",
        "#define TRT_MAJOR_ENTERPRISE 10\n#define TRT_MINOR_ENTERPRISE 13\n#define TRT_PATCH_ENTERPRISE 3\n"
        "#define NV_TENSORRT_MAJOR TRT_MAJOR_ENTERPRISE\n",
    )
    assert building.tensorrt_version(old) == (8, 6, 1)
    assert building.tensorrt_version(new) == (10, 13, 3)
    assert building.tensorrt_version(tmp_path) is None


def test_headers_are_found_by_argument_variable_and_root_once_each(tmp_path, monkeypatch):
    a, b, c = (headers(tmp_path / name / "include", "") for name in "abc")
    monkeypatch.setenv("TENSORRT_INCLUDE_DIR", f"{b};{a}")
    monkeypatch.setenv("TENSORRT_ROOT", str(tmp_path / "c"))
    monkeypatch.setattr(building, "SYSTEM_INCLUDES", ())
    assert building.find_tensorrt_headers([a]) == [a, b, c]


def test_a_named_folder_without_headers_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"NvInfer\.h"):
        building.find_tensorrt_headers([tmp_path])


@pytest.mark.parametrize("missing, named", [("cmake", "cmake"), ("g++", "compiler"), ("nvcc", "nvcc")])
def test_a_missing_compiler_is_named(monkeypatch, missing, named):
    monkeypatch.setattr(building.shutil, "which", lambda name: None if name in (missing, "clang++") else f"/bin/{name}")
    monkeypatch.setattr(building, "find_nvcc", lambda: None if missing == "nvcc" else "/bin/nvcc")
    with pytest.raises(ToolMissingError, match=named):
        building._require_tools()


def test_outside_a_checkout_the_sources_are_asked_for(tmp_path, monkeypatch):
    monkeypatch.setattr(building, "__file__", str(tmp_path / "lib" / "profiler" / "capture" / "build.py"))
    with pytest.raises(UsageError, match="plugins"):
        building.source_root(tmp_path)


def test_the_configure_line_passes_everything_on():
    argv = building.configure_argv("cmake", "nvcc", Path("s"), Path("b"), "90", [Path("x"), Path("y")], True)
    assert argv == [
        "cmake",
        "-S",
        "s",
        "-B",
        "b",
        "-DCMAKE_CUDA_COMPILER=nvcc",
        "-DTENSORRT_INCLUDE_DIR=x;y",
        "-DCMAKE_CUDA_ARCHITECTURES=90",
        "-DPROFILER_WARNINGS_AS_ERRORS=ON",
    ]
