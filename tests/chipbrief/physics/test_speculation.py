"""E7 against the tables of the paper, a draw of lots, and its limits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chipbrief.physics import speculation


@pytest.mark.parametrize(
    ("acceptance", "draft_tokens", "speed"),
    [(0.6, 2, 1.96), (0.7, 3, 2.53), (0.8, 2, 2.44), (0.8, 5, 3.69), (0.9, 2, 2.71), (0.9, 10, 6.86)],
)
def test_e7_a_free_draft_gains_what_the_paper_prints(acceptance, draft_tokens, speed) -> None:
    # Leviathan et al. 2023, table 1: the speed at c = 0 is the expected number of tokens of equation 1
    assert speculation.accepted_tokens(acceptance, draft_tokens) == pytest.approx(speed, abs=0.005)


def test_e7_accepted_tokens_agree_with_drawing_lots() -> None:
    rng = np.random.default_rng(11)
    acceptance, draft_tokens = 0.75, 4
    accepted = rng.random((200_000, draft_tokens)) < acceptance
    drawn = np.minimum.accumulate(accepted, axis=1).sum(axis=1) + 1  # the accepted head and the target's own token
    assert speculation.accepted_tokens(acceptance, draft_tokens) == pytest.approx(drawn.mean(), rel=0.005)


def test_e7_one_drafted_token_yields_one_and_its_acceptance() -> None:
    # DeepSeek-V3 (arXiv:2412.19437, section 5.4.3): one extra token, accepted 85 to 90 %; 1.8 times the tokens/s.
    # (1 - a^2)/(1 - a) = 1 + a = 1.85 to 1.90: above what was measured, by the cost of verifying and drafting
    accepted = speculation.accepted_tokens(np.array([0.85, 0.90]), 1)
    assert accepted == pytest.approx([1.85, 1.90])
    assert (accepted > 1.8).all()


@pytest.mark.parametrize(
    ("acceptance", "draft_tokens", "accepted"), [(1.0, 7, 8.0), (0.0, 7, 1.0), (0.3, 0, 1.0), (1.0, 0, 1.0)]
)
def test_e7_certain_and_hopeless_drafts(acceptance, draft_tokens, accepted) -> None:
    assert speculation.accepted_tokens(acceptance, draft_tokens) == accepted


@given(st.floats(-16.0, -6.0), st.integers(0, 64))
def test_e7_is_continuous_where_the_quotient_is_zero_over_zero(exponent: float, draft_tokens: int) -> None:
    missing = 10**exponent
    # 1 + a + ... + a^k with a = 1 - m: k + 1 - m k (k + 1)/2 + O(m^2 k^3)
    expected = draft_tokens + 1 - missing * draft_tokens * (draft_tokens + 1) / 2
    assert speculation.accepted_tokens(1.0 - missing, draft_tokens) == pytest.approx(expected, rel=1e-8)


@given(st.floats(0.0, 1.0), st.floats(0.0, 1.0), st.integers(0, 32))
def test_e7_more_acceptance_and_longer_drafts_never_yield_less(one: float, other: float, draft_tokens: int) -> None:
    low, high = sorted((one, other))
    tokens = speculation.accepted_tokens(np.array([low, high]), draft_tokens)
    assert tokens[0] <= tokens[1] * (1 + 1e-8)
    assert 1.0 - 1e-8 <= tokens[1] <= (draft_tokens + 1) * (1 + 1e-8)
    assert speculation.accepted_tokens(high, draft_tokens + 1) >= tokens[1] * (1 - 1e-8)


def test_e7_tpot() -> None:
    # (20 ms + 3 x 2 ms)/2.6 tokens = 10 ms
    assert speculation.speculative_tpot_s(20e-3, 2e-3, draft_tokens=3, accepted=2.6) == pytest.approx(10e-3)


@pytest.mark.parametrize(("acceptance", "draft_tokens", "cost"), [(0.75, 7, 0.02), (0.8, 5, 0.05), (0.5, 3, 0.3)])
def test_e7_agrees_with_theorem_3_8(acceptance, draft_tokens, cost) -> None:
    # Leviathan et al. 2023: (1 - a^(k + 1))/((1 - a)(k c + 1)), where verifying costs no more than a plain step
    improvement = (1 - acceptance ** (draft_tokens + 1)) / ((1 - acceptance) * (draft_tokens * cost + 1))
    accepted = speculation.accepted_tokens(acceptance, draft_tokens)
    tpot = speculation.speculative_tpot_s(30e-3, 30e-3 * cost, draft_tokens=draft_tokens, accepted=accepted)
    assert speculation.speculation_multiplier(30e-3, tpot) == pytest.approx(improvement, rel=1e-12)


def test_e7_no_drafted_token_is_no_speculation() -> None:
    accepted = speculation.accepted_tokens(0.9, 0)
    tpot = speculation.speculative_tpot_s(25e-3, 5e-3, draft_tokens=0, accepted=accepted)
    assert speculation.speculation_multiplier(25e-3, tpot) == 1.0


def test_e7_the_gain_shrinks_with_the_load_and_turns_into_a_loss() -> None:
    """A step of 10 ms of memory, and 0.1 ms of compute a token: compute-bound from 100 tokens a step."""
    batch, draft_tokens = np.array([1.0, 25.0, 100.0, 400.0]), 3

    def step_s(tokens):
        return np.maximum(10e-3, 0.1e-3 * tokens)

    accepted = speculation.accepted_tokens(0.6, draft_tokens)  # 1 + 0.6 + 0.36 + 0.216 = 2.176
    tpot = speculation.speculative_tpot_s(
        step_s(batch * (draft_tokens + 1)), 0.0, draft_tokens=draft_tokens, accepted=accepted
    )
    gains = speculation.speculation_multiplier(step_s(batch), tpot)
    # 100 sequences: 10 ms against 40 ms for 2.176 tokens
    assert gains == pytest.approx([2.176, 2.176, 2.176 / 4, 2.176 / 4])


BROADCAST = {
    "accepted_tokens": lambda x, y: speculation.accepted_tokens(x / 2.0, y),  # a certain draft among them
    "speculative_tpot_s": lambda x, y: speculation.speculative_tpot_s(0.02 * x, 1e-3, draft_tokens=y, accepted=1.0 + y),
    "speculation_multiplier": lambda x, y: speculation.speculation_multiplier(0.02 * x, 0.01 * y),
}


def test_every_equation_of_speculation_is_held_to_its_shapes() -> None:
    assert set(BROADCAST) == set(speculation.__all__)


@pytest.mark.parametrize("name", BROADCAST)
def test_samples_and_points_broadcast_and_agree_with_scalars(name: str) -> None:
    rows, columns = np.linspace(1.0, 2.0, 3)[:, np.newaxis], np.linspace(1.0, 8.0, 4)
    together = BROADCAST[name](rows, columns)
    assert together.shape == (3, 4)
    one_by_one = [[BROADCAST[name](float(x), float(y)) for y in columns] for x in rows[:, 0]]
    np.testing.assert_allclose(together, one_by_one, rtol=1e-14)
    assert isinstance(speculation.accepted_tokens(0.5, 3), float)
