"""The manifest of a run: what was recorded, how, on what, and whether it finished."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from profiler.errors import BadExportError
from profiler.redaction import redact_command, redact_document, redact_own_command

MANIFEST_NAME = "manifest.json"
MANIFEST_VERSION = 1


@dataclass
class CaptureRecord:
    """One pass of one tool over the target.

    Attributes:
        tool: Tool name; also the folder below `raw/` and `tables/`.
        argv: Exact command line that ran.
        status: `complete` or `failed`.
        reason: Why it failed.
        returncode: Exit status of the command; None when it was killed before it ended.
        tool_version: What the tool says of itself.
        artefacts: Paths relative to the run folder, in the order in which readers prefer them.
        notes: Things noticed that the reader of a page must know, each one sentence.
        duration_s: Wall time of the pass.
    """

    tool: str
    argv: list[str] = field(default_factory=list)
    status: str = "complete"
    reason: str = ""
    returncode: int | None = None
    tool_version: str = ""
    artefacts: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    duration_s: float | None = None


@dataclass
class Manifest:
    """Everything about a run that is not in the captures themselves.

    Attributes:
        run_id: Folder name, `<utc>-<label>-<id>`.
        label: The user's name for the run.
        created_utc: ISO 8601, milliseconds.
        status: `recording`, `complete` or `failed`.
        reason: Why it failed.
        argv: Command line of `profiler` itself.
        command: The target program and its arguments.
        engine: Engine of the project's own runner or driver; empty for a user's program.
        captures: One record per tool pass.
        environment: GPU, driver, CUDA, TensorRT, tools, host, git; secrets left out.
        options: Options that shaped the run.
        schema_version: Version of this document.
    """

    run_id: str
    label: str = ""
    created_utc: str = ""
    status: str = "recording"
    reason: str = ""
    argv: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    engine: str = ""
    captures: list[CaptureRecord] = field(default_factory=list)
    environment: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    schema_version: int = MANIFEST_VERSION

    def redact(self) -> None:
        """Take credentials out of command lines and environments."""
        self.argv = redact_own_command(self.argv)
        self.command = redact_command(self.command)
        self.options = redact_document(self.options)
        for capture in self.captures:
            capture.argv = redact_command(capture.argv)

    def to_json(self) -> str:
        """Return the document as stable, readable JSON."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False, sort_keys=False, default=str) + "\n"


_KINDS: dict[str, Any] = {"str": str, "int": int, "int | None": (int, type(None)), "float | None": (int, float, type(None))}
_KINDS |= {"list[str]": list, "list[CaptureRecord]": list, "dict[str, Any]": dict}


def _known(cls: type, data: dict[str, Any]) -> dict[str, Any]:
    """Return the fields that a class knows.

    Raises:
        TypeError: One is of another type.
    """
    kinds = {item.name: str(item.type) for item in fields(cls) if item.name in data}
    for name, kind in kinds.items():
        texts = data[name] if kind == "list[str]" else ""
        if not isinstance(data[name], _KINDS[kind]) or not all(isinstance(text, str) for text in texts):
            raise TypeError(f"{name} is no {kind}")
    return {name: data[name] for name in kinds}


def read_manifest(path: Path) -> Manifest:
    """Read a manifest.

    Args:
        path: The manifest file.

    Raises:
        BadExportError: The file is absent, is no JSON, or was written by a newer version.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        version = data.get("schema_version", 0)
        if not isinstance(version, int) or version > MANIFEST_VERSION:
            newer = f"manifest version {version}, this profiler reads up to {MANIFEST_VERSION}"
            raise BadExportError(f"{path}: {newer}", "upgrade profiler: pip install -U profiler")
        if not all(isinstance(gpu, dict) for gpu in data.get("environment", {}).get("gpus") or ()):
            raise TypeError("gpus holds something else than objects")
        captures = [CaptureRecord(**_known(CaptureRecord, item)) for item in data.get("captures", [])]
        return Manifest(**{**_known(Manifest, data), "captures": captures})
    except FileNotFoundError as error:
        raise BadExportError(f"{path}: no manifest, so this is no run folder", "name a run of `profiler list`") from error
    except (OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise BadExportError(f"{path}: not a manifest ({error})", "restore the file, or delete the run") from error
