"""`profiler ab` held against known truth on a real GPU: one job of the tool's own limits, and what must pass or be refused.

    python benchmarks/gate_on_gpu.py --driver build/bin/profiler-driver --out DIR [--budget 300]

Three sides in fresh processes: the base, the same again (every row), and the base with all its times 2 % longer (the rows of
two shapes). What is called different in the second is false, what is not called slower in the third is missed. Then a
candidate with 30 % less work and a faster variant must pass, and one whose output is wrong must be refused.

Writes DIR/results.json, DIR/rounds.csv.gz (a line per round, side and row) and DIR/table.md.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from scipy import stats

from profiler.compare.gate.config import GateConfig
from profiler.compare.gate.evaluation import evaluate
from profiler.compare.judge.comparison import Comparison
from profiler.compare.judge.statistics import LOOKS
from profiler.compare.rows.alignment import parse_aliases
from profiler.jobs.ab import start_job
from profiler.jobs.ab_store import AbRequest, AbStore
from profiler.jobs.sides import command_side

ROWS = (12288, 16384, 20480, 24576, 28672, 32768)
SLOWER_ROWS = (20480, 32768)
COLUMNS = 1024
SLOWER = 1.02
SWEEP = "--plugin swish,add_scalar --dtype fp32,fp16,bf16 --set variant=scalar,vectorized,grid_stride --set block=64,128,256,512"
ARMS = ("same again", "2 % slower")
VERDICTS = ("slower", "faster", "same", "cannot tell")
WRAPPER = """#!{python}
import json, subprocess, sys
ended = subprocess.run([*{driver!r}, *sys.argv[1:]]).returncode
if "--json" in sys.argv:
    path = sys.argv[sys.argv.index("--json") + 1]
    document = json.load(open(path))
    for point in document["points"]:
        point["samples_ns"] = [round({factor!r} * value) for value in point.get("samples_ns") or []]
    json.dump(document, open(path, "w"))
sys.exit(ended)
"""


def wrapped(driver: Sequence[str], factor: float, folder: Path) -> str:
    """Write a program that runs the driver and multiplies its times; return its path."""
    path = folder / "profiler-driver"
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(WRAPPER.format(python=sys.executable, driver=list(driver), factor=factor), encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def command(program: str, rows: Sequence[int], iterations: int, sweep: str = SWEEP) -> list[str]:
    """Return a command line that measures shapes of so many rows."""
    shapes = ",".join(f"{count}x{COLUMNS}" for count in rows)
    return [program, "--direct", "--shape", shapes, "--iterations", str(iterations), "--quiet", *shlex.split(sweep)]


def measure(drivers: Mapping[str, str], out: Path, budget_s: float, iterations: int) -> tuple[AbStore, Comparison]:
    """Measure the three sides as one job."""
    sides = tuple(
        command_side(name, [*command(driver, SLOWER_ROWS if name == ARMS[1] else ROWS, iterations), "--no-verify"])
        for name, driver in drivers.items()
    )
    request = AbRequest(sides, skip_identical=False)
    folder, found = start_job(request, out / "runs", "gate-on-gpu", budget_s, LOOKS[-1], lambda told: print(told, flush=True))
    return AbStore(folder), found


def judge(found: Comparison) -> dict[str, dict]:
    """Count what was said of each arm; rates with the ends of their 95 % intervals (Clopper and Pearson 1934)."""
    results = {}
    for name in ARMS:
        rows = found.rows[
            (found.rows["candidate"] == name) & found.rows["candidate_label"].notna() & found.rows["base_label"].notna()
        ]
        counts = {verdict: int((rows["verdict"] == verdict).sum()) for verdict in VERDICTS}
        events = counts["slower"] + (counts["faster"] if name == ARMS[0] else 0)
        ends = stats.binomtest(events, len(rows)).proportion_ci()
        ratio = rows["ratio"].astype(float).median()
        results[name] = {"rows": len(rows), **counts, "rate": [events / len(rows), ends.low, ends.high], "ratio": float(ratio)}
    return results


def small_job(label: str, base: list[str], candidate: list[str], out: Path, rounds: int, **more: object) -> dict:
    """Run a short job and ask the gate."""
    request = AbRequest((command_side("base", base), command_side(label, candidate)), skip_identical=False, **more)
    _, comparison = start_job(request, out / "runs", label.replace(" ", "-"), 60.0, rounds)
    gate = evaluate(comparison, GateConfig())
    counts = {name: count for name, count in comparison.counts().items() if count}
    ratio = float(comparison.rows["ratio"].astype(float).median())
    return {"outcome": gate.outcome, "exit_code": gate.exit_code, "verdicts": counts, "median_ratio": ratio}


def refusals(driver: str, out: Path, iterations: int) -> dict[str, dict]:
    """Check what must pass and what must be refused."""
    one = "--plugin swish --dtype fp32,fp16"
    base, less = (command(driver, rows, iterations, f"{one} --no-verify") for rows in ((65536,), (45875,)))
    slow, fast = ([*base, "--set", f"variant={variant}", "--set", "block=64"] for variant in ("scalar", "vectorized"))
    right = command(driver, (4096,), iterations, one)
    wrong = [*right, "--tolerance-abs", "0", "--tolerance-rel", "0"]
    aliases = parse_aliases([f"shape=45875x{COLUMNS}:65536x{COLUMNS}"])
    return {
        "30 % less work": small_job("less work", base, less, out, LOOKS[0], aliases=aliases),
        "vectorized for scalar": small_job("vectorized", slow, fast, out, LOOKS[0], keys=("op", "shape", "dtype", "block")),
        "wrong output": small_job("wrong output", right, wrong, out, 1),
    }


def table(results: dict) -> str:
    """Write the results as Markdown."""
    lines = [
        "| candidate | rows | slower | faster | same | cannot tell | rate (95 % interval) | ratio |",
        "| --- |" + " ---: |" * 7,
    ]
    for name, arm in results["arms"].items():
        counts = " | ".join(str(arm[verdict]) for verdict in VERDICTS)
        rate, low, high = (f"{100 * value:.1f}" for value in arm["rate"])
        lines.append(f"| {name} | {arm['rows']} | {counts} | {rate} % ({low} to {high}) | {arm['ratio']:.4f} |")
    lines += ["", "| candidate | gate | exit | verdicts | ratio |", "| --- | --- | ---: | --- | ---: |"]
    for name, job in results["refusals"].items():
        said = ", ".join(f"{count} {verdict}" for verdict, count in job["verdicts"].items())
        lines.append(f"| {name} | {job['outcome']} | {job['exit_code']} | {said} | {job['median_ratio']:.3f} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--driver", default="build/bin/profiler-driver", help="the driver, or a command line that takes its options"
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--budget", type=float, default=300.0, help="seconds for the job")
    parser.add_argument("--iterations", type=int, default=30)
    arguments = parser.parse_args()
    driver, out, started = shlex.split(arguments.driver), arguments.out.resolve(), time.monotonic()
    driver[0] = str(Path(driver[0]).resolve()) if Path(driver[0]).exists() else driver[0]
    plain = driver[0] if len(driver) == 1 else wrapped(driver, 1.0, out / "plain")
    drivers = {"base": plain, ARMS[0]: plain, ARMS[1]: wrapped(driver, SLOWER, out / "slower")}
    store, found = measure(drivers, out, arguments.budget, arguments.iterations)
    facts = store.facts["base"]
    results = {
        "gpu": facts.get("device.name"),
        "driver": facts.get("versions.driver"),
        "rounds": len(store.rounds),
        "seconds_of_rounds": [round(record.duration_s, 2) for record in store.rounds],
        "seconds": sum(record.duration_s for record in store.rounds),
        "arms": judge(found),
        "refusals": refusals(plain, out, arguments.iterations),
    }
    results["seconds_in_all"] = time.monotonic() - started
    (out / "results.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    (out / "table.md").write_text(table(results), encoding="utf-8")
    compression = {"method": "gzip", "mtime": 1}
    store.frame().to_csv(out / "rounds.csv.gz", index=False, float_format="%.10g", compression=compression)
    print(f"{results['gpu']}: {results['rounds']} rounds in {results['seconds']:.0f} s: {results['seconds_of_rounds']}")
    print(table(results))


if __name__ == "__main__":
    main()
