"""Builds engines with TensorRT for RTX in a process of its own, because a wrong plugin library can abort the process.

Reads one JSON request from standard input: `{"plugin_library": path, "cases": [{"id", "op_type", "domain", "attributes", "dtype",
"shape", "plan_file"}]}`. Writes one JSON line per step to standard output, flushed, so that an abort names the step it happened in.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import onnx
import tensorrt_rtx_bindings as trt

ONNX_TYPES = {"fp32": onnx.TensorProto.FLOAT, "fp16": onnx.TensorProto.FLOAT16, "bf16": onnx.TensorProto.BFLOAT16}


class CollectingLogger(trt.ILogger):
    """Keeps the errors that TensorRT and the plugins log."""

    def __init__(self):
        trt.ILogger.__init__(self)
        self.errors: list[str] = []

    def log(self, severity, msg):
        if severity <= trt.ILogger.Severity.ERROR:
            self.errors.append(msg)

    def take(self) -> list[str]:
        taken, self.errors = self.errors, []
        return taken


def emit(**result) -> None:
    print(json.dumps(result), flush=True)


def make_model(case: dict) -> bytes:
    """One node of the case's type on an input whose first dimension is dynamic."""
    dtype = ONNX_TYPES[case["dtype"]]
    shape = ["batch", *case["shape"][1:]]
    node = onnx.helper.make_node(case["op_type"], ["x"], ["y"], name="plugin", domain=case["domain"], **case["attributes"])
    graph = onnx.helper.make_graph(
        [node],
        "one_plugin",
        [onnx.helper.make_tensor_value_info("x", dtype, shape)],
        [onnx.helper.make_tensor_value_info("y", dtype, [f"extent{axis}" for axis in range(len(shape))])],
    )
    opsets = [onnx.helper.make_opsetid("", 17), onnx.helper.make_opsetid(case["domain"], 1)]
    return onnx.helper.make_model(graph, opset_imports=opsets, ir_version=9).SerializeToString()


def build(logger: CollectingLogger, case: dict) -> tuple[bytes | None, list[int]]:
    """The plan, or None when parser or builder refuse, and the shape of the output, -1 where it is dynamic."""
    builder = trt.Builder(logger)
    network = builder.create_network(0)
    parser = trt.OnnxParser(network, logger)
    if not parser.parse(make_model(case)):
        logger.errors.extend(str(parser.get_error(index)) for index in range(parser.num_errors))
        return None, []
    profile = builder.create_optimization_profile()
    rest = case["shape"][1:]
    profile.set_shape("x", [1, *rest], case["shape"], [4 * case["shape"][0], *rest])
    config = builder.create_builder_config()
    config.add_optimization_profile(profile)
    plan = builder.build_serialized_network(network, config)
    return bytes(plan) if plan is not None else None, list(network.get_output(0).shape)


def run_case(logger: CollectingLogger, case: dict) -> None:
    emit(step="building", id=case["id"])
    plan, output_shape = build(logger, case)
    if plan is not None:
        Path(case["plan_file"]).write_bytes(plan)
    plan_bytes = len(plan) if plan is not None else None
    emit(step="built", id=case["id"], plan_bytes=plan_bytes, output_shape=output_shape, errors=logger.take())


def creator_facts(registry) -> list[dict]:
    """Name, version, namespace and field names of each creator of the project."""
    return [
        {"name": c.name, "version": c.plugin_version, "namespace": c.plugin_namespace, "fields": [f.name for f in c.field_names]}
        for c in registry.all_creators
        if c.plugin_namespace == "profiler"
    ]


def main() -> None:
    request = json.load(sys.stdin)
    logger = CollectingLogger()
    registry = trt.get_plugin_registry()
    emit(step="versions", tensorrt_rtx=trt.__version__)
    handle = registry.load_library(request["plugin_library"])
    emit(step="loaded", ok=handle is not None, creators=creator_facts(registry), errors=logger.take())
    for case in request["cases"]:
        run_case(logger, case)
    registry.deregister_library(handle)
    emit(step="deregistered", creators=creator_facts(registry))


if __name__ == "__main__":
    main()
