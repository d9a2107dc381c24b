"""Profile CUDA kernels of TensorRT plugins: record, analyse, compare.

Importing this package does no work: every public name is loaded on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_PUBLIC = {
    "load": "profiler.metrics.recording",
    "Recording": "profiler.metrics.recording",
    "ProfilerError": "profiler.errors",
    "point": "profiler.annotate",
    "iteration": "profiler.annotate",
}

__all__ = ["ProfilerError", "Recording", "__version__", "iteration", "load", "point"]

if TYPE_CHECKING:
    from profiler.annotate import iteration, point
    from profiler.errors import ProfilerError
    from profiler.metrics.recording import Recording, load


def __getattr__(name: str) -> Any:
    """Load a public name when it is first asked for."""
    if name in _PUBLIC:
        return getattr(import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'profiler' has no attribute {name!r}")


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted(__all__)
