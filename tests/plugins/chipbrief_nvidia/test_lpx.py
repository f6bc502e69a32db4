"""Groq 3 LPX beside Vera Rubin NVL72: a deployment over two systems."""

import io
import shutil
from pathlib import Path

import numpy as np
import pytest

import chipbrief_nvidia
from chipbrief import Deployment, Hardware
from chipbrief.catalogue import load_catalogue
from chipbrief.errors import InputError, Refusal
from chipbrief.evaluate import Footprint, Request, serve, serving_precision
from chipbrief.evidence.points import parse_points
from chipbrief.evidence.predict import predict
from chipbrief.finance import Finance, hourly_usd, load_finance_terms
from chipbrief.registry import load_registry

REGISTRY, CATALOGUE = load_registry(strict=True), load_catalogue()
LPX, RUBIN = REGISTRY["nvidia-groq3-lpx"], REGISTRY["nvidia-vera-rubin-nvl72"]


def deployments(model: str, context: float = 8192.0) -> list[Deployment]:
    architecture = CATALOGUE[model]
    return list(LPX.throughput.deployments(architecture, serving_precision(LPX, architecture), context))


def tok_s_user(model: str, deployment: Deployment, batch: float = 1.0, context: float = 8000.0) -> float:
    service = serve(LPX, CATALOGUE[model], deployment, Request(context, 0.0, 500.0), np.array([batch]))
    return float(1.0 / service.tpot_s[0])


def test_a_rack_holds_what_nvidia_says() -> None:
    profile = LPX.profile
    assert profile.chips * profile.memory.capacity.value == 128e9
    assert profile.chips * profile.memory.bandwidth.value == pytest.approx(40e15, rel=0.05)  # 40 PB/s as printed
    assert profile.chips * profile.compute.dense["fp8"].value == pytest.approx(315e15, rel=0.03)
    assert profile.interconnect.stage.value == 1.25e12  # 2.5 TB/s count both directions


def test_every_deployment_stands_on_gpus_and_lpus() -> None:
    for deployment in deployments("qwen3-32b"):
        assert deployment.prefill.hardware == RUBIN.id
        assert deployment.decode.hardware == LPX.id
        assert not deployment.is_aggregated
    assert {deployment.split_layers for deployment in deployments("qwen3-32b")} == {True, False}


def test_gpt_oss_in_fp8_takes_a_tray_more_than_a_rack() -> None:
    """116.8e9 weights of a byte over 0.85 of 0.5 GB are 274.9 chips, whole trays of eight: 280."""
    assert serving_precision(LPX, CATALOGUE["gpt-oss-120b"]).expert == "fp8"  # no MXFP4 on an LPU
    assert min(d.decode.chips for d in deployments("gpt-oss-120b") if not d.split_layers) == 280
    assert min(d.decode.chips for d in deployments("gpt-oss-120b") if d.split_layers) < 280


def test_a_model_beyond_nine_racks_is_refused_with_its_arithmetic() -> None:
    """2.78e12 weights of a byte are more than 9 x 256 x 0.5 GB."""
    with pytest.raises(Refusal, match=r"kimi-k3 fp8 needs 2\.\d+ TB .* 2,304 x Groq 3 LPU have 1\.15 TB"):
        deployments("kimi-k3")


def test_a_format_that_an_lpu_lacks_is_refused() -> None:
    model = CATALOGUE["gpt-oss-120b"]
    with pytest.raises(Refusal, match="does not store mxfp4"):
        LPX.throughput.deployments(model, model.native_precision(), 8192.0)


def test_a_dense_model_of_32b_is_as_fast_as_artificial_analysis_saw_one_of_31b() -> None:
    """3,431 tok/s of Gemma 4 31B at 100,000 tokens, 4,767 in the median of SPEED-bench; nothing is fitted to either."""
    whole = next(d for d in deployments("qwen3-32b") if not d.split_layers)
    assert 3431 / 1.5 < tok_s_user("qwen3-32b", whole) < 4767 * 1.5


def test_splitting_layers_trades_speed_for_cache() -> None:
    """The cache lies in HBM, so that more sequences fit, and each layer waits for two crossings."""
    model = CATALOGUE["qwen3-32b"]
    whole = next(d for d in deployments("qwen3-32b") if not d.split_layers)
    split = next(d for d in deployments("qwen3-32b") if d.split_layers)
    assert tok_s_user("qwen3-32b", split) < tok_s_user("qwen3-32b", whole)
    room = [float(LPX.throughput.running_batch_limit(model, d, 8192.0)) for d in (whole, split)]
    assert room[1] > 10 * room[0]


def test_crossings_cost_twice_the_latency_a_layer() -> None:
    model = CATALOGUE["qwen3-32b"]
    split = next(d for d in deployments("qwen3-32b") if d.split_layers)
    name = LPX.profile.figure_id("latency.exchange")
    slow, fast = (
        LPX.at({name: seconds}).throughput.decode_step_s(model, split, 1.0, 1000.0) for seconds in (10e-6, 3e-6)
    )
    assert slow - fast == pytest.approx(2 * model.layers * 7e-6)


def test_more_gpus_shorten_the_prompt_and_leave_the_lpus_alone() -> None:
    few, many = (
        next(d for d in deployments("qwen3-32b") if not d.split_layers and d.prefill.chips == chips) for chips in (1, 8)
    )
    model, request = CATALOGUE["qwen3-32b"], Request(8000.0, 0.0, 500.0)
    slow, fast = (serve(LPX, model, d, request, np.array([1.0])) for d in (few, many))
    assert fast.ttft_s[0] < slow.ttft_s[0]
    assert fast.tpot_s[0] == slow.tpot_s[0]


def test_a_replica_is_charged_for_its_share_of_both_racks() -> None:
    """8 of 72 GPUs and 128 of 256 LPUs: a ninth of the one's hour, half of the other's."""
    pools = next(d for d in deployments("qwen3-32b") if d.split_layers and d.prefill.chips == 8)
    footprint = Footprint.of(LPX, pools)
    assert [(part.hardware.id, part.chips) for part in footprint.parts] == [
        (RUBIN.id, 8),
        (LPX.id, pools.decode.chips),
    ]
    finance = Finance.from_terms(load_finance_terms())
    rubin, lpx = (float(hourly_usd(system.cost.lines("own", finance, 0.5))) for system in (RUBIN, LPX))
    assert footprint.usd_h("own", finance, 0.5) == pytest.approx(rubin / 9 + lpx * pools.decode.chips / 256)
    assert footprint.power_w(1.0) == pytest.approx(
        float(RUBIN.cost.power_w(1.0)) / 9 + float(LPX.cost.power_w(1.0)) * pools.decode.chips / 256
    )


def test_what_prompts_cost_is_the_dollars_of_the_gpus_and_not_their_number() -> None:
    """Of 8 GPUs beside 88 LPUs a twelfth of the chips read prompts, and far more of the dollars do."""
    pools = next(d for d in deployments("qwen3-32b") if not d.split_layers and d.prefill.chips == 8)
    finance = Finance.from_terms(load_finance_terms())
    rubin, lpx = (float(hourly_usd(system.cost.lines("own", finance, 1.0))) for system in (RUBIN, LPX))
    share = (rubin / 9) / (rubin / 9 + lpx * pools.decode.chips / 256)
    weight = Footprint.of(LPX, pools).prefill_weight(pools, "own", finance)
    assert weight * 8 / pools.chips == pytest.approx(share)
    assert share > 2 * 8 / pools.chips
    split = next(d for d in deployments("qwen3-32b") if d.split_layers and d.prefill.chips == 8)
    assert Footprint.of(LPX, split).prefill_weight(split, "own", finance) == 1.0  # all chips make tokens there


def test_figures_of_the_partner_keep_their_ids_and_sources() -> None:
    name = RUBIN.profile.figure_id("memory.bandwidth")
    assert name in LPX.profile.figures
    assert name not in LPX.profile.own_figures
    assert LPX.profile.source_of(name) == RUBIN.profile.source_of(name)
    faster = LPX.at({name: 44e12})
    assert faster.partner is not None
    assert faster.partner.profile.memory.bandwidth.value == 44e12
    assert name in LPX.trail("throughput", "decode_step_s").figures


def test_offered_for_rent_only_where_both_are() -> None:
    finance = Finance.from_terms(load_finance_terms())
    pools = deployments("qwen3-32b")[0]
    lines = Footprint.of(LPX, pools).lines
    assert len(lines("own", finance, 1.0)) == 2 * len(LPX.cost.lines("own", finance, 1.0))
    assert lines("rent_on_demand", finance, 1.0) == ()


@pytest.mark.parametrize(
    ("partner", "fault"),
    [
        ("../vera_rubin.yaml", "there is no profile"),
        ("rubin.yaml", "there is no profile 'rubin.yaml' beside it"),
        ("groq3_lpx.yaml", "has a partner itself"),
    ],
)
def test_a_partner_that_is_none_is_named(partner: str, fault: str, tmp_path: Path) -> None:
    home = Path(chipbrief_nvidia.__file__).parent
    for name in ("groq3_lpx.yaml", "vera_rubin.yaml", "calibration.yaml"):
        shutil.copy(home / name, tmp_path / name)
    shutil.copy(home / "vera_rubin.yaml", tmp_path.parent / "vera_rubin.yaml")
    path = tmp_path / "second.yaml"
    text = (home / "groq3_lpx.yaml").read_text().replace("partner: vera_rubin.yaml", f"partner: {partner}")
    path.write_text(text)
    with pytest.raises(InputError, match=fault):
        Hardware.from_yaml(path)


def test_a_row_of_lpus_is_predicted_with_the_gpus_beside_them() -> None:
    rows = (
        "hardware,model,metric,n_chips,isl,osl,concurrency\n"
        "lpx,gpt-oss-120b,tok_s_per_user,512,1000,500,1\n"
        "lpx,gpt-oss-120b,tok_s_per_user,64,1000,500,1\n"
    )
    points = parse_points(io.BytesIO(rows.encode()), "rows.csv").points
    placed, refused = predict(points, REGISTRY, CATALOGUE)
    assert placed.status == "ok"
    assert placed.low < placed.predicted < placed.high
    assert placed.high / placed.low > 4  # no point of it was fitted, nor of its family
    assert refused.reason == "gpt-oss-120b fp8 needs 272 x Groq 3 LPU or more, not 64"
