"""Lets TensorRT for RTX find its own library: its ONNX parser opens it by a name that the Python package does not carry."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

_PACKAGE = "tensorrt_rtx_libs"
_LIBRARY = "libtensorrt_rtx.so"


def library_environment(engine: str, scratch: Path) -> dict[str, str]:
    """Return the variables that a process needs which is going to use an engine.

    Args:
        engine: Engine name.
        scratch: Folder for a link; it must live as long as the process.
    """
    package = importlib.util.find_spec(_PACKAGE) if engine == "tensorrt_rtx" else None
    found = sorted(Path(package.origin).parent.glob(f"{_LIBRARY}.*")) if package and package.origin else []
    if not found:
        return {}
    folder = scratch / "tensorrt-rtx"
    folder.mkdir(exist_ok=True)
    link = folder / _LIBRARY
    if not link.exists():
        link.symlink_to(found[0])
    inherited = os.environ.get("LD_LIBRARY_PATH", "")
    return {"LD_LIBRARY_PATH": os.pathsep.join(part for part in (str(folder), inherited) if part)}
