"""E3 and E11 against published runs, arithmetic written out, and the laws between the collectives."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chipbrief.physics import collectives
from chipbrief.physics.decode import all_reduce_s

CHIPS = st.integers(1, 1024)
BANDWIDTH = st.floats(1e9, 1e13)

# -- all-to-all -----------------------------------------------------------------------------------------------


def test_e11_all_to_all() -> None:
    # 8 chips, 1 MB each, 100 GB/s: 7/8 x 1e6 / 1e11 = 8.75 us
    assert collectives.all_to_all_s(1e6, chips=8, link_bytes_s=1e11) == pytest.approx(8.75e-6)


def test_e11_all_to_all_is_half_an_all_reduce() -> None:
    # nccl-tests, doc/PERFORMANCE.md: factors (n - 1)/n and 2 (n - 1)/n
    chips = np.array([2, 4, 8, 72])
    assert 2 * collectives.all_to_all_s(1e6, chips=chips, link_bytes_s=1e11) == pytest.approx(
        all_reduce_s(1e6, chips=chips, link_bytes_s=1e11)
    )


def test_e11_one_chip_or_an_infinite_link_costs_nothing() -> None:
    assert collectives.all_to_all_s(1e6, chips=1, link_bytes_s=1e11) == 0.0
    assert collectives.all_to_all_s(1e6, chips=8, link_bytes_s=np.inf) == 0.0


# -- expert parallel ------------------------------------------------------------------------------------------


def expert_parallel_s(**changes):
    """DeepSeek-V3 over two domains of eight: 7168 wide, 8 experts a token, FP8 out and BF16 back, 58 layers."""
    terms = {
        "tokens_per_chip": 128.0,
        "hidden": 7168,
        "active_experts": 8,
        "value_bytes_dispatch": 1.0,
        "value_bytes_combine": 2.0,
        "moe_layers": 58,
        "chips": 16,
        "chips_per_domain": 8,
        "link_bytes_s": 450e9,
        "scale_out_bytes_s": 50e9,
    }
    return collectives.expert_parallel_s(**(terms | changes))


def test_e11_destinations() -> None:
    # 2 (1 - (1/2)^2) = 1.5; 8 (1 - (7/8)^8) = 5.25; one expert is on one chip; one chip holds them all
    assert collectives.destination_chips(2, chips=2) == pytest.approx(1.5)
    assert collectives.destination_chips(8, chips=8) == pytest.approx(5.2511, rel=1e-4)
    assert collectives.destination_chips(1, chips=64) == pytest.approx(1.0)
    assert collectives.destination_chips(8, chips=1) == 1.0


def test_e11_destinations_agree_with_drawing_the_experts() -> None:
    rng = np.random.default_rng(5)
    experts, active, chips = 256, 8, 32
    picks = np.argsort(rng.random((20_000, experts)), axis=1)[:, :active] // (experts // chips)
    drawn = np.mean([len(set(pick)) for pick in picks])
    # experts are drawn without putting back, so a token spreads a little wider than the formula has it
    assert collectives.destination_chips(active, chips=chips) == pytest.approx(drawn, rel=0.02)


def test_e11_without_sharing_it_is_the_formula_of_the_page() -> None:
    # one expert a token and b = 2 both ways: 2 L B k H b (n - 1)/n / link = 2 x 10 x 64 x 1000 x 2 x 7/8 / 1e11
    time = expert_parallel_s(
        tokens_per_chip=64.0,
        hidden=1000,
        active_experts=1,
        value_bytes_dispatch=2.0,
        moe_layers=10,
        chips=8,
        link_bytes_s=1e11,
    )
    assert time == pytest.approx(2 * 10 * 64 * 1000 * 2 * 7 / 8 / 1e11)  # 22.4 us


def test_e11_the_slower_of_two_links_sets_the_time() -> None:
    # copies = 16 (1 - (15/16)^8) = 6.453; payload = 58 x 128 x 6.453 x 7168 x 3 = 1.0302 GB;
    # over scale-out 8/16 of it at 50 GB/s: 10.30 ms; over scale-up 7/16 of it at 450 GB/s: 1.00 ms
    payload = 58 * 128 * 16 * (1 - (15 / 16) ** 8) * 7168 * 3
    assert expert_parallel_s() == pytest.approx(payload * 8 / 16 / 50e9)
    assert expert_parallel_s() == pytest.approx(10.30e-3, rel=1e-3)
    assert expert_parallel_s(scale_out_bytes_s=np.inf) == pytest.approx(payload * 7 / 16 / 450e9)


@pytest.mark.parametrize(("chips", "dispatch_us", "dispatch_gb_s"), [(128, 192, 39), (256, 194, 39)])
def test_e11_published_dispatch(chips, dispatch_us, dispatch_gb_s) -> None:
    # DeepEP docs/legacy.md, low-latency kernels on H800, pure RDMA: 128 tokens, 7168 wide, top 8, FP8 with one
    # float32 scale for 128 values. They send every expert its own copy: on so many chips hardly more than k'
    time = expert_parallel_s(
        value_bytes_dispatch=1 + 4 / 128,
        value_bytes_combine=0.0,
        moe_layers=1,
        chips=chips,
        chips_per_domain=1,
        scale_out_bytes_s=dispatch_gb_s * 1e9,
    )
    assert time == pytest.approx(dispatch_us * 1e-6, rel=0.04)


@pytest.mark.parametrize(("chips", "combine_us", "combine_gb_s"), [(128, 369, 39), (256, 360, 40)])
def test_e11_published_combine(chips, combine_us, combine_gb_s) -> None:
    time = expert_parallel_s(  # the same table; BF16 on the way back
        value_bytes_dispatch=0.0,
        value_bytes_combine=2.0,
        moe_layers=1,
        chips=chips,
        chips_per_domain=1,
        scale_out_bytes_s=combine_gb_s * 1e9,
    )
    assert time == pytest.approx(combine_us * 1e-6, rel=0.04)


def test_e11_one_chip_or_infinite_links_cost_nothing() -> None:
    assert expert_parallel_s(chips=1) == 0.0
    assert expert_parallel_s(link_bytes_s=np.inf, scale_out_bytes_s=np.inf) == 0.0


def test_e11_one_domain_never_touches_the_slower_link() -> None:
    assert expert_parallel_s(chips=8, scale_out_bytes_s=1.0) == expert_parallel_s(chips=8, scale_out_bytes_s=np.inf)


@given(st.integers(1, 16), st.integers(1, 9), BANDWIDTH)
def test_e11_a_wider_domain_and_faster_links_never_take_longer(active: int, log_chips: int, link: float) -> None:
    chips = 2**log_chips
    terms = {"active_experts": active, "chips": chips, "link_bytes_s": link, "scale_out_bytes_s": link / 9}
    times = [expert_parallel_s(chips_per_domain=2**log, **terms) for log in range(log_chips + 1)]
    assert all(np.diff(times) <= 0)
    assert expert_parallel_s(**(terms | {"scale_out_bytes_s": link / 3})) <= expert_parallel_s(**terms)


# -- all-reduce across domains --------------------------------------------------------------------------------


def test_e3_two_level_all_reduce() -> None:
    # 16 chips in two domains, 1 MB: 2 x 7/8 x 1e6/450e9 = 3.889 us inside; 2 x 1/2 x (1e6/8)/50e9 = 2.5 us across
    time = collectives.all_reduce_two_level_s(
        1e6, chips=16, chips_per_domain=8, link_bytes_s=450e9, scale_out_bytes_s=50e9
    )
    assert time == pytest.approx(3.889e-6 + 2.5e-6, rel=1e-4)


def test_e3_two_level_all_reduce_bounds_a_published_run() -> None:
    # nccl-tests all_reduce_perf on 2 x 8 H100 (github.com/lessizzmore/create-a3mega-ztan-fork): 8,589,934,592 bytes
    # in 47,535 us. NVLink is 450 GB/s a direction, and each chip has a network card of 200 Gbit/s. NCCL overlaps the
    # levels of so large a payload: no faster than the slower link alone, no slower than one level after the other
    terms = {"chips": 16, "chips_per_domain": 8, "scale_out_bytes_s": 25e9}
    one_after_the_other = collectives.all_reduce_two_level_s(8_589_934_592, link_bytes_s=450e9, **terms)
    across_alone = collectives.all_reduce_two_level_s(8_589_934_592, link_bytes_s=np.inf, **terms)
    assert across_alone < 47_535e-6 < one_after_the_other
    assert across_alone == pytest.approx(42_950e-6, rel=1e-3)  # 2 x 1/2 x 8.59e9/8/25e9


@given(CHIPS, CHIPS, BANDWIDTH)
def test_e3_two_levels_of_equal_speed_are_one_ring(chips: int, domain: int, link: float) -> None:
    """2 (n_d - 1)/n_d + 2 (m - 1)/(m n_d) = 2 (n - 1)/n."""
    two = collectives.all_reduce_two_level_s(
        1e6, chips=chips, chips_per_domain=domain, link_bytes_s=link, scale_out_bytes_s=link
    )
    assert two == pytest.approx(all_reduce_s(1e6, chips=chips, link_bytes_s=link), rel=1e-9, abs=1e-18)


@given(CHIPS, BANDWIDTH, BANDWIDTH)
def test_e3_within_one_domain_the_slower_link_is_not_used(chips: int, link: float, scale_out: float) -> None:
    terms = {"chips": chips, "chips_per_domain": 1024, "link_bytes_s": link, "scale_out_bytes_s": scale_out}
    two = collectives.all_reduce_two_level_s(1e6, **terms)
    assert two == pytest.approx(all_reduce_s(1e6, chips=chips, link_bytes_s=link), rel=1e-12)


# -- pipeline -------------------------------------------------------------------------------------------------


def test_e3_point_to_point() -> None:
    # 64 sequences x 8192 values x 2 bytes = 1,048,576 bytes over 50 GB/s = 20.97152 us, and 5 us until the first byte
    time = collectives.point_to_point_s(64 * 8192 * 2, link_bytes_s=50e9, latency_s=5e-6)
    assert time == pytest.approx(25.97152e-6)
    assert collectives.point_to_point_s(1e9, link_bytes_s=np.inf, latency_s=5e-6) == 5e-6


def test_e3_point_to_point_published() -> None:
    # nccl-tests sendrecv_perf, 8 x A100 (github.com/li-plus/playground, cuda/nccl.md): 1 GiB, 5503.4 us, 195.10 GB/s
    time = collectives.point_to_point_s(1_073_741_824, link_bytes_s=195.10e9, latency_s=0.0)
    assert time == pytest.approx(5503.4e-6, rel=1e-4)


# -- shapes ---------------------------------------------------------------------------------------------------

ROWS = np.linspace(1.0, 2.0, 3)[:, np.newaxis]
COLUMNS = np.linspace(1.0, 8.0, 4)

BROADCAST = {
    "all_to_all_s": lambda x, y: collectives.all_to_all_s(1e6 * x, chips=y, link_bytes_s=1e11),
    "destination_chips": lambda x, y: collectives.destination_chips(4.0 * x, chips=y),
    "expert_parallel_s": lambda x, y: expert_parallel_s(tokens_per_chip=64.0 * x, chips=y, chips_per_domain=2.0),
    "all_reduce_two_level_s": lambda x, y: collectives.all_reduce_two_level_s(
        1e6, chips=y, chips_per_domain=2, link_bytes_s=1e11 * x, scale_out_bytes_s=1e10
    ),
    "point_to_point_s": lambda x, y: collectives.point_to_point_s(1e6 * y, link_bytes_s=1e11 * x, latency_s=1e-6),
}


def test_every_collective_is_held_to_its_shapes() -> None:
    assert set(BROADCAST) == set(collectives.__all__)


@pytest.mark.parametrize("name", BROADCAST)
def test_samples_and_points_broadcast_and_agree_with_scalars(name: str) -> None:
    together = BROADCAST[name](ROWS, COLUMNS)
    assert together.shape == (3, 4)
    one_by_one = [[BROADCAST[name](float(x), float(y)) for y in COLUMNS] for x in ROWS[:, 0]]
    np.testing.assert_allclose(together, one_by_one, rtol=1e-14)
