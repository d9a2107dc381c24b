"""Changes the plugin version inside a serialised engine, to see whether a wrong one is refused."""

from __future__ import annotations

import re
from pathlib import Path

WRONG = b"9"
_WITHIN = 96
"""Bytes after the plugin's name in which its version stands."""


def change_version(plan: bytes, plugin: str, version: str) -> bytes:
    """Return the plan with another version at each place where the plugin's name is followed by its version.

    Strings in a plan stand behind their length, a little-endian integer of 4 or 8 bytes.

    Args:
        plan: The serialised engine.
        plugin: Name of the plugin.
        version: The version it names, one character.

    Returns:
        The changed plan; equal to the input when no version was found.
    """
    text = version.encode()
    length = len(text).to_bytes(4, "little")
    pattern = re.compile(
        re.escape(plugin.encode()) + b"(.{0,%d}?" % _WITHIN + re.escape(length) + b"(?:\0\0\0\0)?)" + re.escape(text), re.DOTALL
    )
    return pattern.sub(lambda found: plugin.encode() + found.group(1) + WRONG, plan)


def write_changed(source: Path, target: Path, plugin: str, version: str) -> str:
    """Write a changed copy of a plan.

    Returns:
        Why it could not be made; empty when it was.
    """
    if not source.is_file():
        return "no engine was saved"
    plan = source.read_bytes()
    changed = change_version(plan, plugin, version)
    if changed == plan:
        return f"the version of {plugin} was not found in the plan"
    target.write_bytes(changed)
    return ""
