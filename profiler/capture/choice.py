"""What `auto` means on this machine: which tool, which engine, which driver; and the sentence that says so."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from profiler.capture.artefacts import find_driver, find_ops_library, find_plugin_libraries
from profiler.capture.gpus import gpus
from profiler.capture.recorders import recorders
from profiler.capture.request import CaptureRequest
from profiler.engines import ENGINES
from profiler.engines.ops_library import check_points
from profiler.engines.trt_compat import MODULES
from profiler.errors import ToolMissingError, UsageError
from profiler.runner.request import AUTO, SweepOptions
from profiler.tools.base import Tool
from profiler.tools.registry import KERNEL_TIMERS, TOOLS, UNTRACED

_MARKS = re.compile(rb"^\s*(?:import|from) profiler\b|PROFILER_BUILTIN_DIR", re.MULTILINE)
"""What stands in a program that marks sweep points: the import in Python, a name inside what includes the C++ header."""
_MARKED_BYTES = 64 << 20
"""What of a file is looked at: programs are smaller, and data may be much larger."""
_PACKAGES = {"direct": (("cuda",),), "tensorrt": (("cuda",), MODULES["tensorrt"]), "tensorrt_rtx": (MODULES["tensorrt_rtx"],)}


def resolve(request: CaptureRequest, note: Callable[[str], None]) -> CaptureRequest:
    """Replace every `auto` by what this machine offers.

    Args:
        request: What the user asked for.
        note: Gets a sentence for each choice.

    Raises:
        ToolMissingError: A tool that was asked for by name is not installed.
    """
    if request.sweep is not None:
        sweep = request.sweep
        if sweep.driver == AUTO and any(TOOLS[tool].own_runner_only for tool in request.tools if tool != AUTO):
            sweep = replace(sweep, driver="python")
        request = _without_gpu_tools(replace(request, sweep=_resolve_sweep(sweep, request.python, note)), note)
    elif shutil.which(request.command[0]) is None:
        raise UsageError(f"{request.command[0]}: no such program", "give its path, or check PATH; options go before --")
    if request.tools == (AUTO,):
        request = replace(request, tools=(_choose_tool(request, note),))
    own = next((tool for tool in request.tools if TOOLS[tool].own_runner_only), "") if request.sweep is None else ""
    if own:
        raise UsageError(f"--tool {own} records the project's own runner only", "use --tool nsys for a command of your own")
    for tool in request.tools:
        if recorders()[tool].probe() is None:
            raise ToolMissingError(f"{tool} is not installed", f"{TOOLS[tool].install}; or use --tool auto")
    return request


def _without_gpu_tools(request: CaptureRequest, note: Callable[[str], None]) -> CaptureRequest:
    """Leave out tools that see nothing of a sweep on the CPU, when another tool remains."""
    idle = [tool for tool in request.tools if tool != AUTO and TOOLS[tool].needs_kernels]
    if request.sweep is None or request.sweep.engine != "reference" or not idle:
        return request
    if len(idle) == len(request.tools):
        raise UsageError(f"--tool {','.join(idle)} records kernels, and the reference engine has none", "use --tool auto here")
    note(f"{', '.join(idle)} left out: the reference engine has no kernels to record")
    return replace(request, tools=tuple(tool for tool in request.tools if tool not in idle))


def _choose_tool(request: CaptureRequest, note: Callable[[str], None]) -> str:
    """Return the first tool that is whole on this machine and can record the request; say why it is not the first of all.

    Raises:
        ToolMissingError: There is none.
    """
    reasons: list[str] = []
    for tool in (tool for tool in TOOLS.values() if tool.automatic and _suits(tool, request)):
        found = recorders()[tool.name].probe()
        if found is not None and not found.lacks:
            if reasons:
                note(f"{reasons[0]}: recording with {tool.title}")
            return tool.name
        reasons.append(f"{tool.title} {'is not installed' if found is None else f'lacks {found.lacks}'}")
    raise ToolMissingError(
        f"{'; '.join(reasons)}, and the program is not seen to mark sweep points, which is all that can be recorded without it",
        f"{TOOLS[KERNEL_TIMERS[0]].install}; or mark points (profiler.point) and record with --tool {UNTRACED}",
    )


def _suits(tool: Tool, request: CaptureRequest) -> bool:
    sweep = request.sweep
    if tool.untraced and sweep is None:
        return any(map(_is_marked, request.command))
    if tool.needs_kernels and (not gpus() or (sweep is not None and sweep.engine == "reference")):
        return False
    # another interpreter need not have what this one has
    return not tool.own_runner_only or (sweep is not None and sweep.driver == "python" and request.python == sys.executable)


def _is_marked(word: str) -> bool:
    """Return whether a word of a command line is, or names, a program that marks sweep points."""
    path = Path(shutil.which(word) or word)
    try:
        with path.open("rb") as stream:
            return bool(_MARKS.search(stream.read(_MARKED_BYTES)))
    except (OSError, ValueError):  # no file, or a name too long for one: the word itself may be code
        return bool(_MARKS.search(word.encode()))


def _resolve_sweep(sweep: SweepOptions, python: str, note: Callable[[str], None]) -> SweepOptions:
    driver, engine = sweep.driver, sweep.engine
    if engine == AUTO and not gpus():
        note("no NVIDIA GPU is visible: running the reference on the CPU, so there are no kernels to compare")
        driver, engine = "python", "reference"
    elif engine == AUTO:
        engine = _choose_engine(driver, python, note)
    if driver == AUTO:
        driver = "python" if _python_runs(engine, python) or find_driver() is None else "cpp"
    _check_ops(replace(sweep, engine=engine))
    given = tuple(_absolute(path) for path in sweep.plugin_libraries)
    libraries = given or (_libraries(engine) if driver == "python" else ())  # the driver finds its own
    sweep = replace(sweep, engine_file=_absolute(sweep.engine_file), onnx_file=_absolute(sweep.onnx_file))
    return replace(sweep, driver=driver, engine=engine, plugin_libraries=libraries)


def _absolute(path: str) -> str:
    """Return a file as the sweep finds it, which runs in the folder of its run; `none` stands for no library."""
    return str(Path(path).absolute()) if path and path != "none" else path


def _check_ops(sweep: SweepOptions) -> None:
    """Refuse unknown ops, attributes and values, unless they are those of the user's own library, model or engine class."""
    if sweep.plugin_libraries or sweep.engine_file or sweep.onnx_file or sweep.engine not in ENGINES:
        return
    check_points([point for point in sweep.points if point.op != "copy" and not point.op.startswith("native_")])


def _choose_engine(driver: str, python: str, note: Callable[[str], None]) -> str:
    by_driver = driver != "python" and find_driver() is not None
    by_runner = driver != "cpp" and find_ops_library() is not None and _python_runs("direct", python)
    if driver == "cpp" or by_driver or by_runner:
        return "direct"
    not_built = "the plugins are not built (profiler build)" if find_ops_library() is None else ""
    note(f"{not_built or 'cuda-python is not installed (pip install cuda-python)'}: running the reference on the CPU")
    return "reference"


def _python_runs(engine: str, python: str) -> bool:
    """Return whether the Python runner has an engine, as far as this interpreter can know that of another."""
    if engine not in ENGINES:
        return ":" in engine
    if python != sys.executable:
        return True
    return all(any(find_spec(name) for name in names) for names in _PACKAGES.get(engine, ()))


def _libraries(engine: str) -> tuple[str, ...]:
    found = [find_ops_library()] if engine == "direct" else find_plugin_libraries() if engine.startswith("tensorrt") else []
    return tuple(str(path) for path in found if path)
