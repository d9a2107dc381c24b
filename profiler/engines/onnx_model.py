"""Writes an ONNX model of one node, for the TensorRT that takes plugins in no other way.

Only the few messages of the format that such a model needs are written, so no package is required.

Source: onnx.proto3 of ONNX 1.16 (field numbers), protobuf encoding specification.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any

from profiler.engines.base import TensorSpec

IR_VERSION = 9
OPSET = 17
ELEMENT_TYPES = {"fp32": 1, "uint8": 2, "int8": 3, "int32": 6, "int64": 7, "bool": 9, "fp16": 10, "bf16": 16}
_ATTRIBUTE_FLOAT, _ATTRIBUTE_INT, _ATTRIBUTE_STRING = 1, 2, 3


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    data = bytearray()
    while value > 0x7F:
        data.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*data, value])


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, data: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(data)) + data


def _text(field: int, text: str) -> bytes:
    return _bytes(field, text.encode())


def _attribute(name: str, value: Any) -> bytes:
    head = _text(1, name)
    if isinstance(value, (bool, int)):
        return head + _number(3, int(value)) + _number(20, _ATTRIBUTE_INT)
    if isinstance(value, float):
        return head + _varint(2 << 3 | 5) + struct.pack("<f", value) + _number(20, _ATTRIBUTE_FLOAT)
    return head + _text(4, str(value)) + _number(20, _ATTRIBUTE_STRING)


def _value_info(item: TensorSpec) -> bytes:
    dimensions = b"".join(_bytes(1, _number(1, size)) for size in item.shape)
    tensor = _number(1, ELEMENT_TYPES[item.dtype]) + _bytes(2, dimensions)
    return _text(1, item.name) + _bytes(2, _bytes(1, tensor))


def one_node_model(op_type: str, domain: str, attributes: Mapping[str, Any], tensors: Sequence[TensorSpec]) -> bytes:
    """Return a model of one node.

    Args:
        op_type: Node type; the name of a plugin.
        domain: The plugin's namespace.
        attributes: int, float or text values.
        tensors: Inputs, then outputs.
    """
    node = b"".join(_text(1 if item.is_input else 2, item.name) for item in tensors)
    node += _text(3, "plugin") + _text(4, op_type) + _text(7, domain)
    node += b"".join(_bytes(5, _attribute(name, value)) for name, value in attributes.items())
    graph = _bytes(1, node) + _text(2, "one_node")
    graph += b"".join(_bytes(11 if item.is_input else 12, _value_info(item)) for item in tensors)
    opsets = _bytes(8, _text(1, "") + _number(2, OPSET)) + _bytes(8, _text(1, domain) + _number(2, 1))
    return _number(1, IR_VERSION) + _text(2, "profiler") + _bytes(7, graph) + opsets
