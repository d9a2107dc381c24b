"""Runs the driver on a GPU: kernels alone always, and TensorRT networks where TensorRT can be loaded.

Usage: check_gpu.py PROGRAM WORK_FOLDER [NULL_STREAM_LIBRARY]      exit status 77: no GPU, the test is skipped
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from statistics import median

OK, USAGE, LIBRARY_MISSING, RUN_FAILED, FILE_MISSING, WRONG_OUTPUT, SKIPPED = 0, 2, 3, 4, 6, 7, 77
QUICK = ["--max-time", "0.5", "--min-time", "0.02"]


def expect(condition: bool, message: object) -> None:
    """End the test with the message unless the condition holds."""
    if not condition:
        raise SystemExit(f"failed: {message}")


class Driver:
    """Calls the driver and reads its result document."""

    def __init__(self, program: str, folder: Path) -> None:
        self.program = program
        self.folder = folder
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)

    def call(self, *words: str) -> tuple[subprocess.CompletedProcess, dict | None]:
        """Run and return the process with its document, None when it wrote none."""
        file = self.folder / "result.json"
        file.unlink(missing_ok=True)
        done = subprocess.run([self.program, *words, "--json", str(file)], capture_output=True, text=True, timeout=600)
        return done, json.loads(file.read_text(encoding="utf-8")) if file.exists() else None

    def points(self, *words: str, status: int = OK) -> list[dict]:
        """Run, check the exit status and return the points."""
        done, document = self.call(*words)
        expect(done.returncode == status, (words, done.returncode, done.stderr, done.stdout))
        expect(document is not None, words)
        return document["points"]


def check_good(point: dict) -> None:
    """The point ran, passed verification and has its samples."""
    expect(point["status"] == "ok" and point["reason"] is None, (point["label"], point["status"], point["reason"]))
    expect(point["verification"]["passed"], point["label"])
    expect(len(point["samples_ns"]) == len(point["host_samples_ns"]) > 0, point["label"])
    expect(min(point["samples_ns"]) > 0 and point["keeps_to_stream"] is not False, point["label"])


def check_direct(driver: Driver) -> None:
    """Every op, type and awkward size without TensorRT."""
    shapes = ["1", "3", "1023", "4096x1024", "3x5x7x11"]
    points = driver.points(
        "--direct", "--plugin", "swish,add_scalar", "--copy", "--shape", ",".join(shapes), "--dtype", "fp32,fp16,bf16", *QUICK
    )
    expect(len(points) == 3 * len(shapes) * 3, len(points))
    for point in points:
        check_good(point)
    symbols = {(point["op"], point["dtype"]): (point["launch"] or {}).get("symbol") for point in points if point["op"] != "copy"}
    mangled = {"fp32": "kernelIf", "fp16": "kernelI6__half", "bf16": "kernelI13__nv_bfloat16"}
    for (op, dtype), symbol in symbols.items():
        expect(symbol and op in symbol and mangled[dtype] in symbol, (op, dtype, symbol))
    empty = driver.points("--direct", "--plugin", "swish", "--shape", "0x4", "--iterations", "3")
    expect(empty[0]["bytes_per_iteration"] == 0 and empty[0]["status"] == "ok", empty[0]["reason"])


def check_modes(driver: Driver) -> None:
    """Cache and launch modes, threads and streams."""
    base = ["--direct", "--plugin", "swish", "--shape", "1024x1024", "--dtype", "fp16"]
    for point in driver.points(*base, "--cache-mode", "cold,warm", "--launch-mode", "plain,graph", *QUICK):
        check_good(point)
        expect(point["cold_method"] == ("rotate" if point["cache"] == "cold" else None), point["label"])
    flushed = driver.points("--direct", "--plugin", "swish", "--shape", "64", "--launch-mode", "graph", "--iterations", "20")
    check_good(flushed[0])
    expect(flushed[0]["cold_method"] == "flush" and len(flushed[0]["samples_ns"]) == 20, flushed[0]["cold_method"])
    for point in driver.points(*base, "--threads", "1,2", "--streams", "1,2", "--measure", "throughput", "--iterations", "100"):
        check_good(point)
        lanes = point["threads"] * point["streams"]
        expect([lane["sample_count"] for lane in point["lanes"]] == [100] * lanes and point["wall_ns"] > 0, point["lanes"])


def check_refusals(driver: Driver) -> None:
    """Wrong output, refused values and too large tensors end as named."""
    base = ["--direct", "--plugin", "swish", "--shape", "1024"]
    wrong = driver.points(*base, "--tolerance-abs", "0", "--tolerance-rel", "0", "--iterations", "5", status=WRONG_OUTPUT)[0]
    expect(
        wrong["status"] == "wrong_output" and wrong["samples_ns"] == [] and wrong["verification"]["failed_count"] > 0,
        wrong["reason"],
    )
    mixed = driver.points(*base, "--set", "block=7,64", "--iterations", "5")
    expect([point["status"] for point in mixed] == ["skipped", "ok"] and "block" in mixed[0]["reason"], mixed[0]["reason"])
    huge = driver.points("--direct", "--plugin", "swish", "--shape", "1000000000x1000", status=RUN_FAILED)[0]
    expect(huge["status"] == "skipped" and "device memory" in huge["reason"], huge["reason"])


def check_held(driver: Driver) -> None:
    """One kernel an iteration is held back while it is enqueued, with and without a warm-up before."""
    for warmup in ("10", "0"):
        point = driver.points("--direct", "--plugin", "swish", "--shape", "4096x1024", "--warmup", warmup, *QUICK)[0]
        expect(point["measure"] == "isolated", (warmup, point["measure"]))


def check_saved_output(driver: Driver) -> None:
    """Saved output compares equal, other inputs differ."""
    base = ["--direct", "--plugin", "swish", "--shape", "1000", "--iterations", "3"]
    saved = str(driver.folder / "saved")
    first = driver.points(*base, "--save-output", saved, "--output-digest")[0]["outputs"][0]
    again = driver.points(*base, "--compare-output", saved, "--output-digest")[0]["outputs"][0]
    expect(first["digest"] == again["digest"] and again["comparison"]["identical"], again)
    driver.points(*base, "--compare-output", saved, "--seed", "2", status=WRONG_OUTPUT)
    missing, _ = driver.call(*base, "--compare-output", str(driver.folder / "nothing"))
    expect(missing.returncode == FILE_MISSING, missing.stderr)


def check_networks(driver: Driver) -> None:
    """Plugins and native layers, engine cache, dynamic shapes, threads."""
    cache = str(driver.folder / "cache")
    sweep = [
        "--plugin",
        "swish,add_scalar",
        "--native",
        "relu,sigmoid,silu,add_scalar,identity",
        "--shape",
        "512x1024,7",
        "--dtype",
        "fp32,fp16",
    ]
    for origin in ("built", "cache"):
        for point in driver.points(*sweep, "--cache-dir", cache, *QUICK):
            check_good(point)
            expect(point["engine_origin"] == origin and point["layers"], (point["label"], point["engine_origin"]))
    profile = ["--plugin", "swish", "--profile", "1x1024:8x1024:32x1024", "--cache-dir", cache, *QUICK]
    dynamic = driver.points(*profile, "--shape", "1x1024,8x1024,32x1024,64x1024")
    expect([point["status"] for point in dynamic] == ["ok", "ok", "ok", "skipped"], [point["reason"] for point in dynamic])
    expect("outside the engine's optimisation profile" in dynamic[3]["reason"], dynamic[3]["reason"])
    for point in driver.points(
        "--plugin",
        "swish",
        "--shape",
        "64x1024",
        "--threads",
        "1,4",
        "--launch-mode",
        "plain,graph",
        "--cache-dir",
        cache,
        "--measure",
        "throughput",
        "--iterations",
        "50",
    ):
        check_good(point)


def check_engine_file(driver: Driver) -> None:
    """A saved engine gives identical output; wrong versions and missing plugins are refused."""
    engine, saved = str(driver.folder / "swish.engine"), str(driver.folder / "engine-output")
    base = ["--shape", "128x1024", "--iterations", "5"]
    driver.points("--plugin", "swish", *base, "--no-engine-cache", "--save-engine", engine, "--save-output", saved)
    loaded = driver.points("--engine", engine, "--reference", "swish", "--iterations", "5", "--compare-output", saved)[0]
    check_good(loaded)
    expect(loaded["outputs"][0]["comparison"]["max_abs_difference"] == 0 and loaded["engine_origin"] == "file", loaded["outputs"])
    version = driver.points("--plugin", "swish", "--plugin-version", "999", *base, status=RUN_FAILED)[0]
    expect(version["status"] == "skipped" and "found version" in version["reason"], version["reason"])
    missing = driver.points("--engine", engine, "--plugin-library", "none", status=RUN_FAILED)[0]
    expect(missing["status"] == "skipped" and "cannot load the engine" in missing["reason"], missing["reason"])


def check_null_stream(driver: Driver, library: str) -> None:
    """Work on the default stream is found, and costs throughput."""
    base = ["--plugin", "swish", "--shape", "1024x1024", "--no-engine-cache", "--plugin-library", library]
    escaped = driver.points(*base, "--iterations", "5", status=RUN_FAILED)[0]
    expect(escaped["status"] == "failed" and escaped["keeps_to_stream"] is False, escaped["reason"])
    right = driver.points(
        "--plugin",
        "swish",
        "--shape",
        "1024x1024",
        "--threads",
        "1,4",
        "--measure",
        "throughput",
        "--stream-flag",
        "blocking",
        "--iterations",
        "200",
    )
    wrong = driver.points(*base, "--threads", "1,4", "--measure", "throughput", "--stream-flag", "blocking", "--iterations", "200")
    for name, points in (("own streams", right), ("default stream", wrong)):
        rates = [1e9 * len(point["samples_ns"]) / point["wall_ns"] for point in points]
        print(f"{name}: {rates[0]:.0f} iterations/s with 1 thread, {rates[1]:.0f} with 4")


def main() -> int:
    """Run all checks."""
    driver = Driver(sys.argv[1], Path(sys.argv[2]))
    done, document = driver.call("--direct", "--copy", "--shape", "65536x1024", *QUICK)
    if done.returncode == LIBRARY_MISSING:
        print(f"skipped: {done.stderr.strip()}")
        return SKIPPED
    expect(document is not None and document["device"]["uuid"].startswith("GPU-"), done.stderr)
    copy = document["points"][0]
    check_good(copy)
    print(f"{document['device']['name']}: copy {copy['bytes_per_iteration'] / median(copy['samples_ns']):.0f} GB/s")
    for check in (check_direct, check_modes, check_held, check_refusals, check_saved_output):
        check(driver)
        print(f"{check.__name__}: ok")
    done, _ = driver.call("--native", "relu", "--shape", "8", "--iterations", "1")
    if done.returncode == LIBRARY_MISSING:
        print(f"TensorRT skipped: {done.stderr.strip()}")
        return OK
    for check in (check_networks, check_engine_file):
        check(driver)
        print(f"{check.__name__}: ok")
    if len(sys.argv) > 3:
        check_null_stream(driver, sys.argv[3])
        print("check_null_stream: ok")
    return OK


if __name__ == "__main__":
    sys.exit(main())
