"""Launches the plugins' kernels without TensorRT, through the ops' C interface; scratch memory comes from cuda-python."""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path

from profiler.engines.base import Case, PointSkipped, TensorSpec
from profiler.engines.cuda_runtime import Cuda
from profiler.engines.ops_library import STATUS_REFUSED, OpsLibrary, PreparedOp, views
from profiler.errors import CaptureError, ToolMissingError
from profiler.runner.point import Point
from profiler.runner.request import SweepOptions

LAUNCH_FACTS = (
    "kernel",
    "symbol",
    "grid",
    "block",
    "dynamic_shared_memory_bytes",
    "items_per_thread",
    "access_bytes",
    "resolved",
    "note",
)


class Launcher:
    """Launches a prepared op, each lane with scratch memory of its own.

    Args:
        cuda: The device.
        prepared: The op.
        tensors: Inputs, then outputs.
        workspace_bytes: Scratch memory that a launch needs.
        lanes: Number of lanes.
    """

    def __init__(self, cuda: Cuda, prepared: PreparedOp, tensors: list[TensorSpec], workspace_bytes: int, lanes: int) -> None:
        self._cuda, self._prepared = cuda, prepared
        self._workspace_bytes = workspace_bytes
        self._workspaces: list[int] = []
        self._views_of = cache(partial(views, tensors))
        try:
            for _ in range(lanes):
                self._workspaces.append(cuda.allocate(workspace_bytes) if workspace_bytes else 0)
        except BaseException:
            self.close()
            raise

    def enqueue(self, lane: int, addresses: list[int], stream: int) -> None:
        """Enqueue one launch."""
        inputs, outputs = self._views_of(tuple(addresses))
        status = self._prepared.launch(inputs, outputs, self._workspaces[lane], self._workspace_bytes, stream)
        if status == 0:
            return
        if status > 0:
            raise self._cuda.error_of_status("launch", status)
        reason = self._prepared.library.status_text(status)
        if status == STATUS_REFUSED:
            raise PointSkipped(reason)
        raise CaptureError(f"launch: {reason}", "check shape and attributes")

    def close(self) -> None:
        """Free the scratch memory."""
        for workspace in self._workspaces:
            if workspace:
                self._cuda.release("cudaFree", workspace)
        self._workspaces.clear()


class DirectEngine:
    """Kernels without TensorRT."""

    name = "direct"

    def __init__(self, request: SweepOptions) -> None:
        self._library = OpsLibrary(_library_path(request))
        self._lanes = request.settings.threads * request.settings.streams
        self.device: int | None = request.device
        self._cuda = Cuda(request.device)

    def versions(self) -> dict[str, str]:
        """Version of the CUDA runtime."""
        return self._cuda.versions()

    def digests(self) -> dict[str, str]:
        """Digest of the ops library."""
        return {"plugin_library": self._library.digest()}

    def prepare(self, point: Point) -> Case:
        """Check the point with the library.

        Raises:
            PointSkipped: The op cannot run so.
            UsageError: An attribute is unknown or malformed.
        """
        prepared = self._library.prepare(point.op, point.attributes)
        tensors = prepared.tensors(point)
        facts = prepared.describe(tensors)
        if facts["refusal"]:
            raise PointSkipped(facts["refusal"])
        launcher = Launcher(self._cuda, prepared, tensors, facts["workspace_bytes"], self._lanes)
        return Case(
            tensors,
            launcher.enqueue,
            **prepared.check(tensors),
            bytes_per_iteration=facts["bytes_per_iteration"],
            facts={"launch": {key: facts[key] for key in LAUNCH_FACTS}},
            close=launcher.close,
        )

    def close(self) -> None:
        """Nothing is held beyond the points."""


def _library_path(request: SweepOptions) -> Path:
    path = next(map(Path, request.plugin_libraries), None)
    if path is None or not path.is_file():
        found = f"{path}: no such library" if path else "the direct engine needs the ops library"
        raise ToolMissingError(found, "build it: profiler build; or give its path with --plugin-library")
    return path
