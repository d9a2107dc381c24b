"""Describes a field of a request once: its default, its text and how a command line spells it."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any


@dataclass(frozen=True)
class Described:
    """A field that the user sets.

    Attributes:
        field: Name of the field.
        flags: Its spellings on a command line, as `--label -l`.
        help: What it does.
        kind: `text`; `list` (may be repeated); `words` (repeated or joined by comma); `pairs` (`NAME=VALUE`); `flag`;
            `integer`; `number`.
    """

    field: str
    flags: str
    help: str
    kind: str

    @property
    def name(self) -> str:
        """Its name in a preset and in a mapping of options: the first spelling, with `_`."""
        return self.flags.split()[0].removeprefix("--").replace("-", "_")


def option(default: Any, text: str, flags: str, kind: str = "text") -> Any:
    """Return a dataclass field with its description; a dict or list as default is made anew for each object."""
    metadata = {"flags": flags, "help": text, "kind": kind}
    if isinstance(default, (dict, list)):
        return field(default_factory=type(default), metadata=metadata)
    return field(default=default, metadata=metadata)


def described(cls: type) -> tuple[Described, ...]:
    """Return the fields of a dataclass that `option` made."""
    return tuple(Described(item.name, **item.metadata) for item in fields(cls) if "flags" in item.metadata)
