"""libprofiler_core through ctypes.

The interface stands in `cpp_driver/include/profiler/core.h`. Buffers, cache rotation, warm-up, timing, the stop rule and all checks
are the core's, the same as in profiler-driver.
"""

from __future__ import annotations

import ctypes
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from profiler.capture.artefacts import find_core_library
from profiler.errors import CaptureError, ProfilerError, ToolMissingError, UsageError
from profiler.runner.native_library import load_library

ABI_VERSION = 1
_ERRORS: dict[int, type[ProfilerError]] = {error.exit_code: error for error in (UsageError, ToolMissingError, CaptureError)}


class Core:
    """The loaded library.

    Args:
        path: libprofiler_core.so; None: there is none.

    Raises:
        ToolMissingError: It was not built, cannot be loaded, or is of another version.
    """

    def __init__(self, path: Path | None) -> None:
        self._library = load_library(path, "profilerCoreAbiVersion", ABI_VERSION, "measuring core")
        answer = ctypes.POINTER(ctypes.c_void_p)
        self._library.profilerCoreCall.argtypes = [ctypes.c_char_p, ctypes.c_char_p, answer]
        self._library.profilerCoreMeasure.argtypes = [ctypes.c_char_p, ctypes.c_void_p, answer]
        self._library.profilerCoreFree.argtypes = [ctypes.c_void_p]

    def call(self, function: str, argument: Any = None) -> Any:
        """Call a function of core.h by name; argument and answer are what JSON can hold.

        Raises:
            ProfilerError: The core refuses.
        """
        return self._answer(self._library.profilerCoreCall, function.encode(), _json(argument))

    def measure(self, request: dict[str, Any], callbacks: ctypes.Structure) -> Any:
        """Measure one point, as `profiler.runner.measurement` does.

        Raises:
            ProfilerError: The core refuses the request.
        """
        return self._answer(self._library.profilerCoreMeasure, _json(request), ctypes.byref(callbacks))

    def _answer(self, function: Callable[..., int], *arguments: Any) -> Any:
        text = ctypes.c_void_p()
        status = function(*arguments, ctypes.byref(text))
        try:
            answer = json.loads(ctypes.string_at(text.value)) if text.value else {}
        finally:
            self._library.profilerCoreFree(text)
        if status:
            message = answer.get("error", f"the measuring core failed ({status})")
            raise _ERRORS.get(status, CaptureError)(message, answer.get("hint", ""))
        return answer


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


@cache
def load_core() -> Core:
    """Return the measuring core, loaded once.

    Raises:
        ToolMissingError: It was not built.
    """
    return Core(find_core_library())
