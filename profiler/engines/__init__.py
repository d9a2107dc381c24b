"""What the Python runner executes; each engine states its name, and imports what it needs when it is opened."""

from __future__ import annotations

from importlib import import_module

from profiler.engines.base import Engine
from profiler.errors import UsageError, nearest

ENGINES: dict[str, str] = {
    "reference": "profiler.engines.reference:ReferenceEngine",
    "direct": "profiler.engines.direct:DirectEngine",
    "tensorrt": "profiler.engines.tensorrt:TensorRtEngine",
    "torch": "profiler.engines.torch_baseline:TorchEngine",
    "tensorrt_rtx": "profiler.engines.tensorrt:TensorRtRtxEngine",
}


def load_engine(name: str) -> type[Engine]:
    """Import an engine's class.

    Args:
        name: One of `ENGINES`, or `module:Class` of an own engine.

    Raises:
        UsageError: There is no such engine.
    """
    target = ENGINES.get(name, name if ":" in name else "")
    if not target:
        raise UsageError(f"engine {name!r} is unknown", nearest(name, ENGINES))
    module, _, attribute = target.partition(":")
    try:
        engine: type[Engine] = getattr(import_module(module), attribute)
        return engine
    except (ImportError, AttributeError) as error:
        raise UsageError(f"engine {name!r} cannot be loaded: {error}", "install what it imports") from error
