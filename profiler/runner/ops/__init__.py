"""NumPy references of the ops, one module an op; `OPS` names them."""

from __future__ import annotations

from profiler.errors import UsageError, nearest
from profiler.runner.ops import add_scalar, swish
from profiler.runner.ops.base import ReferenceOp

OPS: dict[str, ReferenceOp] = {op.name: op for op in (swish.OP, add_scalar.OP)}


def find_op(name: str) -> ReferenceOp:
    """Find an op's reference by name.

    Raises:
        UsageError: There is none of that name.
    """
    if name not in OPS:
        raise UsageError(f"plugin {name!r} has no reference", nearest(name, OPS))
    return OPS[name]
