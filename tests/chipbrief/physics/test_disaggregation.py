"""E10 against a published day, a published transfer and arithmetic written out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chipbrief.physics import disaggregation
from chipbrief.physics.memory import kv_grouped_query_bytes

RATE = st.floats(1e-3, 1e6)


def test_e10_the_slower_pool_sets_the_pace() -> None:
    rates = disaggregation.disaggregated_requests_s(np.array([2.0, 8.0, 5.0]), 5.0)
    assert rates.tolist() == [2.0, 5.0, 5.0]


def test_e10_transfer_of_a_published_cache() -> None:
    # DistServe (arXiv:2401.09670): 512 tokens of OPT-66B are about 1.13 GB (GiB), so 10 requests/s want 90 Gbit/s.
    # 64 layers x 2 x 72 heads x 128 x 2 bytes x 512 = 1.208e9 bytes = 1.125 GiB
    cache = 64 * kv_grouped_query_bytes(512.0, kv_heads=72, head_dim=128, value_bytes=2)
    assert cache / 2**30 == pytest.approx(1.13, abs=0.01)
    link = 90 * 2**30 / 8  # one request in a tenth of a second
    assert disaggregation.kv_transfer_s(cache, link_bytes_s=link, links=1) == pytest.approx(0.1, rel=0.01)
    assert disaggregation.kv_transfer_s(cache, link_bytes_s=link, links=8) == pytest.approx(0.1 / 8, rel=0.01)


def test_e10_an_infinite_link_costs_nothing() -> None:
    assert disaggregation.kv_transfer_s(1e9, link_bytes_s=np.inf, links=1) == 0.0


def test_e10_first_token_of_two_pools() -> None:
    # 400 ms of prefill + 2 GB over 8 links of 50 GB/s = 5 ms + a step of 25 ms
    transfer = disaggregation.kv_transfer_s(2e9, link_bytes_s=50e9, links=8)
    assert disaggregation.disaggregated_ttft_s(0.4, transfer, first_step_s=25e-3) == pytest.approx(0.43)
    assert disaggregation.disaggregated_ttft_s(0.4, 0.0, first_step_s=0.0) == 0.4


def test_e10_pools_of_a_published_day() -> None:
    # DeepSeek's day: 608e9 input and 168e9 output tokens; a node reads 73,700 tok/s or writes 14,800 tok/s.
    # Nodes busy: 608e9/86400/73,700 = 95.48 and 168e9/86400/14,800 = 131.38; whatever the requests, n_p/n_d = 0.7267
    requests = 1e9
    ratio = disaggregation.pool_ratio(73_700 / (608e9 / requests), 14_800 / (168e9 / requests))
    assert ratio == pytest.approx(95.48 / 131.38, rel=1e-4)


@given(RATE, RATE)
def test_e10_balanced_pools_are_equally_fast(prefill: float, decode: float) -> None:
    decode_chips = 64.0
    prefill_chips = decode_chips * disaggregation.pool_ratio(prefill, decode)
    both = disaggregation.disaggregated_requests_s(prefill_chips * prefill, decode_chips * decode)
    assert both == pytest.approx(decode_chips * decode)
    fewer = disaggregation.disaggregated_requests_s(prefill_chips * 0.9 * prefill, decode_chips * decode)
    assert fewer == pytest.approx(both * 0.9)


BROADCAST = {
    "disaggregated_requests_s": lambda x, y: disaggregation.disaggregated_requests_s(3.0 * x, y),
    "kv_transfer_s": lambda x, y: disaggregation.kv_transfer_s(1e9 * y, link_bytes_s=5e10 * x, links=4),
    "disaggregated_ttft_s": lambda x, y: disaggregation.disaggregated_ttft_s(0.1 * y, 0.01 * x, first_step_s=0.02),
    "pool_ratio": lambda x, y: disaggregation.pool_ratio(x, y),
}


def test_every_equation_of_two_pools_is_held_to_its_shapes() -> None:
    assert set(BROADCAST) == set(disaggregation.__all__)


@pytest.mark.parametrize("name", BROADCAST)
def test_samples_and_points_broadcast_and_agree_with_scalars(name: str) -> None:
    rows, columns = np.linspace(1.0, 2.0, 3)[:, np.newaxis], np.linspace(1.0, 8.0, 4)
    together = BROADCAST[name](rows, columns)
    assert together.shape == (3, 4)
    one_by_one = [[BROADCAST[name](float(x), float(y)) for y in columns] for x in rows[:, 0]]
    np.testing.assert_allclose(together, one_by_one, rtol=1e-14)
