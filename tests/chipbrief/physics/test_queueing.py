"""E8 against exact chains, event-by-event simulations with a fixed seed, and arithmetic written out."""

import heapq
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chipbrief.physics import queueing
from chipbrief.physics.batching import aggregated_tpot_s, requests_per_s

# -- what the equations are held against ----------------------------------------------------------------------


def erlang_c(servers: int, load: float) -> float:
    """Erlang's C formula, exact, through the recursion of his B formula."""
    offered, blocked = servers * load, 1.0
    for server in range(1, servers + 1):
        blocked = offered * blocked / (server + offered * blocked)
    return blocked / (1 - load * (1 - blocked))


def exact_chain(arrivals_s: float, residence_s, limit: int) -> tuple[float, float, float]:
    """Mean batch, probability of waiting and mean wait: n falls at the rate min(n, limit)/residence(min(n, limit))."""
    batch = np.arange(1, limit + 1, dtype=float)
    factors = arrivals_s * residence_s(batch) / batch
    logs = np.concatenate([[0.0], np.cumsum(np.log(factors))])
    states = np.exp(logs - logs.max())
    load = factors[-1]
    beyond = states[-1] / (1 - load)  # n >= limit is geometric
    total = states[:-1].sum() + beyond
    mean_batch = (np.arange(limit) @ states[:-1] + limit * beyond) / total
    mean_queue = states[-1] * load / (1 - load) ** 2 / total
    return mean_batch, beyond / total, mean_queue / arrivals_s


def waits_of_one_server(gaps: np.ndarray, services: np.ndarray) -> np.ndarray:
    """Lindley: a wait is the last wait and service less the gap, never below 0; a walk above its lowest point."""
    walk = np.concatenate([[0.0], np.cumsum(services[:-1] - gaps[1:])])
    return walk - np.minimum(np.minimum.accumulate(walk), 0.0)


def waits_of_servers(arrivals: np.ndarray, services: np.ndarray, servers: int) -> np.ndarray:
    """Event by event: each customer takes the server that is free first."""
    free = [0.0] * servers
    waits = np.empty(len(arrivals))
    for customer, (arrival, service) in enumerate(zip(arrivals.tolist(), services.tolist(), strict=True)):
        start = max(arrival, free[0])
        heapq.heapreplace(free, start + service)
        waits[customer] = start - arrival
    return waits


# -- running batch --------------------------------------------------------------------------------------------


def test_e8_a_step_of_one_length_is_littles_law() -> None:
    # 2 requests/s x 500 tokens x 20 ms = 20 sequences
    batch = queueing.running_batch_at_load(2.0, lambda batch: 0.02 + 0.0 * batch, output_tokens=500.0, limit=64.0)
    assert batch == pytest.approx(20.0, rel=1e-9)


def test_e8_a_step_that_grows_with_the_batch() -> None:
    # TPOT(n) = 10 ms + 0.1 ms n, 200 tokens: B = 5/s x 200 x (10 + 0.1 (B + 1)) ms = 10.1 + 0.1 B; B = 10.1/0.9
    batch = queueing.running_batch_at_load(5.0, lambda n: 10e-3 + 1e-4 * n, output_tokens=200.0, limit=100.0)
    assert batch == pytest.approx(10.1 / 0.9, rel=1e-9)


def test_e8_one_processor_shared_by_all_is_m_m_1() -> None:
    # a step that is proportional to the batch is a processor that is shared: B = rho/(1 - rho) = 0.6/0.4
    batch = queueing.running_batch_at_load(0.6, lambda n: 1.0 * n, output_tokens=1.0, limit=1000.0)
    assert batch == pytest.approx(1.5, rel=1e-9)


def test_e8_the_prefill_holds_the_slot_too() -> None:
    # 2/s x (300 ms + 100 x 10 ms) = 2.6 sequences
    batch = queueing.running_batch_at_load(
        2.0, lambda n: 0.01 + 0.0 * n, output_tokens=100.0, limit=32.0, prefill_s=0.3
    )
    assert batch == pytest.approx(2.6, rel=1e-9)


def test_e8_a_load_of_almost_nothing_keeps_its_digits() -> None:
    batch = queueing.running_batch_at_load(1e-9, lambda n: 0.01 + 1e-3 * n, output_tokens=100.0, limit=4096.0)
    assert batch == pytest.approx(1e-9 * 100 * 0.011, rel=1e-6)
    assert queueing.running_batch_at_load(0.0, lambda n: 0.01 * n, output_tokens=100.0, limit=64.0) == 0.0


def test_e8_saturation_begins_at_the_capacity_of_a_full_batch() -> None:
    """The capacity is E5's: the requests that a full replica ends in a second."""
    limit, output, prefill = 32.0, 200.0, 0.05

    def step_s(batch):
        return 8e-3 + 1e-4 * batch

    def tpot_s(batch):
        return aggregated_tpot_s(step_s(batch), prefill, batch=batch, output_tokens=output)

    capacity = requests_per_s(step_s(limit), prefill, batch=limit, output_tokens=output)
    batches = queueing.running_batch_at_load(
        capacity * np.array([0.5, 0.999, 1.001]), tpot_s, output_tokens=output, limit=limit, prefill_s=prefill
    )
    assert 0.0 < batches[0] < batches[1] <= limit
    assert batches[2] == np.inf
    load = queueing.slot_load(capacity, prefill + output * tpot_s(limit), limit=limit)
    assert load == pytest.approx(1.0, rel=1e-12)


def test_e8_where_no_sequence_fits_everything_is_saturated() -> None:
    assert queueing.running_batch_at_load(1.0, lambda n: 0.01 + 0.0 * n, output_tokens=10.0, limit=0.0) == np.inf
    assert queueing.slot_load(1.0, 2.0, limit=np.array([0.0, 4.0])).tolist() == [np.inf, 0.5]


@given(st.floats(0.01, 10.0), st.floats(0.0, 1.0), st.integers(1, 512), st.floats(0.01, 0.99))
def test_e8_the_batch_is_a_fixed_point_and_grows_with_arrivals(base, growth, limit, load) -> None:
    def tpot_s(batch):
        return base + growth * batch

    capacity = limit / (100 * tpot_s(limit))
    arrivals = capacity * load * np.array([0.9, 1.0])
    batches = queueing.running_batch_at_load(arrivals, tpot_s, output_tokens=100.0, limit=limit)
    assert batches[0] < batches[1] <= limit
    assert batches == pytest.approx(arrivals * 100 * tpot_s(np.minimum(batches + 1, limit)), rel=1e-6)


@pytest.mark.parametrize("limit", [32, 128, 512])
@pytest.mark.parametrize("growth", [0.2, 1.0, 3.0])  # residence of a full batch over that of one request, less 1
@pytest.mark.parametrize("load", [0.3, 0.8, 0.9])
def test_e8_batch_and_waiting_agree_with_the_exact_chain(limit: int, growth: float, load: float) -> None:
    def residence_s(batch):
        return 1.0 + growth * (batch - 1) / limit

    full = residence_s(float(limit))
    arrivals = load * limit / full
    mean_batch, probability, mean_wait = exact_chain(arrivals, residence_s, limit)

    batch = queueing.running_batch_at_load(arrivals, residence_s, output_tokens=1.0, limit=float(limit))
    waiting = queueing.slot_wait_probability(batch, load=load, limit=float(limit))
    assert batch == pytest.approx(mean_batch, rel=0.025)
    assert waiting == pytest.approx(probability, abs=0.03)
    # given the probability, the mean wait of the chain is exact
    assert queueing.slot_wait_s(probability, full, load=load, limit=float(limit)) == pytest.approx(mean_wait, rel=1e-9)


# -- waiting for a slot ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("load", [0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99])
def test_e8_with_one_residence_it_is_erlang_c(load: float) -> None:
    servers = np.array([1, 2, 4, 8, 16, 32, 64, 128, 256, 1024])
    exact = [erlang_c(int(count), load) for count in servers]
    waiting = queueing.slot_wait_probability(load * servers, load=load, limit=servers)
    np.testing.assert_allclose(waiting, exact, atol=0.025)
    np.testing.assert_allclose(waiting[5:], exact[5:], atol=0.015)


def test_e8_it_is_closer_to_erlang_c_than_sakasegawa() -> None:
    load, servers = 0.8, 128
    exact = erlang_c(servers, load)  # 0.0091
    sakasegawa = load ** (math.sqrt(2 * (servers + 1)) - 1)  # 0.0347
    waiting = queueing.slot_wait_probability(load * servers, load=load, limit=float(servers))
    assert abs(waiting - exact) < 0.05 * abs(sakasegawa - exact)


def test_e8_erlang_c_of_a_textbook() -> None:
    # 30 calls an hour of 5 minutes are 2.5 erlang: with 4 agents 32 % wait, with 6 agents 4.7 %
    # (2.5^4/4! x 4/1.5 = 4.3403, over 1 + 2.5 + 2.5^2/2 + 2.5^3/6 and that = 13.5695: 0.3199)
    assert erlang_c(4, 2.5 / 4) == pytest.approx(0.3199, abs=5e-5)
    assert queueing.slot_wait_probability(2.5, load=2.5 / 4, limit=4.0) == pytest.approx(0.3199, abs=0.015)
    assert queueing.slot_wait_probability(2.5, load=2.5 / 6, limit=6.0) == pytest.approx(0.047, abs=0.01)


def test_e8_idle_and_saturated_replicas() -> None:
    waiting = queueing.slot_wait_probability(np.array([0.0, np.inf, np.inf]), load=np.array([0.0, 1.0, 3.0]), limit=8.0)
    assert waiting.tolist() == [0.0, 1.0, 1.0]
    waits = queueing.slot_wait_s(waiting, 2.0, load=np.array([0.0, 1.0, 3.0]), limit=8.0)
    assert waits.tolist() == [0.0, np.inf, np.inf]
    assert queueing.slot_wait_probability(np.inf, load=np.inf, limit=0.0) == 1.0


def test_e8_mean_wait_for_a_slot() -> None:
    # a full batch of 16 ends 16/4 s = 4 requests/s; at load 0.75: 0.2 x 1/(4 x 0.25) = 0.2 s
    assert queueing.slot_wait_s(0.2, 4.0, load=0.75, limit=16.0) == pytest.approx(0.2)
    # outputs of one length: half of it; arrivals twice as bursty besides: 1 times
    assert queueing.slot_wait_s(0.2, 4.0, load=0.75, limit=16.0, residence_scv=0.0) == pytest.approx(0.1)
    bursty = queueing.slot_wait_s(0.2, 4.0, load=0.75, limit=16.0, residence_scv=0.0, arrival_scv=2.0)
    assert bursty == pytest.approx(0.2)


@pytest.mark.parametrize(("servers", "load"), [(1, 0.7), (8, 0.9), (32, 0.9)])
def test_e8_waits_agree_with_simulated_servers(servers: int, load: float) -> None:
    rng = np.random.default_rng(2027)
    customers, residence = 400_000, 2.0
    arrivals = np.cumsum(rng.exponential(residence / (servers * load), customers))
    waits = waits_of_servers(arrivals, rng.exponential(residence, customers), servers)[10_000:]

    probability = queueing.slot_wait_probability(load * servers, load=load, limit=float(servers))
    mean = queueing.slot_wait_s(probability, residence, load=load, limit=float(servers))
    assert probability == pytest.approx((waits > 0).mean(), abs=0.03)
    assert mean == pytest.approx(waits.mean(), rel=0.07)
    levels = np.array([0.5, 0.9, 0.95, 0.99])
    quantiles = queueing.wait_quantile_s(probability, mean, level=levels)
    np.testing.assert_allclose(quantiles, np.quantile(waits, levels), rtol=0.08, atol=0.03 * residence)


@pytest.mark.parametrize("load", [0.6, 0.85])
def test_e8_agrees_with_an_engine_simulated_step_by_step(load: float) -> None:
    """A batch that admits between steps, makes one token for everyone and slows as it grows; outputs are geometric."""
    rng = np.random.default_rng(9)
    limit, output, steps = 32, 50, 150_000

    def step_s(batch):
        return 20e-3 + 0.8e-3 * batch

    residence = output * step_s(limit)
    arrivals_s = load * limit / residence
    arrivals = np.cumsum(rng.exponential(1 / arrivals_s, steps))
    lengths = rng.geometric(1 / output, steps)
    left = np.zeros(limit, dtype=int)
    now, admitted, arrived, held, waited, found_full = 0.0, 0, 0, 0.0, 0.0, 0
    for _ in range(steps):
        running = np.count_nonzero(left)
        while running < limit and arrivals[admitted] <= now:
            left[np.argmin(left)] = lengths[admitted]
            waited += now - arrivals[admitted]
            running, admitted = running + 1, admitted + 1
        step = step_s(running)
        now, held = now + step, held + running * step
        earlier, arrived = arrived, np.searchsorted(arrivals, now)
        found_full += (running == limit) * (arrived - earlier)
        left = np.maximum(left - 1, 0)

    assert queueing.slot_load(arrivals_s, residence, limit=limit) == pytest.approx(load)
    batch = queueing.running_batch_at_load(arrivals_s, step_s, output_tokens=output, limit=limit)
    probability = queueing.slot_wait_probability(batch, load=load, limit=limit)
    wait = queueing.slot_wait_s(probability, residence, load=load, limit=limit)
    admission = (1 - probability) * step_s(batch) / 2  # who need not wait for a slot still waits for the step to end
    assert batch == pytest.approx(held / now, rel=0.05)
    assert probability == pytest.approx(found_full / arrived, abs=0.03)
    assert wait + admission == pytest.approx(waited / admitted, rel=0.1)


# -- waiting for prefill --------------------------------------------------------------------------------------


def test_e8_pollaczek_khinchine() -> None:
    # 2/s x 300 ms = load 0.6; memoryless 0.6 x 0.3/0.4 = 450 ms, one length half of it, scv 4 two and a half times
    waits = queueing.prefill_wait_s(2.0, 0.3, service_scv=np.array([1.0, 0.0, 4.0]))
    assert waits == pytest.approx([0.45, 0.225, 1.125])
    assert queueing.prefill_wait_s(2.0, 0.3, service_scv=0.0, arrival_scv=3.0) == pytest.approx(0.675)


def test_e8_prompts_that_arrive_faster_than_they_are_read_wait_for_ever() -> None:
    waits = queueing.prefill_wait_s(np.array([0.0, 2.0, 4.0]), 0.5, service_scv=1.0)
    assert waits.tolist() == [0.0, np.inf, np.inf]


@pytest.mark.parametrize(
    ("name", "scv", "p95_within", "p99_within"),  # the tail of log-normal prompts is heavier than exponential
    [("one length", 0.0, 0.15, 0.20), ("memoryless", 1.0, 0.03, 0.03), ("log-normal", 2.0, 0.13, 0.27)],
)
@pytest.mark.parametrize("load", [0.5, 0.8])
def test_e8_prefill_waits_agree_with_a_simulated_queue(name, scv, p95_within, p99_within, load) -> None:
    rng = np.random.default_rng(42)
    prompts, service = 2_000_000, 0.25
    spread = math.sqrt(math.log(1 + scv))
    services = {
        "one length": lambda: np.full(prompts, service),
        "memoryless": lambda: rng.exponential(service, prompts),
        "log-normal": lambda: service * rng.lognormal(-(spread**2) / 2, spread, prompts),
    }[name]()
    waits = waits_of_one_server(rng.exponential(service / load, prompts), services)

    mean = queueing.prefill_wait_s(load / service, service, service_scv=scv)
    assert mean == pytest.approx(waits.mean(), rel=0.03)
    assert load == pytest.approx((waits > 0).mean(), rel=0.01)
    p95, p99 = queueing.wait_quantile_s(load, mean, level=np.array([0.95, 0.99]))
    assert p95 == pytest.approx(np.quantile(waits, 0.95), rel=p95_within)
    assert p99 == pytest.approx(np.quantile(waits, 0.99), rel=p99_within)


# -- the tail -------------------------------------------------------------------------------------------------


def test_e8_quantile_of_the_wait() -> None:
    # P = 0.2, mean 0.1 s: those who wait wait 0.5 s; p95: 0.5 ln(0.2/0.05) = 0.693 s; p80 and below: nobody
    quantiles = queueing.wait_quantile_s(0.2, 0.1, level=np.array([0.5, 0.8, 0.95]))
    assert quantiles == pytest.approx([0.0, 0.0, 0.5 * math.log(4.0)], abs=1e-15)


def test_e8_quantiles_at_the_ends() -> None:
    assert queueing.wait_quantile_s(0.0, 0.0, level=0.99) == 0.0
    assert queueing.wait_quantile_s(1.0, np.inf, level=0.5) == np.inf


def test_e8_percentile_of_a_sum() -> None:
    # two exponential waits of mean 1 s: 1 + 1 + sqrt(2) (3.00 - 1) = 4.82 s; of their sum, Erlang 2, it is 4.744 s
    exponential = (1.0, -math.log(0.05))
    assert queueing.percentile_of_sum_s([exponential, exponential]) == pytest.approx(4.744, rel=0.02)
    # what does not vary shifts it; a wait that one in fifty has (percentile 0) adds its mean
    assert queueing.percentile_of_sum_s([exponential, (2.0, 2.0), (0.1, 0.0)]) == pytest.approx(2.1 - math.log(0.05))
    assert queueing.percentile_of_sum_s([(1.0, 2.0), (np.inf, np.inf)]) == np.inf


@pytest.mark.parametrize("growth", [0.0, 1.0, 3.0])
def test_e8_variance_of_the_batch_agrees_with_the_exact_chain(growth: float) -> None:
    limit, load = 256, 0.5
    states = np.arange(1, limit + 1, dtype=float)
    residence = 1.0 + growth * (states - 1) / limit
    arrivals = load * limit / residence[-1]
    logs = np.concatenate([[0.0], np.cumsum(np.log(arrivals * residence / states))])
    weights = np.exp(logs - logs.max())
    weights /= weights.sum()
    mean = (weights * np.arange(limit + 1)).sum()
    variance = (weights * (np.arange(limit + 1) - mean) ** 2).sum()
    slope = growth / limit
    elasticity = mean * slope / (1.0 + slope * mean)
    assert queueing.batch_variance(mean, elasticity) == pytest.approx(variance, rel=0.05)


@given(st.floats(0.0, 1.0), st.floats(0.0, 1e3), st.floats(0.0, 0.999), st.floats(0.0, 0.999))
def test_e8_a_higher_level_never_waits_less(probability, conditional, one, other) -> None:
    levels = np.sort([one, other])
    quantiles = queueing.wait_quantile_s(probability, probability * conditional, level=levels)
    assert 0.0 <= quantiles[0] <= quantiles[1]


@given(st.integers(1, 2048), st.floats(1e-3, 0.98), st.floats(0.0, 1.0))
def test_e8_more_load_never_waits_less(limit: int, load: float, growth: float) -> None:
    def residence_s(batch):
        return 1.0 + growth * (batch - 1) / limit

    loads = np.array([load, load + 0.01])
    arrivals = loads * limit / residence_s(limit)
    batch = queueing.running_batch_at_load(arrivals, residence_s, output_tokens=1.0, limit=limit)
    waiting = queueing.slot_wait_probability(batch, load=loads, limit=limit)
    waits = queueing.slot_wait_s(waiting, residence_s(limit), load=loads, limit=limit)
    assert 0.0 <= waiting[0] <= waiting[1] <= 1.0
    assert waits[0] <= waits[1]


# -- shapes ---------------------------------------------------------------------------------------------------

ROWS = np.linspace(1.0, 2.0, 3)[:, np.newaxis]
COLUMNS = np.linspace(1.0, 8.0, 4)

BROADCAST = {
    "batch_variance": lambda x, y: queueing.batch_variance(x, 0.1 * y),
    "percentile_of_sum_s": lambda x, y: queueing.percentile_of_sum_s([(x, 2.0 * x), (y, 3.0 * y), (1.0, 0.5)]),
    "running_batch_at_load": lambda x, y: queueing.running_batch_at_load(
        y, lambda batch: 0.01 * x + 1e-4 * batch, output_tokens=100.0, limit=16.0
    ),
    "slot_load": lambda x, y: queueing.slot_load(y, 2.0 * x, limit=32.0),
    "slot_wait_probability": lambda x, y: queueing.slot_wait_probability(y, load=0.4 * x, limit=10.0),
    "slot_wait_s": lambda x, y: queueing.slot_wait_s(0.1 * y, x, load=0.45 * x, limit=8.0, residence_scv=y),
    "prefill_wait_s": lambda x, y: queueing.prefill_wait_s(y, 0.1 * x, service_scv=1.0),
    "wait_quantile_s": lambda x, y: queueing.wait_quantile_s(0.1 * y, x, level=0.95),
}


def test_every_queue_is_held_to_its_shapes() -> None:
    assert set(BROADCAST) == set(queueing.__all__)


@pytest.mark.parametrize("name", BROADCAST)
def test_samples_and_points_broadcast_and_agree_with_scalars(name: str) -> None:
    together = BROADCAST[name](ROWS, COLUMNS)
    assert together.shape == (3, 4)
    one_by_one = [[BROADCAST[name](float(x), float(y)) for y in COLUMNS] for x in ROWS[:, 0]]
    np.testing.assert_allclose(together, one_by_one, rtol=1e-12)


def test_a_batch_broadcasts_over_a_step_with_a_sample_axis() -> None:
    step = np.linspace(8e-3, 12e-3, 5)[:, np.newaxis]
    batch = queueing.running_batch_at_load(
        np.array([1.0, 2.0, 4.0]), lambda n: step + 1e-4 * n, output_tokens=100.0, limit=np.array([8.0, 16.0, 32.0])
    )
    assert batch.shape == (5, 3)
    assert (np.diff(batch, axis=0) > 0).all()
