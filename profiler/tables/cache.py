"""Parquet copies of tables inside a run folder, valid as long as the artefact and its parser are the same.

A copy is keyed by the artefact's content, not its time stamps, so it survives a copy of the run or a git checkout. Files
up to `WHOLE_BYTES` are hashed whole. Of larger ones the size, both ends and evenly spaced blocks are hashed: artefacts of a
complete run never change, and whatever changes a SQLite file changes the counter in its first block.
"""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import Any, BinaryIO
from zlib import crc32

from profiler.columns import Coded, Columns
from profiler.errors import ProfilerError
from profiler.schema import SCHEMA_VERSION
from profiler.store.run_dir import write_atomic

WHOLE_BYTES = 16 << 20
WORTHWHILE_BYTES = 4 << 20
"""Below this size an artefact is read again faster than a copy of it is kept."""

_END_BYTES = 256 << 10
_BLOCKS, _BLOCK_BYTES = 256, 4096
_KEY = b"profiler_key"
_INDEX = "index.json"


def content_key(path: Path, parser_version: int) -> str:
    """Return the key under which the tables of an artefact are kept.

    Args:
        path: The artefact.
        parser_version: Version of the reader that fills the tables.
    """
    digest = hashlib.blake2b(digest_size=16)
    with path.open("rb") as stream:
        size = stream.seek(0, 2)
        stream.seek(0)
        if size <= WHOLE_BYTES:
            digest.update(stream.read())
        else:
            digest.update(stream.read(_END_BYTES))
            for position in range(0, size, max(size // _BLOCKS, 1)):
                stream.seek(position)
                digest.update(stream.read(_BLOCK_BYTES))
            stream.seek(size - _END_BYTES)
            digest.update(stream.read(_END_BYTES))
    return f"{digest.hexdigest()}-{size}-parser{parser_version}-schema{SCHEMA_VERSION}"


class TableCache:
    """The Parquet copies of one artefact's tables.

    Args:
        folder: `tables/<tool>/` of the run.
        source: Name of the artefact, as it stands in the index.
        key: Its content key.
    """

    def __init__(self, folder: Path, source: str, key: str) -> None:
        self._folder = folder
        self._source = source
        self._key = key

    def index(self) -> dict[str, Any]:
        """Return what is known without opening the artefact: `absent` reasons, `info`, `footers`; empty when out of date."""
        try:
            entry = json.loads((self._folder / _INDEX).read_text(encoding="utf-8"))[self._source]
            sound = entry["key"] == self._key and entry.pop("crc32") == crc32(_text(entry).encode())
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return {}
        return entry if sound else {}

    def read(self, table: str) -> Columns | None:
        """Return a table, or None when there is no valid copy.

        The pages are checked by their own checksums, the footer, which says how to read them, by the one in the index.
        """
        import pyarrow.parquet as pq

        from profiler.tables.arrow import from_arrow

        path, footer = self._folder / f"{table}.parquet", self.index().get("footers", {}).get(table)
        try:
            with path.open("rb") as stream:
                if footer is None or _footer_checksum(stream) != footer:
                    return None
            with pq.ParquetFile(path, memory_map=True, page_checksum_verification=True) as file:
                arrow = file.read()
        except (OSError, ValueError):
            # a copy that is damaged is made again, not reported: the artefact is still whole
            return None
        return Columns({name: from_arrow(arrow.column(name)) for name in arrow.column_names}, arrow.num_rows)

    def write(self, frames: dict[str, Columns], absent: dict[str, str], info: dict[str, Any]) -> None:
        """Keep copies; a folder that cannot be written costs speed, never the reading."""
        footers = {}
        try:
            for name, frame in frames.items():
                content = _to_parquet(frame, self._key)
                write_atomic(self._folder / f"{name}.parquet", content)
                footers[name] = _footer_checksum(io.BytesIO(content))
            self._write_index({"absent": absent, "footers": footers}, info)
        except ProfilerError:
            return

    def _write_index(self, tables: dict[str, dict[str, Any]], info: dict[str, Any]) -> None:
        path = self._folder / _INDEX
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            document = None
        document = document if isinstance(document, dict) else {}
        known = self.index()
        entry = {"key": self._key, "info": info, **{name: {**known.get(name, {}), **own} for name, own in tables.items()}}
        entry = json.loads(_text(entry))
        document[self._source] = {**entry, "crc32": crc32(_text(entry).encode())}
        write_atomic(path, _text(document))


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=1, ensure_ascii=False, default=str, sort_keys=True) + "\n"


def _footer_checksum(stream: BinaryIO) -> int:
    """Return the checksum of a Parquet file's footer, its length and the magic bytes behind it.

    Source: the Parquet file format: footer, four bytes with its length, `PAR1`.
    """
    size = stream.seek(0, io.SEEK_END)
    stream.seek(max(size - 8, 0))
    stream.seek(max(size - 8 - int.from_bytes(stream.read(4), "little"), 0))
    return crc32(stream.read())


def _to_parquet(frame: Columns, key: str) -> memoryview:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from profiler.tables.arrow import to_arrow

    arrays = [to_arrow(column) for column in frame.values()]
    table = pa.Table.from_arrays(arrays, names=list(frame)).replace_schema_metadata({_KEY: key.encode()})
    sink = pa.BufferOutputStream()
    coded = [name for name, column in frame.items() if isinstance(column, Coded) or column.dtype == object]
    numbers = {name: column for name, column in frame.items() if not isinstance(column, Coded)}
    # numbers that grow slowly compress well when their bytes are stored apart, highest bytes together
    split = {name: "BYTE_STREAM_SPLIT" for name, column in numbers.items() if column.dtype.kind in "iuf"}
    pq.write_table(
        table,
        sink,
        compression="lz4",
        use_dictionary=coded,
        column_encoding=split,
        write_statistics=False,
        write_page_checksum=True,
        row_group_size=max(table.num_rows, 1),
    )
    return memoryview(sink.getvalue())
