"""Architectures: what follows from the dimensions must match what the publishers state."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chipbrief.architecture import Precision
from chipbrief.catalogue import load_catalogue
from chipbrief.errors import ChipbriefError, InputError
from chipbrief.figures import figures_in

CATALOGUE = load_catalogue()
MODELS = list(CATALOGUE)

# Total parameters as the publishers state them, in billions (model cards, READMEs and model ids). Where a card says
# only "8B" or "70B", the figure is the sum of the tensors in the published checkpoint's index (8.03, 70.6, 405.9).
TOTAL_B = {
    "llama-3.1-8b": 8.03,
    "llama-3.1-70b": 70.6,
    "llama-3.3-70b": 70.6,
    "llama-3.1-405b": 405.9,
    "llama-4-scout": 109.0,
    "llama-4-maverick": 400.0,
    "gpt-oss-20b": 20.91,
    "gpt-oss-120b": 116.83,
    "qwen3-32b": 32.8,
    "qwen3-235b-a22b": 235.0,
    "qwen3-coder-480b-a35b": 480.0,
    "deepseek-v3": 671.0,
    "deepseek-r1": 671.0,
    "mixtral-8x7b": 46.7,
    "glm-4.6": 355.0,
    "minimax-m2.5": 230.0,
}
# Parameters that a token uses, in billions, for the models whose name or card carries it.
ACTIVE_B = {
    "gpt-oss-20b": 3.61,
    "gpt-oss-120b": 5.13,
    "qwen3-235b-a22b": 22.0,
    "qwen3-coder-480b-a35b": 35.0,
    "deepseek-v3": 37.0,
    "deepseek-r1": 37.0,
    "mixtral-8x7b": 13.0,
    "glm-4.6": 32.0,
}
# KV-cache bytes of a token at 16 bits, all layers: 2 x layers x KV heads x head width x 2, or layers x (512 + 64) x 2.
KV_BYTES = {
    "llama-3.1-8b": 131_072,
    "llama-3.1-70b": 327_680,
    "llama-3.3-70b": 327_680,
    "llama-3.1-405b": 516_096,
    "llama-4-scout": 196_608,
    "llama-4-maverick": 196_608,
    "gpt-oss-20b": 49_152,
    "gpt-oss-120b": 73_728,
    "qwen3-32b": 262_144,
    "qwen3-235b-a22b": 192_512,
    "qwen3-coder-480b-a35b": 253_952,
    "deepseek-v3": 70_272,
    "deepseek-r1": 70_272,
    "mixtral-8x7b": 131_072,
    "glm-4.6": 376_832,
    "minimax-m2.5": 253_952,
}
# What a token adds once the context is longer than the window of the local layers.
KV_BYTES_BEYOND = {"llama-4-scout": 49_152, "llama-4-maverick": 49_152, "gpt-oss-20b": 24_576, "gpt-oss-120b": 36_864}
BF16 = Precision.uniform("bf16")


def test_every_model_of_the_catalogue_is_held_against_a_published_count() -> None:
    assert set(CATALOGUE.models) == set(TOTAL_B) == set(KV_BYTES)


@pytest.mark.parametrize(("model", "billions"), TOTAL_B.items())
def test_the_dimensions_give_the_published_parameters(model: str, billions: float) -> None:
    assert CATALOGUE[model].parameters / 1e9 == pytest.approx(billions, rel=0.015)


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.id)
def test_the_catalogue_cites_the_count_that_is_published(model) -> None:
    assert model.parameters_published.value / 1e9 == pytest.approx(TOTAL_B[model.id], rel=0.01)


@pytest.mark.parametrize(("model", "billions"), ACTIVE_B.items())
def test_the_dimensions_give_the_published_active_parameters(model: str, billions: float) -> None:
    assert CATALOGUE[model].active_parameters / 1e9 == pytest.approx(billions, rel=0.04)


@pytest.mark.parametrize(("model", "expected"), KV_BYTES.items())
def test_the_cache_of_a_token_has_the_bytes_of_its_heads(model: str, expected: int) -> None:
    assert CATALOGUE[model].kv_bytes(1.0, BF16) == expected


@pytest.mark.parametrize(("model", "expected"), KV_BYTES.items())
def test_beyond_the_window_only_the_full_layers_grow(model: str, expected: int) -> None:
    far = CATALOGUE[model].kv_bytes(np.array([30_000.0, 30_001.0]), BF16)
    assert far[1] - far[0] == pytest.approx(KV_BYTES_BEYOND.get(model, expected))


def test_an_eight_bit_cache_is_half_of_a_sixteen_bit_one() -> None:
    model = CATALOGUE["deepseek-r1"]
    assert model.kv_bytes(1.0, model.native_precision()) == 35_136  # published in FP8, cached in FP8
    assert model.kv_bytes(1.0, model.native_precision("bf16")) == 70_272


@pytest.mark.parametrize(
    ("model", "gigabytes"),
    [
        ("gpt-oss-120b", 60.8 * 1024**3 / 1e9),  # OpenAI's model card: 60.8 GiB
        ("gpt-oss-20b", 12.8 * 1024**3 / 1e9),  # 12.8 GiB
        ("llama-3.1-405b", 811.7),  # 405.85e9 x 2 bytes
        ("llama-3.1-70b", 141.1),
        ("llama-3.1-8b", 16.06),
    ],
)
def test_native_weights_have_the_size_of_the_published_checkpoint(model: str, gigabytes: float) -> None:
    architecture = CATALOGUE[model]
    assert architecture.weight_bytes(architecture.native_precision()).total / 1e9 == pytest.approx(gigabytes, rel=0.01)


def test_llama_8b_by_hand() -> None:
    model = CATALOGUE["llama-3.1-8b"]
    attention = 32 * 4096 * 128 * (32 + 8 + 8 + 32)  # queries, keys, values, output
    ffn = 32 * 3 * 4096 * 14_336
    head = 4096 * 128_256
    assert model.active_by_part == {"attention": attention, "dense": ffn, "expert": 0, "head": head}
    assert model.parameters == attention + ffn + 2 * head + 65 * 4096 == 8_030_261_248  # the sum of the checkpoint
    assert model.linear_flop == 2 * (attention + ffn + head)
    assert model.decode_attention_flop(1000.0) == 32 * 4 * 32 * 128 * 1000
    assert model.prefill_attention_flop(1000.0, 0.0) == 32 * 4 * 32 * 128 * 500_000


def test_the_latent_layer_of_deepseek_by_hand() -> None:
    group = CATALOGUE["deepseek-v3"].attention[0]
    query = 7168 * 1536 + 1536 * 128 * (128 + 64)
    latent = 7168 * (512 + 64) + 512 * 128 * (128 + 128)
    assert group.parameters(7168) == query + latent + 128 * 128 * 7168
    assert group.decode_flop_per_pair == 2 * 128 * (2 * 512 + 64)  # absorbed
    assert group.prefill_flop_per_pair == 2 * 128 * (128 + 64 + 128)  # expanded


def test_mixed_formats_are_stored_part_by_part() -> None:
    model = CATALOGUE["gpt-oss-120b"]
    native = model.native_precision()
    assert (native.attention, native.dense, native.expert, native.head) == ("bf16", "bf16", "mxfp4", "bf16")
    experts = 36 * 128 * 3 * 2880 * 2880
    assert model.weight_bytes(native).expert == experts * 17 / 32  # 4 bits and an 8-bit scale for 32 of them
    assert model.weight_bytes(native).embedding == 2880 * 201_088 * 2


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.id)
def test_parts_add_up_to_the_whole(model) -> None:
    assert model.weight_bytes(BF16).total == pytest.approx(2 * model.parameters, rel=1e-12)
    assert model.active_parameters <= model.parameters
    assert model.layers == sum(g.layers for g in model.feed_forward)


@given(st.sampled_from(MODELS), st.floats(1, 1e6), st.floats(1.0, 2.0), st.sampled_from(["bf16", "fp8"]))
def test_a_longer_context_never_takes_less_memory_or_work(model, context: float, more: float, kv: str) -> None:
    precision = Precision.uniform("bf16", kv)
    assert model.kv_bytes(context * more, precision) >= model.kv_bytes(context, precision)
    assert model.decode_attention_flop(context * more) >= model.decode_attention_flop(context)
    assert model.prefill_attention_flop(context * more, 0.0) >= model.prefill_attention_flop(context, 0.0)
    assert model.prefill_attention_flop(10.0, context * more) >= model.prefill_attention_flop(10.0, context)


@given(st.sampled_from(MODELS), st.integers(1, 4096), st.integers(1, 64))
def test_more_tokens_touch_more_of_the_experts_and_never_more_than_all(model, tokens: int, more: int) -> None:
    few, many = model.expert_coverage(tokens), model.expert_coverage(tokens + more)
    assert 0 < few <= many <= 1
    if not model.experts:
        assert few == 1


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.id)
def test_every_source_that_is_named_is_given(model) -> None:
    cited = {figure.source for _, figure in figures_in(model)} | {model.source}
    assert cited == set(model.sources)  # and none is given that nothing cites


@pytest.mark.parametrize("name", ["openai/gpt-oss-120b", "gpt-oss-120b"])
def test_a_model_is_found_by_every_name_it_goes_by(name: str) -> None:
    assert CATALOGUE[name].id == "gpt-oss-120b"


def test_an_unknown_model_is_told_the_nearest() -> None:
    with pytest.raises(ChipbriefError, match=r"unknown model 'gpt-oss-12b'; did you mean 'gpt-oss-120b'\?"):
        CATALOGUE["gpt-oss-12b"]


# -- faults of a catalogue file -------------------------------------------------------------------------------

SMALL = """\
schema: architectures/1
models:
  - id: tiny
    name: Tiny
    family: Tiny
    released: '2026'
    hidden: 64
    vocab: 100
    attention:
      - {layers: 2, kind: full, heads: 4, kv_heads: 2, head_dim: 16}
    feed_forward:
      - {layers: 2, kind: dense, width: 128}
    max_context: {value: 1024, kind: assumed, source: card, date: 2026}
    native: {weights: bf16}
    parameters_published: {value: 100k, kind: assumed, source: card, date: 2026}
    active_published: {value: 100k, kind: assumed, source: card, date: 2026}
    source: card
    sources:
      card: {title: Card, locator: here}
"""


def faults(tmp_path: Path, *changes: tuple[str, str]) -> str:
    text = SMALL
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / "a.yaml"
    path.write_text(text)
    with pytest.raises(InputError) as refused:
        load_catalogue(path)
    return str(refused.value).replace(f"{tmp_path}/", "")


def test_the_small_catalogue_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(SMALL)
    tiny = load_catalogue(path)["Tiny"]
    # 2 layers x (64 x 16 x 12 + 3 x 64 x 128 + 2 norms) + last norm + embedding and head
    assert tiny.parameters == 2 * (64 * 16 * 12 + 3 * 64 * 128 + 2 * 64) + 64 + 2 * 64 * 100


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("width: 128", "width: 128.5", "a.yaml:12:41: models[0].feed_forward[0].width: expected a whole number"),
        (
            "weights: bf16",
            "weights: bf61",
            "models[0].native.weights: unknown number format 'bf61'; did you mean 'bf16'?",
        ),
        ("- {layers: 2, kind: dense", "- {layers: 3, kind: dense", "attention and feed_forward count different layers"),
        ("kind: full", "kind: sliding", "a window belongs to sliding and chunked attention, and only there"),
        ("kind: full", "kind: latent", "latent attention needs q_rank, kv_rank, nope_dim, rope_dim and v_dim"),
        (", head_dim: 16", "", "grouped-query attention needs head_dim"),
        ("kind: dense", "kind: experts", "experts need 0 < active <= experts"),
        ("    source: card", "    source: cart", "unknown source 'cart'; did you mean 'card'?"),
        ("value: 1024, kind: assumed, source: card", "value: 1024, kind: assumed, source: cad", "unknown source 'cad'"),
    ],
)
def test_an_impossible_architecture_is_refused_with_its_place(tmp_path: Path, old: str, new: str, message: str) -> None:
    found = faults(tmp_path, (old, new))
    assert message in found
    assert found.startswith("a.yaml:")


def test_two_models_may_not_share_a_name(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(SMALL + SMALL.split("models:\n")[1].replace("id: tiny", "id: other"))
    with pytest.raises(ChipbriefError, match="the name 'Tiny' belongs to both other and tiny"):
        load_catalogue(path)
