"""What a NumPy reference of an op states."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from profiler.errors import UsageError

if TYPE_CHECKING:
    import numpy as np

Parameters = Mapping[str, float]
LAUNCH_ATTRIBUTES = ("variant", "block", "items", "grid", "cache")


@dataclass(frozen=True)
class ReferenceOp:
    """An elementwise op on the CPU.

    Attributes:
        name: Name of the op, as of its plugin folder.
        plugin_name: TensorRT plugin name and ONNX node type.
        exact: Takes the input in float64 and the parameters; returns the result in float64.
        compute: Writes the float32 result of a float32 array into another, without further arrays.
        tolerance: Takes the parameters and the element type; returns (absolute, relative):
            |actual - expected| <= absolute + relative * |expected| passes.
        defaults: Parameters (attributes that change the result) with their defaults.
    """

    name: str
    plugin_name: str
    exact: Callable[[np.ndarray, Parameters], np.ndarray]
    compute: Callable[[np.ndarray, np.ndarray, Parameters], None]
    tolerance: Callable[[Parameters, str], tuple[float, float]]
    defaults: Parameters = field(default_factory=dict)

    def parameters(self, attributes: Mapping[str, object]) -> dict[str, float]:
        """Return every parameter: the given value, else the default.

        Raises:
            UsageError: A value is no number.
        """
        values = {}
        for name, default in self.defaults.items():
            try:
                values[name] = float(attributes.get(name, default))  # type: ignore[arg-type]
            except (TypeError, ValueError) as error:
                raise UsageError(f"{self.name}: {name}={attributes[name]!r} is no number", f"example: --set {name}=1.5") from error
        return values
