"""JSON documents of this project: each states its schema and version."""

from __future__ import annotations

import codecs
import json
from pathlib import Path
from typing import Any

from profiler.errors import BadExportError


def read_document(path: Path, schema: str, newest: int, fix: str) -> dict[str, Any]:
    """Read a document.

    Args:
        path: The file.
        schema: Its `schema`.
        newest: Newest `schema_version` that is understood.
        fix: What to do about a file that is none.

    Raises:
        BadExportError: It is absent, cut off, of another schema or of a newer version.
    """
    try:
        text = path.read_bytes().removeprefix(codecs.BOM_UTF8).decode()
        document = json.loads(text)
        if "\\u" in text:
            # an escape can write half of a surrogate pair, which is no text and could not be printed
            json.dumps(document, ensure_ascii=False).encode()
    except (OSError, ValueError, RecursionError) as error:
        raise BadExportError(
            f"{path}: not a whole {schema} document ({type(error).__name__}: {' '.join(str(error).split())[:200]})", fix
        ) from error
    if not isinstance(document, dict) or document.get("schema") != schema:
        raise BadExportError(f"{path}: not a {schema} document", fix)
    version = document.get("schema_version")
    if not isinstance(version, int) or version > newest:
        raise BadExportError(f"{path}: {schema} version {version!r}, this profiler reads up to {newest}", "upgrade profiler")
    return document
