"""How often the verdicts are wrong, on simulated measurements with known truth, beside peers' rules on the same data.

python benchmarks/false_alarms.py [--experiments 4000] [--seed 1] [--json FILE]
python benchmarks/false_alarms.py --processes     only what compare says of several processes of unequal spread
python benchmarks/false_alarms.py --samples       only what compare says of single processes with few samples or two modes
python benchmarks/false_alarms.py --histories     only what trend shows of constant and stepped histories
python benchmarks/false_alarms.py --calibrate     makes the table of profiler/compare/judge/statistics.py again
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import numpy as np
from peer_rules import PEERS
from simulated_rounds import SCENARIOS, Experiments, Scenario, simulate

from profiler.compare.history.change_points import change_points, noise_of
from profiler.compare.judge.capture_estimates import capture_estimates
from profiler.compare.judge.comparison import Judged, clocks_differ
from profiler.compare.judge.noise import MachineNoise, assumed_noise
from profiler.compare.judge.statistics import LOOKS, Estimates, interval, local_level, paired_estimates, two_sided_p
from profiler.compare.judge.verdict import DecisionRule, Decisions, decide, decided
from profiler.compare.rows.alignment import Pair
from profiler.compare.rows.row import Row
from profiler.compare.rows.summaries import Summary, summarise

RATIOS = {"identical": 0.0, "0.3 % slower": 0.003, "2 % slower": 0.02}
FIXED_ROUNDS = 12
ROWS = 40
SELFTEST_ROUNDS = 30
FIELDS = ("log_ratio", "standard_error", "dof", "rounds")
UNEQUAL = (
    (10, 0.001, 2, 0.03),
    (20, 0.001, 2, 0.03),
    (10, 0.001, 3, 0.03),
    (5, 0.001, 2, 0.02),
    (3, 0.001, 3, 0.03),
    (2, 0.01, 10, 0.01),
    (1, 0.01, 3, 0.01),
    (3, 0.03, 1, 0.03),
    (3, 0.01, 3, 0.01),
    (10, 0.01, 10, 0.01),
)
"""Processes of the base and their spread, processes of the candidate and theirs."""
POWER_SIDES = ((1, 1), (1, 2), (2, 2), (2, 3), (3, 3), (5, 5), (2, 10), (10, 10))
POWER_RATIOS = (0.0, 0.015, 0.02, 0.03, 0.05, 0.1)
SAMPLE_COUNTS = (2, 3, 5, 8, 20, 60)
SAMPLE_MODELS = {
    "Gaussian 1 %": lambda rng, n: 0.01 * rng.standard_normal(n),
    "Gaussian 3 %": lambda rng, n: 0.03 * rng.standard_normal(n),
    "Student t 2.5, 2 %": lambda rng, n: 0.02 * rng.standard_t(2.5, n),
    "two modes 3 % apart, half each": lambda rng, n: 0.03 * (rng.random(n) < 0.5) + 0.003 * rng.standard_normal(n),
    "two modes 8 % apart, half each": lambda rng, n: 0.08 * (rng.random(n) < 0.5) + 0.003 * rng.standard_normal(n),
    "two modes 8 % apart, a fifth slow": lambda rng, n: 0.08 * (rng.random(n) < 0.2) + 0.003 * rng.standard_normal(n),
}
"""Noise of the iterations of one process, on the log scale."""


def stopped_verdicts(experiments: Experiments, rule: DecisionRule) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Run the stopping rule on each experiment, each a family of its own.

    Returns:
        Verdict at the stop, index of the look of the stop, and whether the interval there was around each row's estimate
        (low, high on the log scale, shape (experiments, 2)).
    """
    estimates = paired_estimates(experiments.differences, experiments.order, LOOKS)
    count = experiments.differences.shape[0]
    verdict, stop = np.full(count, "", dtype=object), np.full(count, len(LOOKS) - 1)
    ends = np.full((count, 2), np.nan)
    open_ = np.ones(count, dtype=bool)
    for look in range(len(LOOKS)):
        so_far = Estimates(*(getattr(estimates, name)[:, : look + 1] for name in FIELDS))
        single = _each_alone(so_far, rule, len(LOOKS))
        done = open_ & (decided(single) | (look == len(LOOKS) - 1))
        verdict[done], stop[done] = single.verdict[done], look
        ends[done] = np.log(np.column_stack([single.ratio_low, single.ratio_high]))[done]
        open_ &= ~done
    return verdict, stop, ends


def _each_alone(estimates: Estimates, rule: DecisionRule, looks: int) -> Decisions:
    # Benjamini-Hochberg over one row changes nothing, so deciding all experiments with q = p decides each alone
    with patch("profiler.compare.judge.verdict.benjamini_hochberg", lambda p: p):
        return decide(estimates, rule, looks)


def coverage(experiments: Experiments, truth: float) -> dict[str, float]:
    """Measure how often 95 % intervals hold the truth: at a fixed number of rounds, and at every look at once."""
    fixed = paired_estimates(experiments.differences, experiments.order, (FIXED_ROUNDS,))
    low, high = (ends[np.isfinite(ends)] for ends in interval(fixed, 0.05))
    looks = paired_estimates(experiments.differences, experiments.order, LOOKS)
    low_k, high_k = interval(looks, local_level(0.05, len(LOOKS)))
    return {
        "fixed": float(np.mean((low <= truth) & (truth <= high))),
        "all_looks": float(np.mean(((low_k <= truth) & (truth <= high_k) | np.isnan(low_k)).all(axis=1))),
    }


def single_captures(experiments: Experiments, noise: MachineNoise, rule: DecisionRule) -> np.ndarray:
    """Judge the first process of each side alone, as `profiler compare` does: +1 slower, -1 faster, 0 neither."""
    sides = (experiments.base_samples, experiments.candidate_samples)
    rows = [
        [Row("row", {}, [summarise(samples)], sm_clock_after_hz=clock) for samples, clock in zip(side, clocks, strict=True)]
        for side, clocks in zip(sides, experiments.clocks_hz, strict=True)
    ]
    judged = [clocks_differ(Judged("candidate", Pair(*both))) for both in zip(*rows, strict=True)]
    estimates = capture_estimates(judged, [noise] * len(judged), [0.0] * len(judged))
    return _signs(_each_alone(Estimates(*(getattr(estimates, name)[:, None] for name in FIELDS)), rule, 1).verdict)


def _compared(pairs: list[tuple[Row, Row]], noise: MachineNoise, rule: DecisionRule) -> Decisions:
    judged = [Judged("candidate", Pair(*pair)) for pair in pairs]
    estimates = capture_estimates(judged, [noise] * len(pairs), [0.0] * len(pairs))
    return _each_alone(Estimates(*(getattr(estimates, name)[:, None] for name in FIELDS)), rule, 1)


def _processes(count: int, spread: float, rng: np.random.Generator, log_ratio: float = 0.0) -> Row:
    medians = 1e6 * np.exp(rng.normal(log_ratio, spread, count))
    return Row("row", {}, [Summary(float(median), 1e-5, 100, 1.0) for median in medians])


def unequal_processes(experiments: int, rule: DecisionRule, rng: np.random.Generator) -> list[dict]:
    """Measure `profiler compare` on identical code where the sides have other numbers of processes and other spreads."""
    results = []
    for base, base_spread, candidate, candidate_spread in UNEQUAL:
        pairs = [(_processes(base, base_spread, rng), _processes(candidate, candidate_spread, rng)) for _ in range(experiments)]
        said = _compared(pairs, assumed_noise(host_clock=False), rule)
        results.append(
            {
                "base": {"processes": base, "spread": base_spread},
                "alarms": float(np.mean(_signs(said.verdict) != 0)),
                "candidate": {"processes": candidate, "spread": candidate_spread},
                "coverage": float(np.mean((said.ratio_low <= 1.0) & (said.ratio_high >= 1.0))),
            }
        )
    return results


def process_power(experiments: int, rule: DecisionRule, rng: np.random.Generator) -> list[dict]:
    """Measure how often `profiler compare` finds a slowdown by so many processes a side, whose spread is the assumed one."""
    noise, results = assumed_noise(host_clock=False), []
    for base, candidate in POWER_SIDES:
        found = {}
        for ratio in POWER_RATIOS:
            sides = ((base, 0.0), (candidate, float(np.log1p(ratio))))
            pairs = [tuple(_processes(n, noise.process_spread, rng, shift) for n, shift in sides) for _ in range(experiments)]
            said = _signs(_compared(pairs, noise, rule).verdict)
            found[f"{ratio:g}"] = float(np.mean(said > 0 if ratio else said != 0))
        results.append({"processes": [base, candidate], "found": found})
    return results


def few_samples(experiments: int, rule: DecisionRule, rng: np.random.Generator) -> list[dict]:
    """Measure the false alarms of single processes with few samples or two modes, 0.2 % between processes, self-tested."""
    noise, results = MachineNoise(0.002, SELFTEST_ROUNDS - 1.0, "self-test"), []

    def row(model: Callable[[np.random.Generator, int], np.ndarray], count: int) -> Row:
        return Row("row", {}, [summarise(1e6 * np.exp(rng.normal(0.0, 0.002) + model(rng, count)))])

    for name, model in SAMPLE_MODELS.items():
        alarms = {}
        for count in SAMPLE_COUNTS:
            said = _compared([(row(model, count), row(model, count)) for _ in range(experiments)], noise, rule)
            alarms[str(count)] = float(np.mean(_signs(said.verdict) != 0))
        results.append({"model": name, "alarms": alarms})
    return results


def _autocorrelated(rng: np.random.Generator, n: int, correlation: float) -> np.ndarray:
    values = rng.standard_normal(n)
    values[1:] *= np.sqrt(1.0 - correlation**2)
    for index in range(1, n):
        values[index] += correlation * values[index - 1]
    return 0.01 * values


HISTORY_RUNS = (12, 30, 60, 100, 200)
HISTORY_STEPS = (0.0, 0.02, 0.03, 0.05)
HISTORY_MODELS = {
    "Gaussian 1 %": lambda rng, n: 0.01 * rng.standard_normal(n),
    "Student t 2.5, 1 %": lambda rng, n: 0.01 * rng.standard_t(2.5, n),
    "a fifth of the runs 3 % slower": lambda rng, n: 0.03 * (rng.random(n) < 0.2) + 0.001 * rng.standard_normal(n),
    "autocorrelation 0.5, 1 %": lambda rng, n: _autocorrelated(rng, n, 0.5),
}
"""Noise of the runs of a history, on the log scale."""


def histories(experiments: int, rule: DecisionRule, rng: np.random.Generator) -> list[dict]:
    """Measure how often `profiler trend` shows a change in constant histories, and finds a step in their middle."""
    results = []
    for name, model in HISTORY_MODELS.items():
        for step in HISTORY_STEPS:
            found = {}
            for runs in HISTORY_RUNS:
                series = [model(rng, runs) + step * (np.arange(runs) >= runs // 2) for _ in range(experiments)]
                shown = [change_points(values, noise_of(values, 0.005), rule.log_threshold)[0] for values in series]
                found[str(runs)] = float(np.mean([bool(points) for points in shown]))
            results.append({"model": name, "step": step, "changes": found})
    return results


def measured_noise(scenario: Scenario, rng: np.random.Generator) -> MachineNoise:
    """Return what a self-test of 40 rows and 30 rounds says of the spread between processes: its 90th percentile over rows."""
    data = simulate(scenario, np.zeros(ROWS), SELFTEST_ROUNDS, rng)
    spread = np.nanstd(data.differences, axis=1, ddof=1) / np.sqrt(2.0)
    return MachineNoise(float(np.quantile(spread, 0.9)), SELFTEST_ROUNDS - 1.0, "self-test")


def _signs(verdict: np.ndarray) -> np.ndarray:
    return np.where(verdict == "slower", 1, np.where(verdict == "faster", -1, 0))


def measure(scenario: Scenario, experiments: int, rule: DecisionRule, rng: np.random.Generator) -> dict:
    """Measure one scenario: error rates of the rule and of the peers, coverage, rounds."""
    result: dict = {"scenario": scenario.name, "text": scenario.text, "rules": {}}
    noise = measured_noise(scenario, rng)
    for name, ratio in RATIOS.items():
        truth = float(np.log1p(ratio))
        data = simulate(scenario, np.full(experiments, truth), LOOKS[-1], rng)
        verdict, stop, ends = stopped_verdicts(data, rule)
        alarms = {
            "profiler ab": _signs(verdict),
            "profiler compare, self-tested": single_captures(data, noise, rule),
            "profiler compare, spread assumed": single_captures(data, assumed_noise(host_clock=False), rule),
        }
        alarms |= {peer: decision(data.base_samples, data.candidate_samples) for peer, decision in PEERS.items()}
        for peer, said in alarms.items():
            cell = result["rules"].setdefault(peer, {})
            cell[name] = float(np.mean(said != 0) if ratio == 0.0 else np.mean(said > 0))
        result.setdefault("coverage", {})[name] = {
            **coverage(data, truth),
            "at_stop": float(np.mean((ends[:, 0] <= truth) & (truth <= ends[:, 1]))),  # no interval there is a miss
        }
        result.setdefault("rounds", {})[name] = float(np.median(np.asarray(LOOKS)[stop]))
        result.setdefault("cannot_tell", {})[name] = float(np.mean(verdict == "cannot tell"))
    result["false_discovery_rate"] = false_discovery_rate(scenario, max(experiments // ROWS, 50), rule, rng)
    return result


def false_discovery_rate(scenario: Scenario, jobs: int, rule: DecisionRule, rng: np.random.Generator) -> float:
    """Measure the mean share of false ones among the rows declared, in jobs of 40 rows of which 8 truly changed."""
    shares = []
    truth = np.zeros(ROWS)
    truth[:8] = np.log1p([0.02, 0.03, 0.05, 0.1, -0.02, -0.05, -0.1, -0.2])
    for _ in range(jobs):
        data = simulate(scenario, truth, LOOKS[-1], rng)
        estimates = paired_estimates(data.differences, data.order, LOOKS)
        for look in range(1, len(LOOKS) + 1):
            so_far = Estimates(*(getattr(estimates, name)[:, :look] for name in FIELDS))
            decisions = decide(so_far, rule, len(LOOKS))
            if decided(decisions).all():
                break
        said = _signs(decisions.verdict)
        false = (said != 0) & (said != np.sign(truth))
        shares.append(false.sum() / max((said != 0).sum(), 1))
    return float(np.mean(shares))


def calibrate(experiments: int, rng: np.random.Generator) -> list[tuple[float, float]]:
    """Measure P(smallest p over all looks <= x) for Gaussian differences, for a grid of x."""
    grid = np.array([1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.7])
    hits, block = np.zeros(grid.size), 20_000
    for _ in range(experiments // block):
        differences = rng.standard_normal((block, LOOKS[-1]))
        first = rng.choice([-1.0, 1.0], size=(block, LOOKS[-1] // 2))
        order = np.stack([first, -first], axis=2).reshape(block, -1)
        smallest = two_sided_p(paired_estimates(differences, order, LOOKS)).min(axis=1)
        hits += (smallest[:, None] <= grid).sum(axis=0)
    return list(zip(grid.tolist(), (hits / (experiments // block * block)).tolist(), strict=True))


def print_table(results: list[dict]) -> None:
    """Print the results as Markdown tables."""

    def pct(value: float) -> str:
        return f"{100 * value:.1f}"

    coverages = "95 % intervals: fixed rounds | every look at once | at the stop"
    print(f"| noise | {coverages} | false discoveries % | rounds, identical | rounds, 2 % |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for result in results:
        cells = [pct(np.mean([c[key] for c in result["coverage"].values()])) for key in ("fixed", "all_looks", "at_stop")]
        rounds = [f"{result['rounds'][name]:.0f}" for name in ("identical", "2 % slower")]
        print(f"| {result['scenario']} | {' | '.join(cells)} | {pct(result['false_discovery_rate'])} | {' | '.join(rounds)} |")
    print("\n| noise | rule | " + " | ".join(f"{name}: alarms %" for name in RATIOS) + " |")
    print("| --- | --- |" + " --- |" * len(RATIOS))
    for result in results:
        for rule, cells in result["rules"].items():
            print(f"| {result['scenario']} | {rule} | " + " | ".join(pct(cells[name]) for name in RATIOS) + " |")


def print_unequal(results: list[dict]) -> None:
    """Print how several processes of unequal spread are judged."""
    print("\n| base: processes, spread | candidate: processes, spread | false alarms % | coverage % |")
    print("| --- | --- | ---: | ---: |")
    for result in results:
        sides = (f"{result[side]['processes']}, {100 * result[side]['spread']:g} %" for side in ("base", "candidate"))
        print(f"| {' | '.join(sides)} | {100 * result['alarms']:.1f} | {100 * result['coverage']:.1f} |")


def print_power(results: list[dict]) -> None:
    """Print what several processes a side find."""
    print("\n| processes | false alarms % | " + " | ".join(f"+{100 * ratio:g} % found" for ratio in POWER_RATIOS[1:]) + " |")
    print("| --- |" + " ---: |" * len(POWER_RATIOS))
    for result in results:
        cells = " | ".join(f"{100 * share:.1f}" for share in result["found"].values())
        print(f"| {' against '.join(map(str, result['processes']))} | {cells} |")


def print_samples(results: list[dict]) -> None:
    """Print the false alarms of few samples."""
    print("\n| noise of iterations | " + " | ".join(f"{count} samples" for count in SAMPLE_COUNTS) + " |")
    print("| --- |" + " ---: |" * len(SAMPLE_COUNTS))
    for result in results:
        print(f"| {result['model']} | " + " | ".join(f"{100 * share:.1f}" for share in result["alarms"].values()) + " |")


def print_histories(results: list[dict]) -> None:
    """Print how often a history shows a change."""
    print("\n| noise of runs | truth | " + " | ".join(f"{runs} runs" for runs in HISTORY_RUNS) + " |")
    print("| --- | --- |" + " ---: |" * len(HISTORY_RUNS))
    for result in results:
        truth = f"{100 * result['step']:g} % step" if result["step"] else "constant"
        print(f"| {result['model']} | {truth} | " + " | ".join(f"{100 * v:.1f}" for v in result["changes"].values()) + " |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--experiments", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--calibrate", action="store_true")
    parser.add_argument("--processes", action="store_true", help="only sides of several processes of unequal spread")
    parser.add_argument("--samples", action="store_true", help="only single processes with few samples or two modes")
    parser.add_argument("--histories", action="store_true", help="only what trend shows of constant and stepped histories")
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    if arguments.calibrate:
        for point in calibrate(4_000_000, rng):
            print(f"({point[0]:g}, {point[1]:.4g})")
        return
    if arguments.histories:
        print_histories(histories(arguments.experiments, DecisionRule(), rng))
        return
    if arguments.samples:
        print_samples(few_samples(arguments.experiments, DecisionRule(), rng))
        return
    results = (
        [] if arguments.processes else [measure(scenario, arguments.experiments, DecisionRule(), rng) for scenario in SCENARIOS]
    )
    if results:
        print_table(results)
    # its own generator: the figures are the same with and without the scenarios before
    unequal = unequal_processes(arguments.experiments, DecisionRule(), np.random.default_rng(arguments.seed))
    print_unequal(unequal)
    print_power(process_power(arguments.experiments, DecisionRule(), np.random.default_rng(arguments.seed)))
    if arguments.json:
        record = {"experiments": arguments.experiments, "seed": arguments.seed, "results": results, "unequal_processes": unequal}
        arguments.json.write_text(json.dumps(record, indent=1))


if __name__ == "__main__":
    main()
