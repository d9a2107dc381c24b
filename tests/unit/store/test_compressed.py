"""Compressed artefacts read as the files they were made from."""

from __future__ import annotations

import lzma
from pathlib import Path

import pytest

from profiler import load
from profiler.errors import BadExportError
from profiler.store import compressed
from profiler.store.compressed import readable

DATA = Path(__file__).parents[2] / "data"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def pack(source: Path, folder: Path) -> Path:
    target = folder / f"{source.name}.xz"
    target.write_bytes(lzma.compress(source.read_bytes()))
    return target


def copies(cache: Path) -> list[Path]:
    return sorted(path for path in cache.rglob("*") if path.is_file())


@pytest.mark.parametrize("name", ["nsys_h200/node.sqlite", "driver_h200/sizes.json"])
def test_a_compressed_capture_reads_as_the_capture(name: str, tmp_path: Path, cache: Path) -> None:
    packed = pack(DATA / name, tmp_path)
    plain, found = load(DATA / name), load(packed)
    assert found.tools == plain.tools
    assert list(found.tables) == list(plain.tables)
    for table in plain.tables:
        assert found.table(table).equals(plain.table(table)), table
    assert [path.read_bytes() for path in copies(cache)] == [(DATA / name).read_bytes()]


def test_a_copy_is_made_once_and_again_when_the_content_changes(tmp_path: Path, cache: Path) -> None:
    source = tmp_path / "notes.json"
    source.write_text("one")
    first = readable(pack(source, tmp_path))
    first.write_text("the copy itself")
    assert readable(tmp_path / "notes.json.xz").read_text() == "the copy itself"
    source.write_text("two")
    assert readable(pack(source, tmp_path)).read_text() == "two"
    assert len(copies(cache)) == 2


def test_a_file_is_found_by_its_plain_name(tmp_path: Path) -> None:
    (tmp_path / "a.json.xz").write_bytes(lzma.compress(b"packed"))
    assert readable(tmp_path / "a.json").read_bytes() == b"packed"
    (tmp_path / "a.json").write_bytes(b"plain")
    assert readable(tmp_path / "a.json") == tmp_path / "a.json"
    assert readable(tmp_path / "gone.json") == tmp_path / "gone.json"


@pytest.mark.parametrize("content", [b"no xz at all", lzma.compress(b"x" * 9999)[:-9]], ids=["other", "cut off"])
def test_a_damaged_file_is_told_and_leaves_nothing(content: bytes, tmp_path: Path, cache: Path) -> None:
    packed = tmp_path / "capture.sqlite.xz"
    packed.write_bytes(content)
    with pytest.raises(BadExportError, match=r"capture\.sqlite\.xz"):
        load(packed)
    assert copies(cache) == []


def test_a_file_that_would_fill_the_disk_is_refused(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compressed, "MAX_BYTES", 1000)
    packed = tmp_path / "capture.sqlite.xz"
    packed.write_bytes(lzma.compress(bytes(1001)))
    with pytest.raises(BadExportError, match="unpacks to more"):
        load(packed)
    assert copies(cache) == []


def test_without_a_cache_the_copy_is_temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = tmp_path / "a file"
    blocked.write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    (tmp_path / "a.json.xz").write_bytes(lzma.compress(b"packed"))
    assert readable(tmp_path / "a.json").read_bytes() == b"packed"
