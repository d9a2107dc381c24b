import subprocess
from pathlib import Path

import pytest

from profiler.capture.process import run_process
from profiler.errors import UsageError
from profiler.jobs.sides import DEFAULT_SWEEP, command_side, resolve_side


def fake_build(source, target):
    """Copy the source's version into what stands for the driver."""
    (target / "bin").mkdir(parents=True, exist_ok=True)
    (target / "bin" / "profiler-driver").write_text((source / "version.txt").read_text())


@pytest.fixture
def repository(tmp_path, monkeypatch):
    folder = tmp_path / "repository"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name in ("GIT_AUTHOR", "GIT_COMMITTER"):
        monkeypatch.setenv(f"{name}_NAME", "a")
        monkeypatch.setenv(f"{name}_EMAIL", "a@example.org")
    subprocess.run(["git", "init", "-q", "-b", "main"], check=True)
    for version in ("one", "two"):
        (folder / "version.txt").write_text(version)
        (folder / "CMakeLists.txt").write_text("")
        subprocess.run(["git", "add", "."], check=True)
        subprocess.run(["git", "commit", "-q", "-m", version], check=True)
    return folder


def resolve(text, command, cache, build=fake_build):
    return resolve_side(text, command, build, run_process, cache)


def test_revisions_are_built_from_worktrees_that_are_removed(repository, tmp_path):
    sides = [resolve(text, ("--plugin", "swish"), tmp_path / "cache") for text in ("HEAD~1", "main")]
    assert [Path(side.argv[0]).read_text() for side in sides] == ["one", "two"]
    assert sides[0].argv[1:] == ("--direct", "--plugin", "swish") and sides[0].origin.startswith("commit ")
    assert sides[0].binaries == (sides[0].argv[0],)
    listed = subprocess.run(["git", "worktree", "list"], capture_output=True, text=True, check=True).stdout
    assert len(listed.splitlines()) == 1
    assert (repository / "version.txt").read_text() == "two"


def test_a_revision_is_built_once(repository, tmp_path):
    resolve("HEAD", (), tmp_path / "cache")

    def refuse(source, target):
        raise AssertionError

    assert resolve("HEAD", (), tmp_path / "cache", refuse).origin.startswith("commit ")


def test_a_failed_build_leaves_no_worktree_and_is_tried_again(repository, tmp_path):
    def fail(source, target):
        raise ValueError("compiler error")

    with pytest.raises(ValueError, match="compiler error"):
        resolve("HEAD", (), tmp_path / "cache", fail)
    assert not list((tmp_path / "cache").glob("worktree-*"))
    assert resolve("HEAD", (), tmp_path / "cache").argv


def test_source_folder_build_folder_and_library(repository, tmp_path, monkeypatch):
    source = resolve(str(repository), ("{driver}", "-x"), tmp_path / "cache")
    assert source.origin == "source folder repository" and source.argv[1:] == ("-x",)
    made = tmp_path / "made"
    fake_build(repository, made)
    (made / "lib").mkdir()
    (made / "lib" / "libprofiler_plugins_trt10.so").write_bytes(b"elf")
    built = resolve(str(made), ("run", "{library}"), tmp_path / "cache")
    assert built.argv == ("run", str(made / "lib/libprofiler_plugins_trt10.so")) and built.origin == "build folder made"
    library = resolve(str(made / "lib/libprofiler_plugins_trt10.so"), ("run", "--plugin-library={library}"), tmp_path / "cache")
    assert library.argv[1].endswith("libprofiler_plugins_trt10.so") and "sha256:" in library.origin


def test_options_alone_run_a_library_through_tensorrt_and_a_build_without(repository, tmp_path, monkeypatch):
    library = tmp_path / "libmine.so"
    library.write_bytes(b"elf")
    fake_build(repository, tmp_path / "build")
    monkeypatch.setenv("PROFILER_BUILD_DIR", str(tmp_path / "build"))
    side = resolve(str(library), ("--plugin", "swish"), tmp_path / "cache")
    assert side.argv[1:] == ("--plugin-library", str(library), "--plugin", "swish") and side.binaries == (str(library),)
    with pytest.raises(UsageError, match="not those of a library"):
        resolve(str(library), ("--direct", "--plugin", "swish"), tmp_path / "cache")
    build = resolve(str(tmp_path / "build"), (), tmp_path / "cache")
    assert build.argv[1:] == ("--direct", *DEFAULT_SWEEP) and build.binaries == (build.argv[0],)
    assert resolve(str(tmp_path / "build"), ("run",), tmp_path / "cache").binaries == ()


@pytest.mark.parametrize("text", ["no-such-revision", "--upload-pack=x", "-h"])
def test_what_is_nothing_is_refused(repository, tmp_path, text):
    with pytest.raises(UsageError, match="no file, no folder and no revision"):
        resolve(text, (), tmp_path / "cache")


def test_a_dry_run_names_what_would_be_built_and_builds_nothing(repository, tmp_path):
    side = resolve("HEAD", ("{driver}", "--plugin-library", "{library}"), tmp_path / "cache", None)
    assert side.argv[0].endswith("/bin/profiler-driver") and "/lib/libprofiler_plugins" in side.argv[2]
    assert not (tmp_path / "cache").exists()


def test_test_libraries_are_never_taken_for_the_plugins(repository, tmp_path):
    made = tmp_path / "made"
    (made / "lib").mkdir(parents=True)
    for name in ("plugins_null_stream_trt8", "plugins_rtx", "plugins_trt8", "ops"):
        (made / "lib" / f"libprofiler_{name}.so").write_bytes(b"elf")
    assert resolve(str(made), ("{library}",), tmp_path / "cache").argv == (str(made / "lib/libprofiler_plugins_trt8.so"),)


def test_an_empty_folder_and_a_missing_library_are_refused(repository, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="neither a source folder"):
        resolve(str(tmp_path / "empty"), (), tmp_path / "cache")
    with pytest.raises(UsageError, match="has no library"):
        resolve("HEAD", ("run", "{library}"), tmp_path / "cache")


def test_a_command_needs_no_build():
    side = command_side("mine", ["./app", "--size", "8"])
    assert side.argv == ("./app", "--size", "8") and side.origin == "command: ./app --size 8" and side.binaries == ()
