"""Simulated measurements with known truth: what fresh processes of two sides would record, with the noise of real machines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from profiler.compare.judge.rounds import throttled_pairs

ITERATIONS = 40
_MEDIAN_NS = 130_000.0


@dataclass(frozen=True)
class Scenario:
    """One kind of noise.

    Attributes:
        name: Name in the table.
        text: What happens, in one line.
        process: (rng, shape (experiments, processes)) -> log effect of each process, in order of time.
        iteration: (rng, shape (experiments, processes, iterations)) -> log effect of each iteration.
        reads_clock: The effect of a process shows in its SM clock reading.
    """

    name: str
    text: str
    process: Callable[[np.random.Generator, tuple[int, int]], np.ndarray]
    iteration: Callable[[np.random.Generator, tuple[int, int, int]], np.ndarray]
    reads_clock: bool = False


def _gauss(sigma):
    return lambda rng, shape: sigma * rng.standard_normal(shape)


def _student(sigma, dof):
    return lambda rng, shape: sigma * rng.standard_t(dof, shape)


def _spikes(rng, shape):
    slow = rng.random(shape) < 0.05
    return 0.01 * rng.standard_t(2, shape).clip(-50, 50) + slow * rng.exponential(0.5, shape)


def _drift(rng, shape):
    slope = rng.uniform(-0.06, 0.06, (shape[0], 1))
    return slope * np.linspace(0.0, 1.0, shape[1]) + 0.002 * rng.standard_normal(shape)


def _clock_steps(rng, shape):
    switches = rng.random(shape) < 1 / 12
    low = (np.cumsum(switches, axis=1) + rng.integers(0, 2, (shape[0], 1))) % 2
    return 0.05 * low + 0.002 * rng.standard_normal(shape)


def _process_modes(rng, shape):
    return 0.015 * (rng.random(shape) < 0.3) + 0.002 * rng.standard_normal(shape)


def _iteration_modes(rng, shape):
    return 0.02 * (rng.random(shape) < 0.4) + 0.003 * rng.standard_normal(shape)


def _autocorrelated(rng, shape, phi=0.95, sigma=0.01):
    steps = sigma * np.sqrt(1 - phi**2) * rng.standard_normal(shape)
    steps[..., 0] = sigma * rng.standard_normal(shape[:-1])
    for index in range(1, shape[-1]):
        steps[..., index] += phi * steps[..., index - 1]
    return steps


SCENARIOS = (
    Scenario("quiet", "0.2 % between processes, 0.5 % between iterations", _gauss(0.002), _gauss(0.005)),
    Scenario(
        "heavy tails",
        "Student t(3) between processes; t(2) and 5 % spikes of +65 % between iterations",
        _student(0.003, 3),
        _spikes,
    ),
    Scenario("drift", "up to 6 % faster or slower over the job", _drift, _gauss(0.005)),
    Scenario(
        "clock steps",
        "the clock falls by 5 % for stretches of 12 processes; the readings show it",
        _clock_steps,
        _gauss(0.005),
        True,
    ),
    Scenario("hidden steps", "the same, and no clock can be read", _clock_steps, _gauss(0.005)),
    Scenario("bimodal", "30 % of the processes 1.5 % slower, 40 % of the iterations 2 % slower", _process_modes, _iteration_modes),
    Scenario("autocorrelated", "iterations AR(1), 0.95, 1 %", _gauss(0.002), _autocorrelated),
    Scenario("noisy", "2 % between processes", _gauss(0.02), _gauss(0.02)),
)


@dataclass(frozen=True)
class Experiments:
    """Many simulated jobs.

    Attributes:
        differences: ln(candidate median / base median), shape (experiments, rounds); NaN where the round was dropped.
        order: +1 where the base ran first, shape (experiments, rounds).
        base_samples: Samples of the first base process, ns, shape (experiments, iterations).
        candidate_samples: Samples of the first candidate process.
        clocks_hz: SM clock of the first process of base and candidate, shape (2, experiments); NaN when it cannot be read.
    """

    differences: np.ndarray
    order: np.ndarray
    base_samples: np.ndarray
    candidate_samples: np.ndarray
    clocks_hz: np.ndarray


def simulate(scenario: Scenario, log_ratio: np.ndarray, rounds: int, rng: np.random.Generator) -> Experiments:
    """Simulate one job per entry of `log_ratio`, each of so many rounds of two processes in balanced random order."""
    count = log_ratio.size
    first = rng.choice([-1.0, 1.0], size=(count, (rounds + 1) // 2))
    order = np.stack([first, -first], axis=2).reshape(count, -1)[:, :rounds]
    process = scenario.process(rng, (count, 2 * rounds)).reshape(count, rounds, 2)
    base_first = order > 0
    base = np.where(base_first, process[..., 0], process[..., 1])
    candidate = np.where(base_first, process[..., 1], process[..., 0]) + log_ratio[:, None]
    medians, samples, clocks = [], [], []
    for side in (base, candidate):
        noise = scenario.iteration(rng, (count, rounds, ITERATIONS))
        medians.append(side + np.median(noise, axis=2))
        clocks.append(np.exp(-side) if scenario.reads_clock else np.full(side.shape, np.nan))
        samples.append(_MEDIAN_NS * np.exp(side[:, :1] + noise[:, 0]))
    differences = np.where(throttled_pairs(*clocks), np.nan, medians[1] - medians[0])
    return Experiments(differences, order, samples[0], samples[1], np.array([clock[:, 0] for clock in clocks]))
