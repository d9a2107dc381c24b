"""The two NVTX columns that `--nvtx` puts into the CSV pages."""

from __future__ import annotations

import re

from profiler.tools.ncu.launch import Range

PUSH_POP_HEADER = "thread Domain:Push/Pop_Range:PL_Type:PL_Value:CLR_Type:Color:Msg_Type:Msg"
START_STOP_HEADER = "Id:Domain:Start/Stop_Range:PL_Type:PL_Value:CLR_Type:Color:Msg_Type:Msg"

_DEFAULT_DOMAIN = "<default domain>"
_QUOTED = re.compile(r'"(.*?)"(?=\s{2}|\s*$)', re.DOTALL)
# domain:name:payload type:payload:colour type:colour:message type:message, where the message is the name once more
_RANGE = re.compile(r"(?P<domain>.*?):(?P<name>.*):(?P<type>[^:]*):(?P<payload>[^:]*):[^:]*:[^:]*:[^:]*:(?P=name)", re.DOTALL)
_INTEGER_TYPES = ("int32", "int64", "uint32", "uint64")


def parse_ranges(cell: str) -> list[Range]:
    """Return the ranges of one cell, outermost first.

    Args:
        cell: Thread or range id, then each range in double quotes; empty when no range was open.

    Source: Nsight Compute CLI 2025.3, pages raw and details with `--csv --nvtx`.
    """
    found = []
    for text in _QUOTED.findall(cell):
        match = _RANGE.fullmatch(text)
        if match is None:
            continue
        payload = match["payload"]
        number = int(payload) if match["type"].lower() in _INTEGER_TYPES and payload.lstrip("-").isdigit() else None
        found.append(Range("" if match["domain"] == _DEFAULT_DOMAIN else match["domain"], match["name"], number))
    return found
