"""What one replica does for requests of one length: stalls, waits, waves, drafts and pools apart, by hand."""

from pathlib import Path

import numpy as np
import pytest

from chipbrief.catalogue import Catalogue
from chipbrief.evaluate.service import Request, Speculation, serve
from chipbrief.hardware import Deployment, Hardware, HardwareProfile, Pool

CITED = "kind: assumed, source: acme, date: 2026"
SHARES = f"""
scheduling:
  stall: {{value: 75 %, {CITED}}}
  prompt_wait: {{value: 25 %, {CITED}}}
  stall_in_waves: {{value: 40 %, {CITED}}}
  prompt_wait_in_waves: {{value: 50 %, {CITED}}}
"""
DRAFT = f"""
speculation:
  draft_tokens: {{value: 3, {CITED}}}
  acceptance: {{value: 50 %, {CITED}}}
  draft_step: {{value: 10 %, {CITED}}}
"""
REQUEST = Request(new=2000.0, cached=1000.0, output=500.0)


@pytest.fixture(scope="module")
def text(data: Path) -> str:
    return (data / "acme-x1.yaml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def plain(text: str) -> Hardware:
    return Hardware.from_profile(HardwareProfile.from_text(text))


@pytest.fixture(scope="module")
def shared(text: str) -> Hardware:
    return Hardware.from_profile(HardwareProfile.from_text(text + SHARES + DRAFT))


@pytest.fixture(scope="module")
def llama(catalogue: Catalogue):
    return catalogue["llama-3.1-8b"]


@pytest.fixture(scope="module")
def one(llama) -> Deployment:
    return Deployment.aggregated(Pool(hardware="acme-x1", chips=1, precision=llama.precision("bf16")))


def times(hardware: Hardware, llama, one: Deployment, batch: float) -> tuple[float, float, float]:
    """A step at the mean context, 2,000 + 1,000 + 500/2 tokens; what a prompt takes; and a prompt alone."""
    model = hardware.throughput
    return (
        float(model.decode_step_s(llama, one, batch, 3250.0)),
        float(model.prefill_blocking_s(llama, one, 2000.0, 1000.0)),
        float(model.prefill_s(llama, one, 2000.0, 1000.0)),
    )


def test_e5_without_a_calibration_every_prompt_stalls_and_none_waits(plain: Hardware, llama, one) -> None:
    step, blocking, prompt = times(plain, llama, one, 101.0)
    service = serve(plain, llama, one, REQUEST, 101.0)
    assert service.tpot_s == pytest.approx(step + 100 / 500 * blocking)
    assert service.tpot_full_s == service.tpot_s
    assert service.wait_s == 0.0
    assert service.ttft_s == pytest.approx(step + prompt)
    assert service.requests_s == pytest.approx(101 / (500 * step + 101 * blocking))


def test_e5_a_share_of_the_prompts_stalls_and_a_share_comes_first(shared: Hardware, llama, one) -> None:
    step, blocking, prompt = times(shared, llama, one, 101.0)
    service = serve(shared, llama, one, REQUEST, 101.0)
    assert service.tpot_s == pytest.approx(step + 0.75 * 100 / 500 * blocking)
    assert service.tpot_full_s == pytest.approx(step + 100 / 500 * blocking)
    assert service.ttft_s == pytest.approx(step + 0.25 * 100 * blocking + prompt)


def test_e5_requests_of_one_length_come_in_waves_with_shares_of_their_own(shared: Hardware, llama, one) -> None:
    step, blocking, prompt = times(shared, llama, one, 101.0)
    service = serve(shared, llama, one, REQUEST, 101.0, waves=True)
    assert service.tpot_s == pytest.approx(step + 0.40 * 100 / 500 * blocking)
    # fifteen others of a bunch of sixteen at 50 %, the 85 beyond it at 25 %
    assert service.ttft_s == pytest.approx(step + (0.50 * 15 + 0.25 * 85) * blocking + prompt)
    assert service.requests_s == serve(shared, llama, one, REQUEST, 101.0).requests_s  # no work is saved


def test_e5_waves_without_shares_of_their_own_take_the_common_ones(text: str, llama, one) -> None:
    common = "\n".join(line for line in SHARES.splitlines() if "waves" not in line)
    hardware = Hardware.from_profile(HardwareProfile.from_text(text + common))
    waves, none = (serve(hardware, llama, one, REQUEST, 101.0, waves=waves) for waves in (True, False))
    assert (waves.tpot_s, waves.wait_s) == (none.tpot_s, none.wait_s)


def test_e5_prompts_that_are_ready_together_share_their_passes(plain: Hardware, llama, one) -> None:
    """2,000 requests of 500 tokens each: four begin at every step, and fill 4 x 1,500 tokens of chunks of 1,000."""
    request = Request(new=1500.0, cached=0.0, output=500.0)
    alone, busy = (float(serve(plain, llama, one, request, batch).blocking_s) for batch in (500.0, 2000.0))
    # alone a prompt takes two passes of 32 x 100 us, together one and a half
    assert alone - busy == pytest.approx(0.5 * 32 * 100e-6, rel=1e-9)


def test_e7_a_draft_of_three_tokens_half_of_them_accepted(shared: Hardware, llama, one) -> None:
    draft = Speculation.of(shared.profile)
    assert draft is not None
    plain = float(shared.throughput.decode_step_s(llama, one, 8.0, 3250.0))
    verify = float(shared.throughput.decode_step_s(llama, one, 8.0, 3250.0, 4.0))
    # 1 + 1/2 + 1/4 + 1/8 = 1.875 tokens for a step of four tokens and three of a tenth
    step = (verify + 3 * 0.1 * plain) / 1.875
    service = serve(shared, llama, one, REQUEST, 8.0, draft)
    assert service.step_s == pytest.approx(step)
    assert service.tpot_s == pytest.approx(step + 0.75 * 7 / 500 * service.blocking_s)
    assert step < plain  # eight sequences are bound by reading


def test_a_profile_that_says_nothing_of_drafts_has_none(plain: Hardware) -> None:
    assert Speculation.of(plain.profile) is None


def test_e10_prompts_that_are_read_elsewhere_stall_nobody(shared: Hardware, llama, one) -> None:
    two = Pool(hardware="acme-x1", chips=2, tensor=2, precision=llama.precision("bf16"))
    apart = Deployment(prefill=two, decode=one.decode)
    service = serve(shared, llama, apart, REQUEST, 101.0)
    step = times(shared, llama, one, 101.0)[0]
    assert (service.blocking_s, service.wait_s) == (0.0, 0.0)
    assert service.tpot_s == service.tpot_full_s == pytest.approx(step)
    # the pool that reads the prompts holds the other back
    each = shared.throughput.prefill_blocking_s(llama, apart, 2000.0, 1000.0)
    assert service.requests_s == pytest.approx(min(101 / (500 * step), 1 / each))
    # 131,072 bytes a token of 3,000 go over one link of 100 GB/s to the chip that decodes
    moved = 131_072 * 3000 / 100e9
    assert service.prompt_s == pytest.approx(shared.throughput.prefill_s(llama, apart, 2000.0, 1000.0) + moved)


def test_a_draft_is_verified_in_the_pass_that_a_new_prompt_waits_for(shared: Hardware, llama, one) -> None:
    plain, drafted = (
        serve(shared, llama, one, REQUEST, 4.0, draft) for draft in (None, Speculation.of(shared.profile))
    )
    assert plain.pass_s == plain.step_s
    assert drafted.step_s < plain.step_s <= drafted.pass_s
    assert drafted.ttft_s == drafted.pass_s + drafted.wait_s + drafted.prompt_s


def test_an_answer_of_less_than_a_token_is_one(plain: Hardware, llama, one) -> None:
    none, token = (serve(plain, llama, one, Request(100.0, 0.0, output), 4.0) for output in (0.0, 1.0))
    assert none.requests_s == pytest.approx(token.requests_s, rel=1e-4)  # half a token of context between them


def test_batches_and_samples_broadcast(shared: Hardware, llama, one) -> None:
    moved = shared.at(
        {"acme-x1:memory.bandwidth": np.array([1e12, 2e12]), "acme-x1:scheduling.stall": np.array([0.2, 0.9])}
    )
    service = serve(moved, llama, one, REQUEST, np.array([1.0, 8.0, 64.0]), Speculation.of(moved.profile))
    for part in (service.step_s, service.tpot_s, service.ttft_s, service.requests_s):
        assert np.shape(part) == (2, 3)
