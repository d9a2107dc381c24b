"""What a side of an A/B job is: a git revision, a source folder, a build folder, a plugin library, or a command."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from profiler.capture.artefacts import DRIVER, PLUGIN_LIBRARIES, find_driver
from profiler.errors import CaptureError, ToolMissingError, UsageError
from profiler.redaction import REMOVED, redact_command

Run = Callable[..., Any]
Build = Callable[[Path, Path], None]

DEFAULT_SWEEP = ("--plugin", "all", "--shape", "4096x1024,65536x1024", "--dtype", "fp32,fp16")
"""What the driver measures when no command is given: every op, at a size that the L2 cache holds and one that it does not."""

_GIT_TIMEOUT_S = 120.0


@dataclass(frozen=True)
class AbSide:
    """One side of a job, ready to run.

    Attributes:
        name: Name for people: the revision, folder or file as given.
        argv: Its command line; `{json}`, `{points}`, `{seed}` and `{round}` are filled in for each process.
        origin: What it was made from: commit, folder or file with its digest.
        binaries: Files that hold its machine code.
    """

    name: str
    argv: tuple[str, ...]
    origin: str
    binaries: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> AbSide:
        """Build a side from its JSON form."""
        return cls(data["name"], tuple(data["argv"]), data["origin"], tuple(data["binaries"]))


@dataclass(frozen=True)
class Built:
    """Where a side's programs are.

    Attributes:
        driver: The driver; None when the side has none of its own.
        library: The plugin library; None when it has none.
        origin: What it was made from.
        is_library: The library is the side: the driver runs it through TensorRT.
    """

    driver: Path | None
    library: Path | None
    origin: str
    is_library: bool = False


def cache_folder() -> Path:
    """Return the folder in which builds of revisions and source folders are kept."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "profiler" / "ab"


def command_side(name: str, argv: Sequence[str]) -> AbSide:
    """Return a side that is a command."""
    return AbSide(name, tuple(argv), f"command: {' '.join(redact_command(argv))}")


def default_side(command: Sequence[str]) -> AbSide:
    """Return a side that runs the driver built here, or a command that needs nothing built.

    Raises:
        UsageError: The command needs a driver, and none is built.
    """
    driver = find_driver()
    built = Built(driver, None, f"driver {driver.name} sha256:{_digest(driver)[:16]}" if driver else "command")
    return _side("this build", command, built)


def refuse_same(sides: Sequence[AbSide]) -> None:
    """Refuse a job in which a side runs what another one runs: its only answer could be "same".

    Raises:
        UsageError: Two sides have the same command line.
    """
    seen: dict[tuple[str, ...], str] = {}
    for side in sides:
        other = seen.setdefault(side.argv, side.name)
        if other != side.name:
            raise UsageError(
                f"{other} and {side.name} are the same command: {' '.join(side.argv)}",
                "name another revision, folder or command; profiler selftest compares a thing with itself",
            )


def lost_sides(sides: Sequence[AbSide]) -> list[str]:
    """Return the names of the sides whose command lines held credentials."""
    return [side.name for side in sides if any(REMOVED in word for word in side.argv)]


def restore_sides(kept: Sequence[AbSide], given: Sequence[AbSide]) -> tuple[AbSide, ...]:
    """Return the kept sides, with the command lines given once more where credentials were taken out of them.

    Raises:
        UsageError: One is missing, or another than the job began with.
    """
    known = {side.name: list(side.argv) for side in kept}
    again = {side.name: side for side in given if redact_command(side.argv) == known.get(side.name)}
    lost = lost_sides(kept)
    missing = [name for name in lost if name not in again]
    if missing:
        raise UsageError(
            f"the command line of {', '.join(missing)} held credentials, which are not kept",
            "give the sides once more as at the start (--base-command, --candidate-command); credentials in variables need not be",
        )
    return tuple(again[side.name] if side.name in lost else side for side in kept)


def resolve_side(text: str, command: Sequence[str], build: Build | None, run: Run, cache: Path) -> AbSide:
    """Return a side from what the user wrote.

    Args:
        text: A plugin library (.so), a source folder, a build folder, or a git revision of the current repository.
        command: Command template; one that begins with an option, or is empty, is run by the driver.
        build: Builds a source folder into a build folder; None only names what it would make.
        run: `profiler.capture.process.run_process`.
        cache: Folder for builds of revisions and source folders.

    Raises:
        UsageError: It is none of these, or the command needs what the side does not have.
        CaptureError: The build or git failed.
    """
    path = Path(text)
    if path.is_file():
        built = Built(find_driver(), path.resolve(), f"library {path.name} sha256:{_digest(path)[:16]}", is_library=True)
    elif path.is_dir():
        built = _from_folder(path.resolve(), build, cache)
    else:
        built = _from_revision(text, build, run, cache)
    return _side(text, command, built)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _products(folder: Path, origin: str, planned: bool = False) -> Built:
    """Return what a build folder holds; what it will hold, where the build is only planned."""
    driver = folder / "bin" / DRIVER
    if planned:
        return Built(driver, folder / PLUGIN_LIBRARIES, origin)
    # those of TensorRT proper before that of TensorRT for RTX
    libraries = sorted(folder.glob(PLUGIN_LIBRARIES), key=lambda path: ("_trt" not in path.name, path.name))
    return Built(driver if driver.is_file() else None, libraries[0] if libraries else None, origin)


def _from_folder(path: Path, build: Build | None, cache: Path) -> Built:
    if not (path / "CMakeLists.txt").is_file():
        built = _products(path, f"build folder {path.name}")
        if built.driver is None and built.library is None:
            raise UsageError(
                f"{path}: neither a source folder (CMakeLists.txt) nor a build (bin/, lib/)", "name one of these, or a revision"
            )
        return built
    target = cache / f"folder-{hashlib.sha256(str(path).encode()).hexdigest()[:12]}"
    if build is not None:
        build(path, target)
    return _products(target, f"source folder {path.name}", planned=build is None)


def _from_revision(text: str, build: Build | None, run: Run, cache: Path) -> Built:
    commit = _git(run, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{text}^{{commit}}")
    if not commit:
        raise UsageError(
            f"{text!r} is no file, no folder and no revision of this repository", "check the spelling; git log lists revisions"
        )
    target = cache / f"commit-{commit[:16]}"
    if build is not None and not (target / "complete").is_file():
        worktree = cache / f"worktree-{commit[:16]}-{os.getpid()}"
        _git(run, "worktree", "add", "--detach", "--force", str(worktree), commit, must=True)
        try:
            build(worktree, target)
            (target / "complete").write_text(commit + "\n", encoding="utf-8")
        finally:
            _git(run, "worktree", "remove", "--force", str(worktree))
    return _products(target, f"commit {commit[:12]}", planned=build is None)


def _git(run: Run, *arguments: str, must: bool = False) -> str:
    """Run git and return the last line of its output; empty when it failed and may."""
    git = shutil.which("git")
    if git is None:
        raise ToolMissingError("git is not on PATH", "install git, or name folders or libraries instead of revisions")
    result = run([git, *arguments], timeout_s=_GIT_TIMEOUT_S)
    if result.returncode != 0:
        if must:
            raise CaptureError(f"git {arguments[0]} failed: {' '.join(result.last_lines[-2:])}", "see git's own message")
        return ""
    return result.last_lines[-1] if result.last_lines else ""


def _side(name: str, command: Sequence[str], built: Built) -> AbSide:
    words = list(command) or list(DEFAULT_SWEEP)
    if words[0].startswith("-"):
        words = [*_driver_words(words, built, name), *words]
    values = {"{driver}": built.driver, "{library}": built.library}
    # the kernels that run: those of a library that is loaded, for the driver's own copy of them is then idle
    used = {place: path for place, path in values.items() if any(place in word for word in words)}
    binary = next(reversed(used.values()), None)
    for place, path in used.items():
        if path is None:
            raise UsageError(
                f"{name}: has no {place.strip('{}')}, which the command needs",
                f"build it (profiler build), or give a command without {place}",
            )
        words = [word.replace(place, str(path)) for word in words]
    return AbSide(name, tuple(words), built.origin, (str(binary),) if binary else ())


def _driver_words(options: Sequence[str], built: Built, name: str) -> list[str]:
    """Return what stands before the driver's options: without TensorRT, unless the side is a library for it."""
    if not built.is_library:
        return ["{driver}", *([] if "--direct" in options else ["--direct"])]
    if "--direct" in options:
        raise UsageError(
            f"{name}: with --direct the driver runs its own kernels, not those of a library", "leave --direct out, or name builds"
        )
    return ["{driver}", *([] if "--plugin-library" in options else ["--plugin-library", "{library}"])]
