"""Noise of simulated machines with known truth: what a process adds to ln(time) of each row, in the order in which processes run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter

Array = np.ndarray
Effect = Callable[[np.random.Generator, tuple[int, int, int, int]], Array]
CLOCK_STEP = 0.05
MEDIAN_ERROR = 5e-4
"""Error of ln(median) within a process."""


@dataclass(frozen=True)
class Model:
    """One kind of noise.

    Attributes:
        name: Name in the tables.
        effect: (rng, shape (jobs, rows, rounds, 2)) -> effect on ln(time); the last axis is what `of_sides` says.
        of_sides: The last axis are the sides, base first; else who ran first and second in a round.
        clock: The effect is the SM clock's, which is read.
        memory: A side keeps a state from process to process.
    """

    name: str
    effect: Effect
    of_sides: bool = False
    clock: bool = False
    memory: bool = False


def gaussian(sigma: float) -> Effect:
    """Return independent normal effects."""
    return lambda rng, shape: sigma * rng.standard_normal(shape)


def student(scale: float, dof: float) -> Effect:
    """Return independent heavy-tailed effects."""
    return lambda rng, shape: scale * rng.standard_t(dof, shape)


def modes(levels: tuple[float, ...], shares: tuple[float, ...], within: float = 5e-4) -> Effect:
    """Return effects of processes that fall into one of several tight groups each."""
    return lambda rng, shape: rng.choice(levels, p=shares, size=shape) + within * rng.standard_normal(shape)


def autoregressive(values: Array, phi: float, axis: int) -> Array:
    """Return a stationary first-order process of variance 1 along an axis, from independent normal values."""
    scaled = np.moveaxis(values, axis, -1) * np.sqrt(1.0 - phi**2)
    scaled[..., 0] /= np.sqrt(1.0 - phi**2)
    return np.moveaxis(lfilter([1.0], [1.0, -phi], scaled), -1, axis)


def side_memory(phi: float, sigma: float = 0.01) -> Effect:
    """Return effects of which each depends on that of the same side's process before."""
    return lambda rng, shape: sigma * autoregressive(rng.standard_normal(shape), phi, 2)


def sticking_modes(rng: np.random.Generator, shape: tuple[int, int, int, int]) -> Array:
    """Return effects of two tight modes, 3 % apart, that a side keeps for ten processes on average."""
    switches = rng.random(shape) < 0.1
    switches[:, :, 0] = rng.random((*shape[:2], shape[3])) < 0.5
    return 0.03 * (np.cumsum(switches, axis=2) % 2) + 5e-4 * rng.standard_normal(shape)


def drift(rng: np.random.Generator, shape: tuple[int, int, int, int]) -> Array:
    """Return a machine that gets up to 6 % faster or slower over 64 rounds, 0.2 % between processes."""
    slope = rng.uniform(-0.06, 0.06, (shape[0], 1, 1, 1)) / 128.0
    return slope * np.arange(2.0 * shape[2]).reshape(1, 1, -1, 2) + 0.002 * rng.standard_normal(shape)


def order_effect(rng: np.random.Generator, shape: tuple[int, int, int, int]) -> Array:
    """Return effects of which the second of a round is 0.5 % slower, 0.2 % between processes."""
    return np.array([0.0, 0.005]) + 0.002 * rng.standard_normal(shape)


def clock_steps(rng: np.random.Generator, shape: tuple[int, int, int, int]) -> Array:
    """Return a clock that falls by 5 % and rises again, every 12 processes on average, for all rows alike; no other noise."""
    jobs, _rows, rounds, _ = shape
    switches = rng.random((jobs, 1, 2 * rounds)) < 1 / 12
    switches[..., 0] = rng.random((jobs, 1)) < 0.5
    low = np.cumsum(switches, axis=2) % 2
    return np.broadcast_to(CLOCK_STEP * low.reshape(jobs, 1, rounds, 2), shape)


def bursts(rng: np.random.Generator, shape: tuple[int, int, int, int]) -> Array:
    """Return a neighbour who comes in 1 of 30 processes, stays for 4 and slows each row by 3 % on average; else 0.2 %."""
    jobs, _, rounds, _ = shape
    hit = np.apply_along_axis(np.convolve, 1, rng.random((jobs, 2 * rounds)) < 1 / 30, np.ones(4))[:, : 2 * rounds] > 0
    return hit.reshape(jobs, 1, rounds, 2) * rng.exponential(0.03, shape) + 0.002 * rng.standard_normal(shape)


def shared(sigma: float, own: float) -> Effect:
    """Return effects of which the larger part is that of the process on all its rows."""

    def effect(rng: np.random.Generator, shape: tuple[int, int, int, int]) -> Array:
        return sigma * rng.standard_normal((shape[0], 1, *shape[2:])) + own * rng.standard_normal(shape)

    return effect


def _with_noise(effect: Effect, sigma: float = 0.002) -> Effect:
    return lambda rng, shape: effect(rng, shape) + sigma * rng.standard_normal(shape)


_MODELS = (
    Model("Gaussian 0.3 %", gaussian(0.003)),
    Model("Gaussian 1 %", gaussian(0.01)),
    *(Model(f"two modes 3 % apart, {100 * p:g} % slow", modes((0.0, 0.03), (1 - p, p))) for p in (0.1, 0.3, 0.5)),
    Model("three modes at 0, 1 and 4 %", modes((0.0, 0.01, 0.04), (0.5, 0.3, 0.2))),
    Model("Student t 2.5, 0.5 %", student(0.005, 2.5)),
    Model("common drift of up to 6 %", drift),
    Model("second of a round 0.5 % slower", order_effect),
    Model("clock steps of 5 %, read", clock_steps, clock=True),
    Model("clock steps of 5 %, hidden", _with_noise(clock_steps)),
    Model("bursts", bursts),
    Model("1 of 20 processes 5 % slower", modes((0.0, 0.05), (0.95, 0.05), 0.002)),
    Model("1 %, shared by all rows", shared(0.01, 0.001)),
    Model("a side's autocorrelation 0.5", side_memory(0.5), of_sides=True, memory=True),
    Model("a side's autocorrelation 0.9", side_memory(0.9), of_sides=True, memory=True),
    Model("base 0.1 %, candidate 3 %", lambda rng, shape: np.array([0.001, 0.03]) * rng.standard_normal(shape), of_sides=True),
    Model("a side's modes stick", sticking_modes, of_sides=True, memory=True),
)
MODELS = {model.name: model for model in _MODELS}


@dataclass(frozen=True)
class Measured:
    """What the processes of simulated jobs measured, rows of a job one after the other.

    Attributes:
        base_ln: ln(median) of each round's process of the base, shape (jobs · rows, rounds); NaN where a round was dropped.
        candidate_ln: The same of the candidate, without any difference between the sides.
        order: +1 where the base ran first, shape (jobs · rows, rounds).
        clocks_hz: SM clock of base and candidate, shape (2, jobs · rows, rounds); NaN when it cannot be read.
    """

    base_ln: Array
    candidate_ln: Array
    order: Array
    clocks_hz: Array


def simulate(model: Model, jobs: int, rows: int, rounds: int, rng: np.random.Generator) -> Measured:
    """Simulate jobs of identical sides: rounds of two fresh processes in balanced random order, 0.05 % error of each median."""
    first = rng.choice([-1.0, 1.0], size=(jobs, (rounds + 1) // 2))
    order = np.stack([first, -first], axis=2).reshape(jobs, 1, -1)[..., :rounds]
    effect = np.asarray(model.effect(rng, (jobs, rows, rounds, 2)))
    if not model.of_sides:
        swapped = np.broadcast_to((order < 0)[..., None], effect.shape)
        effect = np.where(swapped, effect[..., ::-1], effect)
    clocks = np.exp(-effect) if model.clock else np.full(effect.shape, np.nan)
    noise = 0.002 if model.clock else MEDIAN_ERROR
    logs = (effect + noise * rng.standard_normal(effect.shape)).reshape(jobs * rows, rounds, 2)
    flat = clocks.reshape(jobs * rows, rounds, 2)
    return Measured(
        logs[..., 0],
        logs[..., 1],
        np.broadcast_to(order, (jobs, rows, rounds)).reshape(-1, rounds),
        np.stack([flat[..., 0], flat[..., 1]]),
    )
