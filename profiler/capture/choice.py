"""What `auto` means on this machine: which tool, which engine, which driver; and the sentence that says so."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace

from profiler.capture.artefacts import find_driver, find_ops_library, find_plugin_libraries
from profiler.capture.recorders import recorders
from profiler.capture.request import AUTO, CaptureRequest, SweepOptions
from profiler.engines import ENGINES
from profiler.engines.nvml import gpus
from profiler.errors import ToolMissingError, UsageError


def resolve(request: CaptureRequest, note: Callable[[str], None]) -> CaptureRequest:
    """Replace every `auto` by what this machine offers.

    Args:
        request: What the user asked for.
        note: Gets a sentence for each choice.

    Raises:
        ToolMissingError: A tool that was asked for by name is not installed.
    """
    if request.sweep is not None:
        request = replace(request, sweep=_resolve_sweep(request.sweep, note))
    elif shutil.which(request.command[0]) is None:
        raise UsageError(f"{request.command[0]}: no such program", "give its path, or check PATH; options go before --")
    if request.tools == (AUTO,):
        request = replace(request, tools=(_choose_tool(note),))
    for tool in request.tools:
        if recorders()[tool].probe() is None:
            raise ToolMissingError(f"{tool} is not installed", _install_hint(tool))
    return request


def _choose_tool(note: Callable[[str], None]) -> str:
    if recorders()["nsys"].probe() is not None:
        return "nsys"
    cupti = recorders().get("cupti")
    if gpus() and cupti is not None and cupti.probe() is not None:
        note("Nsight Systems is not installed: recording with the embedded CUPTI recorder instead")
        return "cupti"
    note("Nsight Systems is not installed: recording with the built-in recorder, which sees only the marked ranges and their times")
    return "builtin"


def _install_hint(tool: str) -> str:
    from profiler.tools.ncu.record import INSTALL_HINT as NCU_HINT
    from profiler.tools.nsys.locate import INSTALL_HINT as NSYS_HINT

    return {"nsys": NSYS_HINT, "ncu": NCU_HINT}.get(
        tool, "pip install cuda-python cupti-python pyelftools"
    ) + "; or use --tool auto"


def _resolve_sweep(sweep: SweepOptions, note: Callable[[str], None]) -> SweepOptions:
    driver, engine = sweep.driver, sweep.engine
    if driver == AUTO:
        driver = "python" if engine == AUTO or engine in ENGINES or ":" in engine or not find_driver() else "cpp"
    if engine == AUTO:
        engine = _choose_engine(driver, note)
    libraries = sweep.plugin_libraries or (_libraries(engine) if driver == "python" else ())  # the driver finds its own
    return replace(sweep, driver=driver, engine=engine, plugin_libraries=libraries)


def _choose_engine(driver: str, note: Callable[[str], None]) -> str:
    if driver == "cpp":
        return "direct"
    if not gpus():
        note("no NVIDIA GPU is visible: running the NumPy reference on the CPU, so there are no kernels to compare")
        return "reference"
    if find_ops_library() is None:
        note("the plugins are not built (profiler build): running the NumPy reference on the CPU")
        return "reference"
    return "direct"


def _libraries(engine: str) -> tuple[str, ...]:
    if engine == "direct":
        library = find_ops_library()
        return (str(library),) if library else ()
    return tuple(str(path) for path in find_plugin_libraries()) if engine.startswith("tensorrt") else ()
