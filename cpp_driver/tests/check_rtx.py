"""Builds an ONNX model with TensorRT for RTX through the driver's module; needs no GPU.

Usage: check_rtx.py MODULE_TEST MODULE WORK_FOLDER
Exit status 77: TensorRT for RTX or onnx is not installed, the test is skipped.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

SKIPPED = 77


def find_library() -> Path | None:
    """The library of the tensorrt_rtx package, wherever its wheel put it."""
    for package in ("tensorrt_rtx_libs", "tensorrt_rtx_cu13_libs", "tensorrt_rtx"):
        spec = importlib.util.find_spec(package)
        for folder in spec.submodule_search_locations if spec and spec.submodule_search_locations else ():
            for library in Path(folder).rglob("libtensorrt_rtx.so.1"):
                return library
    return None


def write_model(path: Path) -> None:
    """Write y = x * sigmoid(x) as ONNX."""
    import onnx
    from onnx import TensorProto, helper

    info = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [4, 8]) for name in ("x", "y")]
    nodes = [helper.make_node("Sigmoid", ["x"], ["s"]), helper.make_node("Mul", ["x", "s"], ["y"])]
    graph = helper.make_graph(nodes, "silu", info[:1], info[1:])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)


def main() -> int:
    """Run all checks."""
    program, module, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    library = find_library()
    if library is None or importlib.util.find_spec("onnx") is None:
        print("skipped: TensorRT for RTX or onnx is not installed for this Python")
        return SKIPPED
    folder.mkdir(parents=True, exist_ok=True)
    # The ONNX parser opens the library under its unversioned name.
    link = folder / "libtensorrt_rtx.so"
    link.unlink(missing_ok=True)
    link.symlink_to(library)
    model = folder / "silu.onnx"
    write_model(model)
    search = os.pathsep.join([str(folder), str(library.parent), os.environ.get("LD_LIBRARY_PATH", "")])
    environment = {**os.environ, "LD_LIBRARY_PATH": search}
    return subprocess.run([program, module, str(library), str(model), str(folder / "work")], env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
