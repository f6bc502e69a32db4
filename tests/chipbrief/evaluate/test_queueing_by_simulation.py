"""E8 in plans against an engine simulated event by event: it steps its running batch with the times of E3 to E5b.

Requests arrive as a Poisson process, with log-normal prompts and exponential or log-normal answers. A pass of the
model carries a token of every running sequence and up to a chunk of prompt tokens, first come, first served; prompts
take the slots that the cap leaves. No queueing formula is used: what is held against it is measured.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
import pytest
import simpy

from chipbrief.catalogue import load_catalogue
from chipbrief.evaluate.arrivals import batch_at_load, operate_at_random
from chipbrief.evaluate.replica import Replica
from chipbrief.evaluate.search import serving_precision
from chipbrief.registry import load_registry
from chipbrief.workload import Shape

REGISTRY, CATALOGUE = load_registry(strict=True), load_catalogue()
NORMAL_95 = 1.6448536


# -- the engine -----------------------------------------------------------------------------------------------


@dataclass
class Sent:
    """A request on its way."""

    at: float
    new: float
    answer: int
    left: float = 0.0
    started: float = -1.0
    first: float = -1.0
    last: float = -1.0
    tokens: int = 0


@dataclass
class Engine:
    """One replica: slots, a queue of prompts, and passes that take the time of E3 and E4 for what they carry."""

    replica: Replica
    env: simpy.Environment = field(default_factory=simpy.Environment)
    waiting: deque[Sent] = field(default_factory=deque)
    reading: deque[Sent] = field(default_factory=deque)
    ready: list[Sent] = field(default_factory=list)
    running: list[Sent] = field(default_factory=list)
    done: list[Sent] = field(default_factory=list)
    sequence_seconds: float = 0.0

    def __post_init__(self) -> None:
        replica, model = self.replica, self.replica.hardware.throughput
        self.limit = int(replica.limit)
        self.chunk = float(replica.hardware.profile.latency.prefill_chunk.value)
        self.host = float(replica.hardware.profile.latency.host.value)
        of = (replica.architecture, replica.deployment)
        batches = np.arange(1.0, self.limit + 1.0)
        self.steps = np.broadcast_to(model.decode_step_s(*of, batches, replica.shape.context_mean), batches.shape)
        self.steps = self.steps.tolist()
        self.cached = replica.shape.cached_fraction / (1.0 - replica.shape.cached_fraction)

        def alone(new: float) -> float:
            return float(model.prefill_s(*of, new, new * self.cached))

        def packed(new: float) -> float:
            return float(model.prefill_blocking_s(*of, new, new * self.cached, 1e9))

        # a pass has a latency of its own, whatever prompts it carries: what a prompt alone takes beyond a packed one
        share = 0.5
        whole = float(model.prefill_blocking_s(*of, share * self.chunk, share * self.chunk * self.cached, 1.0))
        self.pass_s = (whole - packed(share * self.chunk)) / (1.0 - share)
        grid = np.geomspace(1.0, 64 * self.chunk, 400)
        alone_s = [alone(new) for new in grid]
        packed_s = [packed(new) - new / self.chunk * self.pass_s for new in grid]
        self.alone: Callable[[float], float] = lambda new: float(np.interp(new, grid, alone_s))
        self.packed: Callable[[float], float] = lambda new: float(np.interp(new, grid, packed_s))

    def arrive(self, requests: list[Sent]):
        for request in requests:
            yield self.env.timeout(request.at - self.env.now)
            request.left = request.new
            self.waiting.append(request)
            if not self.wake.triggered:
                self.wake.succeed()

    def work(self):
        while True:
            self._admit()
            if not (self.reading or self.running or self.admits):
                soonest = min((r.first for r in self.ready), default=math.inf)
                self.wake = self.env.event()
                pause = [self.wake] + ([self.env.timeout(max(soonest - self.env.now, 0.0))] if self.ready else [])
                yield self.env.any_of(pause)
                continue
            carried = self._carried()
            prompts = sum(self.packed(r.new) * tokens / r.new for r, tokens in carried)
            time = prompts + (self.pass_s if carried else 0.0)
            if self.running:
                time += self.steps[len(self.running) - 1]
            elif carried:  # alone, a prompt cannot be faster than E4 has it
                first, tokens = carried[0]
                time = max(time, (self.alone(first.new) - self.host) * tokens / first.new)
            self.sequence_seconds += time * (len(self.running) + len(self.ready) + len(carried))
            yield self.env.timeout(time)
            self._after(carried)

    @property
    def admits(self) -> bool:
        return bool(self.waiting) and len(self.running) + len(self.ready) + len(self.reading) < self.limit

    def _admit(self) -> None:
        now = self.env.now
        self.running += [r for r in self.ready if r.first <= now]
        self.ready = [r for r in self.ready if r.first > now]

    def _carried(self) -> list[tuple[Sent, float]]:
        room, carried = self.chunk, []
        slots = self.limit - len(self.running) - len(self.ready) - len(self.reading)
        prompts = [*self.reading, *islice(self.waiting, slots)]
        for request in prompts:
            if room <= 0.0:
                break
            if request.started < 0.0:
                request.started = self.env.now
                self.reading.append(self.waiting.popleft())
            tokens = min(request.left, room)
            carried.append((request, tokens))
            room -= tokens
        return carried

    def _after(self, carried: list[tuple[Sent, float]]) -> None:
        now = self.env.now
        for request in self.running:
            request.tokens += 1
            if request.tokens >= request.answer:
                request.last = now
                self.done.append(request)
        self.running = [r for r in self.running if r.last < 0.0]
        for request, tokens in carried:
            request.left -= tokens
            if request.left <= 1e-9:
                self.reading.popleft()
                request.first = max(now, request.started + self.alone(request.new) - self.host)
                request.tokens = 1
                self.ready.append(request)

    def run(self, requests: list[Sent]) -> None:
        self.wake = self.env.event()
        self.env.process(self.arrive(requests))
        self.env.process(self.work())
        self.env.run(until=requests[-1].at)


@dataclass(frozen=True)
class Measured:
    batch: float
    ttft_p95_s: float
    tpot_s: float
    tpot_p95_s: float
    e2e_p95_s: float


def simulated(replica: Replica, arrivals_s: float, answers: str, requests: int, seed: int) -> Measured:
    rng, shape = np.random.default_rng(seed), replica.shape
    at = np.cumsum(rng.exponential(1.0 / arrivals_s, requests))
    prompts = shape.input_p50 * np.exp(
        rng.standard_normal(requests) * math.log(shape.input_p95 / shape.input_p50) / NORMAL_95
    )
    lengths = {
        "exponential": lambda: rng.geometric(1.0 / shape.output_mean, requests),
        "log-normal": lambda: np.ceil(
            shape.output_p50
            * np.exp(rng.standard_normal(requests) * math.log(shape.output_p95 / shape.output_p50) / NORMAL_95)
        ).astype(int),
    }[answers]()
    engine = Engine(replica)
    room = replica.architecture.context_limit - np.minimum(lengths, replica.architecture.context_limit // 4)
    new = np.minimum(prompts, room) * (1.0 - shape.cached_fraction)
    engine.run([Sent(a, float(n), max(int(k), 2)) for a, n, k in zip(at.tolist(), new, lengths, strict=True)])
    warm = at[requests // 5]
    done = [r for r in engine.done if r.at > warm]
    ttft = np.array([r.first - r.at for r in done]) + engine.host
    tpot = np.array([(r.last - r.first) / (r.answer - 1) for r in done])
    weights = np.array([r.answer - 1 for r in done], dtype=float)
    order = np.argsort(tpot)
    by_token = np.cumsum(weights[order]) / weights.sum()
    return Measured(
        batch=engine.sequence_seconds / engine.env.now,
        ttft_p95_s=float(np.quantile(ttft, 0.95)),
        tpot_s=float((tpot * weights).sum() / weights.sum()),
        tpot_p95_s=float(tpot[order][np.searchsorted(by_token, 0.95)]),
        e2e_p95_s=float(np.quantile([r.last - r.at for r in done], 0.95)) + engine.host,
    )


# -- the machines and their loads -----------------------------------------------------------------------------


def exponential_answers(prompt_p50: float, prompt_p95: float, answer: float) -> Shape:
    mean = prompt_p50 * math.exp((math.log(prompt_p95 / prompt_p50) / NORMAL_95) ** 2 / 2)
    return Shape(mean, prompt_p50, prompt_p95, answer, answer * math.log(2), answer * math.log(20), 0.0)


def log_normal_answers(prompt_p50: float, prompt_p95: float, answer_p50: float, answer_p95: float) -> Shape:
    prompts, answers = (
        p50 * math.exp((math.log(p95 / p50) / NORMAL_95) ** 2 / 2)
        for p50, p95 in ((prompt_p50, prompt_p95), (answer_p50, answer_p95))
    )
    return Shape(prompts, prompt_p50, prompt_p95, answers, answer_p50, answer_p95, 0.0)


@dataclass(frozen=True)
class Machine:
    """A replica, what it is asked, and how far off E8 may be: running batch, TPOT, TPOT p95 and TTFT p95.

    Simulations of ten times the length are off by no more; docs/physics.md has what they give.
    """

    hardware: str
    model: str
    chips: int
    answers: str
    shape: Shape
    requests: int
    within: tuple[float, float, float, float]

    @property
    def replica(self) -> Replica:
        hardware, architecture = REGISTRY[self.hardware], CATALOGUE[self.model]
        precision = serving_precision(hardware, architecture)
        shapes = hardware.throughput.deployments(architecture, precision, self.shape.context_p95)
        deployment = next(d for d in shapes if d.chips == self.chips and d.decode.attention_data == 1)
        return Replica(hardware, architecture, deployment, self.shape, at_random=True)


MACHINES = {
    # 2,271 slots, bound by compute and prompts at high load
    "B200, dense 70B": Machine(
        "nvidia-b200",
        "llama-3.3-70b",
        8,
        "exponential",
        exponential_answers(1000, 4000, 250),
        9000,
        (0.15, 0.15, 0.15, 0.25),
    ),
    # short answers: as many prompts as tokens of an answer
    "H100, 8B": Machine(
        "nvidia-h100",
        "llama-3.1-8b",
        1,
        "log-normal",
        log_normal_answers(400, 1500, 60, 150),
        10_000,
        (0.15, 0.15, 0.15, 0.25),
    ),
    # a wafer pipeline, whose prompts take longer than the answers
    "CS-3, 120B": Machine(
        "cerebras-cs3",
        "gpt-oss-120b",
        2,
        "exponential",
        exponential_answers(1000, 4000, 200),
        15_000,
        (0.1, 0.1, 0.25, 0.1),
    ),
    # three slots: the wait is for a slot
    "LPU, 8B": Machine(
        "groq-lpu",
        "llama-3.1-8b",
        48,
        "exponential",
        exponential_answers(400, 1500, 100),
        16_000,
        (0.05, 0.02, 0.05, 0.25),
    ),
    # prompts of several passes: while one is read, tokens come once a pass
    "B200, long prompts": Machine(
        "nvidia-b200",
        "gpt-oss-120b",
        1,
        "log-normal",
        log_normal_answers(20e3, 60e3, 200, 900),
        8000,
        (0.15, 0.15, 0.4, 0.35),
    ),
}
LOADS = (0.3, 0.5, 0.7, 0.85)  # of what a full batch carries


def first(values: object) -> float:
    return float(np.ravel(np.asarray(values))[0])


@pytest.mark.slow
@pytest.mark.parametrize("load", LOADS)
@pytest.mark.parametrize("name", MACHINES)
def test_e8_agrees_with_the_simulated_engine(name: str, load: float) -> None:
    machine = MACHINES[name]
    replica = machine.replica
    full = replica.limit
    arrivals = load * first(operate_at_random(replica, np.array([0.999 * full])).requests_s)
    seen = simulated(replica, arrivals, machine.answers, machine.requests, seed=11)

    batch = batch_at_load(replica, np.array([arrivals]), 0.999 * full)
    plan = operate_at_random(replica, batch)
    assert first(plan.requests_s) == pytest.approx(arrivals, rel=1e-6)  # the load has the batch that has the load
    within_batch, within_tpot, within_tpot_p95, within_ttft = machine.within
    assert first(batch) == pytest.approx(seen.batch, rel=within_batch)
    assert first(plan.tpot_s) == pytest.approx(seen.tpot_s, rel=within_tpot)
    assert first(plan.tpot_p95_s) == pytest.approx(seen.tpot_p95_s, rel=within_tpot_p95)
    assert first(plan.ttft_p95_s) == pytest.approx(seen.ttft_p95_s, rel=within_ttft)
    assert first(plan.e2e_p95_s) == pytest.approx(seen.e2e_p95_s, rel=max(within_batch, within_ttft))
