"""Launches the plugins' kernels without TensorRT, through the ops' C interface; memory, streams and events from cuda-python."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from profiler.engines.base import PointSkipped
from profiler.engines.cuda_runtime import Cuda
from profiler.engines.gpu_case import GpuCase, GpuContext, require_elementwise
from profiler.engines.ops_library import STATUS_REFUSED, OpsLibrary, PreparedOp, Tensor, tensor
from profiler.errors import CaptureError, ToolMissingError
from profiler.runner.host_data import HostData
from profiler.runner.point import Point
from profiler.runner.request import SweepOptions


class DirectExecutor:
    """Launches a prepared op on one lane.

    Args:
        cuda: The device.
        library: For the words of a status.
        prepared: The op.
        point: Shape and type.
        workspace_bytes: Scratch memory that a launch needs.
    """

    def __init__(self, cuda: Cuda, library: OpsLibrary, prepared: PreparedOp, point: Point, workspace_bytes: int) -> None:
        self._cuda, self._library, self._prepared, self._point = cuda, library, prepared, point
        self._workspace = cuda.allocate(workspace_bytes) if workspace_bytes else 0
        self._workspace_bytes = workspace_bytes
        self._views: dict[int, Tensor] = {}

    def _view(self, address: int) -> Tensor:
        if address not in self._views:
            self._views[address] = tensor(self._point.dtype, self._point.shape, address)
        return self._views[address]

    def enqueue(self, source: int, target: int, stream: Any) -> None:
        """Enqueue one launch."""
        status = self._prepared.launch(self._view(source), self._view(target), self._workspace, self._workspace_bytes, int(stream))
        if status == 0:
            return
        if status > 0:
            raise self._cuda.error_of_status("launch", status)
        reason = self._library.status_text(status)
        if status == STATUS_REFUSED:
            raise PointSkipped(reason)
        raise CaptureError(f"launch: {reason}", "check shape and attributes")

    def close(self) -> None:
        """Free the scratch memory."""
        if self._workspace:
            self._cuda.release("cudaFree", self._workspace)


class DirectEngine:
    """Kernels without TensorRT."""

    name = "direct"
    clock = "cuda_event"

    def __init__(self, request: SweepOptions) -> None:
        self._library = OpsLibrary(_library_path(request))
        self._settings = request.settings
        self._cuda = Cuda(request.device)
        self._context = GpuContext(self._cuda, self._cuda.facts(), HostData(self._library.reference))

    def device(self) -> dict[str, Any]:
        """Facts about the GPU."""
        return self._context.facts

    def versions(self) -> dict[str, str]:
        """Versions of CUDA."""
        return self._cuda.versions()

    def digests(self) -> dict[str, str]:
        """Digest of the ops library."""
        return {"plugin_library": self._library.digest()}

    def prepare(self, point: Point) -> GpuCase:
        """Check the point with the library and allocate its buffers.

        Raises:
            PointSkipped: The op cannot run so.
            UsageError: An attribute is unknown or malformed.
        """
        require_elementwise(point)
        prepared = self._library.prepare(point.op, point.attributes)
        view = tensor(point.dtype, point.shape)
        facts = prepared.describe(view, view)
        if facts["refusal"]:
            raise PointSkipped(facts["refusal"])
        self._refuse_unknown_shape(point)

        def executor() -> DirectExecutor:
            return DirectExecutor(self._cuda, self._library, prepared, point, facts["workspace_bytes"])

        launch = {key: facts[key] for key in ("kernel", "symbol", "grid", "block", "dynamic_shared_memory_bytes",
                                              "items_per_thread", "access_bytes", "resolved", "note")}  # fmt: skip
        case = GpuCase(self._context, point, self._settings, executor, (facts["tolerance_abs"], facts["tolerance_rel"]), launch)
        case.bytes_per_iteration = facts["bytes_per_iteration"]
        return case

    def _refuse_unknown_shape(self, point: Point) -> None:
        op = self._library.ops[point.op]
        if op["input_count"] != 1 or op["output_count"] != 1 or not op["elementwise"]:
            raise PointSkipped(f"{point.op}: this engine runs elementwise ops of one input and one output; use --driver cpp")

    def close(self) -> None:
        """Nothing is held beyond the points."""


def _library_path(request: SweepOptions) -> Path:
    for name in request.plugin_libraries:
        if not Path(name).is_file():
            raise ToolMissingError(f"{name}: no such library", "build it: profiler build; or give its path with --plugin-library")
        return Path(name)
    raise ToolMissingError("the direct engine needs the ops library", "build it: profiler build; or give it with --plugin-library")
