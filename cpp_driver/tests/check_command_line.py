"""Runs the built driver where no GPU is needed: help, list, dry run, refusals and their exit codes.

Usage: check_command_line.py PROGRAM WORK_FOLDER
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path


def expect(condition: bool, message: object) -> None:
    """End the test with the message unless the condition holds."""
    if not condition:
        raise SystemExit(f"failed: {message}")


def main() -> None:
    """Run all checks."""
    program, folder = sys.argv[1], Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)

    def run(*words: str) -> subprocess.CompletedProcess:
        return subprocess.run([program, *words], capture_output=True, text=True, timeout=60)

    expect(run("--help").returncode == 0 and "Exit codes" in run("--help").stdout, "--help")
    expect("profiler-driver" in run("--version").stdout, "--version")
    listed = json.loads(run("--list", "--json").stdout)
    names = [op["name"] for op in listed["plugins"]]
    expect({"swish", "add_scalar"} <= set(names), names)
    expect({"variant", "block"} <= {field["name"] for field in listed["plugins"][0]["attributes"]}, listed["plugins"][0])
    expect({"native_relu", "native_silu", "native_identity"} <= {op["name"] for op in listed["native"]}, listed["native"])
    expect("swish" in run("--list").stdout, "--list")

    dry = run("--direct", "--plugin", "swish", "--shape", "8x4", "--set", "block=64,128", "--dtype", "fp16,bf16", "--dry-run")
    expect(dry.returncode == 0 and len(dry.stdout.splitlines()) == 4, dry)
    points = folder / "points.txt"
    points.write_text(dry.stdout, encoding="utf-8")
    again = run("--direct", "--points", str(points), "--dry-run")
    expect(again.stdout == dry.stdout, "a dry run is a points file")

    every = run("--direct", "--plugin", "all", "--shape", "8", "--dry-run").stdout
    expect({line.split()[0].removeprefix("op=") for line in every.splitlines()} == set(names), "--plugin all")
    points.write_text("\n".join(dry.stdout.splitlines()[2:0:-1]), encoding="utf-8")
    some = run(*dry.args[1:], "--only", str(points))
    expect(some.stdout.splitlines() == dry.stdout.splitlines()[1:3], "--only keeps what it names, in the order of the sweep")
    points.write_text("op=swish shape=8x4 dtype=fp32 block=64", encoding="utf-8")
    none = run(*dry.args[1:], "--only", str(points))
    expect(none.returncode == 2 and "has no point 'op=swish shape=8x4 dtype=fp32 block=64'" in none.stderr, none)

    mixed = run("--direct", "--plugin", "swish,all", "--shape", "8", "--dry-run").stdout
    expect(mixed.startswith("op=swish ") and sorted(mixed.splitlines()) == sorted(every.splitlines()), "--plugin swish,all")
    for words, text in (
        (("--shape", "8", "--set", "block=100"), "no point of this sweep can run"),
        (("--shape", "2305843009213693952"), "more than 2^56 elements"),
        (("--shape", "8", "--cache-dir", "x"), "--direct contradicts --cache-dir"),
        (("--shape", "8", "--json", str(folder / "unwritten.json")), "--dry-run contradicts --json"),
    ):
        refused = run("--direct", "--plugin", "swish", *words, "--dry-run")
        expect(refused.returncode == 2 and text in refused.stderr and "fix:" in refused.stderr, refused)
    points.write_text("op=swish shape=scalar dtype=fp32  # one element\n", encoding="utf-8")
    lists = run("--direct", "--points", str(points), "--threads", "1,2,4", "--cache-mode", "cold,warm", "--dry-run")
    expect(lists.returncode == 2 and "--points contradicts a list of --threads" in lists.stderr, lists)
    expect(
        run("--direct", "--points", str(points), "--dry-run").stdout == "op=swish shape=scalar dtype=fp32\n",
        "a comment behind a point",
    )
    close = run("--direct", "--plugin", "swish", "--shape", "8", "--set", "beta=0.1234567,0.1234568", "--dry-run")
    expect(len(close.stdout.splitlines()) == 2, close)

    typo = run("--plugn", "swish")
    expect(typo.returncode == 2 and "did you mean --plugin?" in typo.stderr and "fix:" in typo.stderr, typo)
    expect(typo.stdout == "" and "Traceback" not in typo.stderr, typo)
    expect(run("--points", str(folder / "missing.txt")).returncode == 6, "a missing points file")
    expect(run("--direct", "--points", "/dev/null").returncode == 2, "an empty points file")
    print("command line: ok")


if __name__ == "__main__":
    main()
