"""The gate held against known truth on a real GPU: false alarms on identical code, power on known slowdowns, refusals.

    python benchmarks/gate_on_gpu.py --driver build/bin/profiler-driver --out DIR [--budget 240]

Rounds of four fresh processes in balanced random order: the base, the same again, a candidate that moves 2 % more
elements and one that moves 0.3 % more (its larger shape stands for the base's row). The rounds are cut into jobs by the
tool's own stopping rule. Beside it the rules of peers judge the same single processes. Then a candidate with 30 % less
work and one variant against another must pass, and a candidate whose output is wrong must be refused.

Writes DIR/results.json, DIR/rounds.csv.gz (a line per round, side and row) and DIR/table.md.
"""

from __future__ import annotations

import argparse
import json
import shlex
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from peer_rules import PEERS

from profiler.compare.gate.config import GateConfig
from profiler.compare.gate.evaluation import evaluate
from profiler.compare.judge.selftest import process_spread, replay
from profiler.compare.judge.statistics import LOOKS
from profiler.compare.judge.verdict import DecisionRule
from profiler.compare.rows.alignment import parse_aliases
from profiler.jobs.ab import start_job
from profiler.jobs.ab_store import AbRequest, AbStore
from profiler.jobs.sides import command_side
from profiler.metrics.recording import load
from profiler.store.run_dir import RunDir

ROWS = (49152, 65536, 81920)
COLUMNS = 1024
SWEEP = (
    "--plugin",
    "swish,add_scalar",
    "--dtype",
    "fp32,fp16",
    "--set",
    "variant=vectorized,grid_stride",
    "--set",
    "block=128,256",
)
WORK = {"2 % more work": 1.02, "0.3 % more work": 1.003}
TRIAL_ROUNDS = (12, 18, 28)
"""Longest jobs that the recorded rounds are cut into: shorter ones give more trials, longer ones decide more rows."""


def driver_command(driver: Sequence[str], factor: float, iterations: int, *more: str, divisor: int = 1) -> list[str]:
    """Return the driver's command line with every shape's first dimension times a factor, divided by another."""
    shapes = ",".join(f"{round(rows * factor) // divisor}x{COLUMNS}" for rows in ROWS)
    return [*driver, "--direct", "--shape", shapes, "--iterations", str(iterations), "--quiet", *SWEEP, *more]


def aliases(*factors: float) -> dict[str, dict[str, str]]:
    """Say which larger or smaller shape stands for which of the base."""
    texts = [f"shape={round(rows * factor)}x{COLUMNS}:{rows}x{COLUMNS}" for factor in factors for rows in ROWS]
    return parse_aliases(texts)


def verify_arms(driver: Sequence[str], out: Path) -> None:
    """Run each arm once with verification, which the timed processes leave out to spend their time on samples.

    The float64 reference of the whole tensors takes minutes; a sixteenth of the rows runs the same machine code.
    """
    from profiler.capture.process import run_process

    for factor in (1.0, *WORK.values(), 0.7):
        result = out / f"verified-{factor}.json"
        ended = run_process([*driver_command(driver, factor, 5, divisor=16), "--json", str(result)], timeout_s=120)
        statuses = load(result).table("points")["status"].tolist()
        if ended.returncode != 0 or set(statuses) != {"ok"}:
            raise SystemExit(f"arm {factor}: not all outputs are right: {sorted(set(statuses))} {ended.last_lines[-2:]}")


def measure(driver: Sequence[str], out: Path, budget_s: float, iterations: int) -> AbStore:
    """Measure the four arms interleaved."""
    names = {"base": 1.0, "same again": 1.0, **WORK}
    sides = tuple(command_side(name, driver_command(driver, factor, iterations, "--no-verify")) for name, factor in names.items())
    request = AbRequest(sides, aliases=aliases(*WORK.values()), skip_identical=False, stop_early=False)
    folder, _ = start_job(request, out / "runs", "gate-on-gpu", budget_s, 400, lambda progress: print(progress, flush=True))
    return AbStore(folder)


def judge(store: AbStore, longest: int) -> dict[str, dict]:
    """Cut the rounds into jobs of at most so many rounds for each candidate arm, and count what was said."""
    rounds, rows = store.frame(), store.side_rows()
    found = {}
    for name in store.names[1:]:
        jobs = replay(rounds, {"base": rows["base"], name: rows[name]}, DecisionRule(), longest)
        verdicts = np.concatenate([job["verdict"].to_numpy() for job in jobs])
        counts = {verdict: int((verdicts == verdict).sum()) for verdict in ("slower", "faster", "same", "cannot tell")}
        ours, theirs = (rounds[rounds["side"] == side].set_index(["label", "round"])["median_ns"] for side in ("base", name))
        logs = np.log(theirs / ours).dropna()
        used = [int(job["rounds"].max()) for job in jobs]
        found[name] = {
            "jobs": len(jobs),
            "row_comparisons": int(verdicts.size),
            **counts,
            "rounds_per_job": float(np.mean(used)),
            "measured_ratio": float(np.exp(logs.mean())),
            "measured_ratio_of_rows": [float(np.exp(value)) for value in logs.groupby(level="label").mean().quantile([0, 0.5, 1])],
        }
    return found


def judge_peers(store: AbStore) -> dict[str, dict[str, float]]:
    """Let the peers' rules judge the single processes of each round: base against each arm."""
    said: dict[str, dict[str, list[np.ndarray]]] = {peer: {name: [] for name in store.names[1:]} for peer in PEERS}
    for record in store.rounds:
        base = _samples(store.result_path(record.number, "base"))
        for name in store.names[1:]:
            other = _samples(store.result_path(record.number, name))
            for peer, rule in PEERS.items():
                said[peer][name].append(rule(base, other))
    return {
        peer: {
            name: float(np.mean(np.concatenate(values) != 0 if name == "same again" else np.concatenate(values) > 0))
            for name, values in arms.items()
        }
        for peer, arms in said.items()
    }


def _samples(path: Path) -> np.ndarray:
    """Return the samples of a result, shape (points, iterations); all arms list their points in the same order."""
    points = json.loads(path.read_text(encoding="utf-8"))["points"]
    return np.array([point["samples_ns"] for point in points], dtype=float)


def small_job(label: str, base: list[str], candidate: list[str], out: Path, rounds: int, **more) -> dict:
    """Run a short job and ask the gate."""
    request = AbRequest((command_side("base", base), command_side(label, candidate)), skip_identical=False, **more)
    _, comparison = start_job(request, out / "runs", label.replace(" ", "-"), 60.0, rounds)
    gate = evaluate(comparison, GateConfig())
    ratio = comparison.rows["ratio"].astype(float)
    return {
        "exit_code": gate.exit_code,
        "outcome": gate.outcome,
        "rounds": rounds,
        "rows": len(comparison.rows),
        "verdicts": {name: count for name, count in comparison.counts().items() if count},
        "median_ratio": float(ratio.median()),
    }


def refusals(driver: Sequence[str], out: Path, iterations: int) -> dict[str, dict]:
    """Check what must pass and what must be refused."""
    base = driver_command(driver, 1.0, iterations, "--no-verify")
    less = driver_command(driver, 0.7, iterations, "--no-verify")
    one = [
        *driver,
        "--direct",
        "--plugin",
        "swish",
        "--shape",
        f"65536x{COLUMNS}",
        "--dtype",
        "fp32,fp16",
        "--iterations",
        str(iterations),
        "--quiet",
    ]
    wrong = [*one, "--tolerance-abs", "0", "--tolerance-rel", "0", "--set", "variant=vectorized"]
    slow, fast = ([*one, "--set", f"variant={variant}", "--set", "block=64"] for variant in ("scalar", "vectorized"))
    return {
        "30 % less work": small_job("less work", base, less, out, LOOKS[0], aliases=aliases(0.7)),
        "vectorized for scalar": small_job("vectorized", slow, fast, out, LOOKS[0], keys=("op", "shape", "dtype", "block")),
        "wrong output": small_job("wrong output", [*one, "--set", "variant=vectorized"], wrong, out, 1),
    }


def table(results: dict) -> str:
    """Write the results as Markdown."""
    first = next(iter(results["arms"].values()))
    lines = [
        "| candidate | rounds at most | rows judged | slower | faster | same | cannot tell | rounds a job | measured ratio |",
        "| --- |" + " ---: |" * 8,
    ]
    for name, longest, arm in ((name, longest, arms[name]) for name in first for longest, arms in results["arms"].items()):
        counts = " | ".join(
            f"{arm[verdict]} ({100 * arm[verdict] / arm['row_comparisons']:.1f} %)"
            for verdict in ("slower", "faster", "same", "cannot tell")
        )
        lines.append(
            f"| {name} | {longest} | {arm['row_comparisons']} | {counts} | {arm['rounds_per_job']:.1f} | {arm['measured_ratio']:.4f} |"
        )
    arms = list(first)
    lines += [
        "",
        "| rule, on single processes | " + " | ".join(f"{name}: alarms" for name in arms) + " |",
        "| --- |" + " ---: |" * len(arms),
    ]
    for peer, found in results["peers"].items():
        lines.append(f"| {peer} | " + " | ".join(f"{100 * found[name]:.1f} %" for name in arms) + " |")
    lines += ["", "| candidate | gate | exit | verdicts | ratio |", "| --- | --- | ---: | --- | ---: |"]
    for name, job in results["refusals"].items():
        said = ", ".join(f"{count} {verdict}" for verdict, count in job["verdicts"].items())
        lines.append(f"| {name} | {job['outcome']} | {job['exit_code']} | {said} | {job['median_ratio']:.3f} |")
    return "\n".join(lines) + "\n"


def _recorded_refusals(out: Path) -> dict[str, dict]:
    """Return what an earlier call found about what must pass and what must be refused."""
    earlier = out / "results.json"
    return json.loads(earlier.read_text(encoding="utf-8"))["refusals"] if earlier.is_file() else {}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--driver", default="build/bin/profiler-driver", help="the driver, or a command line that takes its options"
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--budget", type=float, default=240.0, help="seconds for the four interleaved arms")
    parser.add_argument("--iterations", type=int, default=60)
    parser.add_argument("--reuse", type=Path, help="judge the rounds of this run instead of measuring")
    arguments = parser.parse_args()
    driver = shlex.split(arguments.driver)
    arguments.out.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    if arguments.reuse:
        store = AbStore(RunDir(arguments.reuse))
    else:
        verify_arms(driver, arguments.out)
        store = measure(driver, arguments.out, arguments.budget, arguments.iterations)
    same = store.frame()
    spreads = [item["spread"] for item in process_spread(same[same["side"].isin(["base", "same again"])]).values()]
    facts = store.facts["base"]
    results = {
        "gpu": facts.get("device.name"),
        "driver": facts.get("versions.driver"),
        "rows": len(store.side_rows()["base"]),
        "rounds": len(store.rounds),
        "seconds_per_round": float(np.median([record.duration_s for record in store.rounds])),
        "process_spread": {"median": float(np.median(spreads)), "p90": float(np.quantile(spreads, 0.9))},
        "arms": {str(longest): judge(store, longest) for longest in TRIAL_ROUNDS},
        "peers": judge_peers(store),
        "refusals": _recorded_refusals(arguments.out) if arguments.reuse else refusals(driver, arguments.out, arguments.iterations),
    }
    results["seconds"] = time.monotonic() - started
    (arguments.out / "results.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    (arguments.out / "table.md").write_text(table(results), encoding="utf-8")
    same.to_csv(arguments.out / "rounds.csv.gz", index=False, float_format="%.10g", compression={"method": "gzip", "mtime": 1})
    print(json.dumps({key: value for key, value in results.items() if key not in ("arms", "peers", "refusals")}, indent=1))
    print(table(results))


if __name__ == "__main__":
    main()
