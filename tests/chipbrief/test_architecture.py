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
    "llama-2-7b": 6.74,
    "llama-2-70b": 68.98,
    "llama-3-8b": 8.03,
    "llama-3-70b": 70.6,
    "llama-3.1-8b": 8.03,
    "llama-3.1-70b": 70.6,
    "llama-3.3-70b": 70.6,
    "llama-3.1-405b": 405.9,
    "llama-4-scout": 109.0,
    "llama-4-maverick": 400.0,
    "gpt-oss-20b": 20.91,
    "gpt-oss-120b": 116.83,
    "qwen3-32b": 32.8,
    "qwen3-30b-a3b": 30.5,
    "qwen3-235b-a22b": 235.0,
    "qwen3-235b-a22b-2507": 235.0,
    "qwen3-coder-480b-a35b": 480.0,
    "qwen3.5-397b-a17b": 397.0,
    "qwen3.8-27b": 27.0,
    "deepseek-v3": 671.0,
    "deepseek-r1": 671.0,
    "deepseek-v3.2": 671.0,
    "mixtral-8x7b": 46.7,
    "glm-4.6": 355.0,
    "glm-4.7": 355.0,
    "glm-5": 744.0,
    "glm-5.2": 744.0,
    "kimi-k2": 1040.0,
    "kimi-k2.5": 1040.0,
    "kimi-k2.6": 1040.0,
    "kimi-k3": 2780.0,
    "minimax-m2.5": 230.0,
    "minimax-m3": 428.0,
}
# Parameters that a token uses, in billions, for the models whose name or card carries it.
ACTIVE_B = {
    "gpt-oss-20b": 3.61,
    "gpt-oss-120b": 5.13,
    "qwen3-235b-a22b": 22.0,
    "qwen3-coder-480b-a35b": 35.0,
    "deepseek-v3": 37.0,
    "deepseek-r1": 37.0,
    "deepseek-v3.2": 37.0,
    "mixtral-8x7b": 13.0,
    "glm-4.6": 32.0,
    "glm-4.7": 32.0,
    "glm-5": 40.0,
    "glm-5.2": 40.0,
    "kimi-k2": 32.0,
    "kimi-k3": 104.0,
}
# The same with the input embedding, which these publishers count and a token does not multiply with.
ACTIVE_WITH_EMBEDDING_B = {"qwen3-30b-a3b": 3.3, "qwen3.5-397b-a17b": 17.0, "qwen3.8-27b": 27.0}
# KV-cache bytes of a token at 16 bits, all layers: 2 x layers x KV heads x head width x 2, or layers x (512 + 64) x 2.
KV_BYTES = {
    "llama-2-7b": 524_288,
    "llama-2-70b": 327_680,
    "llama-3-8b": 131_072,
    "llama-3-70b": 327_680,
    "llama-3.1-8b": 131_072,
    "llama-3.1-70b": 327_680,
    "llama-3.3-70b": 327_680,
    "llama-3.1-405b": 516_096,
    "llama-4-scout": 196_608,
    "llama-4-maverick": 196_608,
    "gpt-oss-20b": 49_152,
    "gpt-oss-120b": 73_728,
    "qwen3-32b": 262_144,
    "qwen3-30b-a3b": 98_304,
    "qwen3-235b-a22b": 192_512,
    "qwen3-235b-a22b-2507": 192_512,
    "qwen3-coder-480b-a35b": 253_952,
    "qwen3.5-397b-a17b": 15 * 2 * 2 * 256 * 2,
    "qwen3.8-27b": 16 * 2 * 4 * 256 * 2,
    "deepseek-v3": 70_272,
    "deepseek-r1": 70_272,
    "deepseek-v3.2": 70_272 + 61 * 132,  # an index key: 128 FP8 values and a scale of 4 bytes
    "mixtral-8x7b": 131_072,
    "glm-4.6": 376_832,
    "glm-4.7": 376_832,
    "glm-5": 78 * (576 * 2 + 132),
    "glm-5.2": 78 * 576 * 2 + 21 * 132,
    "kimi-k2": 70_272,
    "kimi-k2.5": 70_272,
    "kimi-k2.6": 70_272,
    "kimi-k3": 24 * 576 * 2,
    "minimax-m2.5": 253_952,
    "minimax-m3": 60 * 2 * 4 * 128 * 2 + 57 * 128 * 2,
}
# What a sequence keeps at any context: layers x (heads x key width x value width x 4 bytes + 3 x convolved channels x 2).
STATE_BYTES = {
    "qwen3.5-397b-a17b": 45 * (64 * 128 * 128 * 4 + 3 * (2 * 16 * 128 + 64 * 128) * 2),
    "qwen3.8-27b": 48 * (48 * 128 * 128 * 4 + 3 * (2 * 16 * 128 + 48 * 128) * 2),
    "kimi-k3": 69 * (96 * 128 * 128 * 4 + 3 * (3 * 96 * 128) * 2),
}
SPARSE = ("deepseek-v3.2", "glm-5", "glm-5.2", "minimax-m3")
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


@pytest.mark.parametrize(("model", "billions"), ACTIVE_WITH_EMBEDDING_B.items())
def test_the_dimensions_give_the_published_active_parameters_with_the_embedding(model: str, billions: float) -> None:
    architecture = CATALOGUE[model]
    active = architecture.active_parameters + architecture.hidden * architecture.vocab
    assert active / 1e9 == pytest.approx(billions, rel=0.04)


@pytest.mark.parametrize(("model", "expected"), KV_BYTES.items())
def test_the_cache_of_a_token_has_the_bytes_of_its_heads(model: str, expected: int) -> None:
    assert CATALOGUE[model].kv_bytes(1.0, BF16) == expected + STATE_BYTES.get(model, 0)


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
        ("kimi-k2.6", 555 * 1024**3 / 1e9),  # 555 GiB of INT4 experts and BF16, huggingface.co/gratex/Kimi-K2.6-REAM-25
        ("kimi-k3", 1450 + 108.81 + 4.70),  # experts, trunk and embeddings, github.com/FareedKhan-dev/kimi-k3-in-c
        ("minimax-m3", 854.0),  # the files of the repository, with a vision tower
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


def test_the_gated_delta_net_of_qwen_by_hand() -> None:
    linear, full = CATALOGUE["qwen3.5-397b-a17b"].attention
    keys, values = 16 * 128, 64 * 128
    projections = 4096 * (2 * keys + values) + 4096 * values + 2 * 4096 * 64 + values * 4096  # q, k, v; z; b and a; out
    assert linear.parameters(4096) == projections + 4 * (2 * keys + values)
    assert full.parameters(4096) == 4096 * 256 * (2 * 32 + 2 + 2) + 32 * 256 * 4096  # the queries twice: a gate beside
    state = 64 * 128 * 128
    assert linear.decode_flop(10.0) == linear.decode_flop(1e6) == 6 * state
    # Kimi Linear, eq. 13, a head and token: 6 d^2 + 3 C d + C^2
    assert linear.prefill_flop(1000.0, 5e4) == 1000 * 64 * (6 * 128**2 + 3 * 64 * 128 + 64**2)


def test_kimi_delta_attention_by_hand() -> None:
    linear, latent = CATALOGUE["kimi-k3"].attention
    width = 96 * 128
    decay = 7168 * 128 + 128 * width  # by channel, through a bottleneck
    assert linear.parameters(7168) == 5 * 7168 * width + decay + 7168 * 96 + 4 * 3 * width  # q, k, v, gate and output
    query = 7168 * 1536 + 1536 * 96 * (128 + 64)
    assert latent.parameters(7168) == query + 7168 * 576 + 512 * 96 * 256 + 2 * width * 7168  # output and its gate


def test_the_latent_experts_of_kimi_by_hand() -> None:
    experts = CATALOGUE["kimi-k3"].feed_forward[1]
    assert experts.expert_parameters(7168) == 3 * 3584 * 3072 == 33_030_144
    assert experts.dense_parameters(7168) == 2 * 3 * 7168 * 3072 + 7168 * 896 + 2 * 7168 * 3584


def test_the_indexer_of_deepseek_by_hand() -> None:
    sparse, dense = CATALOGUE["deepseek-v3.2"].attention[0], CATALOGUE["deepseek-v3"].attention[0]
    index = 1536 * 64 * 128 + 7168 * 128 + 7168 * 64  # queries from the latent query, one key, a weight a head
    assert sparse.parameters(7168) == dense.parameters(7168) + index
    scores = 2 * 64 * 128  # of a query against an index key
    assert sparse.decode_flop(1000.0) == 1000 * (2 * 128 * 1088 + scores)
    assert sparse.decode_flop(100_000.0) == 2048 * 2 * 128 * 1088 + 100_000 * scores


def test_a_sparse_prefill_is_masked_while_short_and_absorbed_when_long() -> None:
    sparse = CATALOGUE["deepseek-v3.2"].attention[0]
    scores = 2 * 64 * 128
    short = 4000 * 2000  # pairs of 4,000 tokens
    assert sparse.prefill_flop(4000.0, 0.0) == short * (2 * 128 * 320 + scores)
    every, picked = 100_000 * 50_000, 100_000 * 2048
    assert sparse.prefill_flop(100_000.0, 0.0) == picked * 2 * 128 * 1088 + every * scores


@pytest.mark.parametrize(
    ("model", "read"),
    [
        ("deepseek-v3.2", 61 * (2048 * 576 * 2 + 100_000 * 132)),
        ("glm-5", 78 * (2048 * 576 * 2 + 100_000 * 132)),
        ("glm-5.2", 78 * 2048 * 576 * 2 + 21 * 100_000 * 132),  # one index in four layers
        ("minimax-m3", 3 * 100_000 * 2048 + 57 * (16 * 128 * 2048 + 100_000 * 256)),  # 2 x 4 x 128 x 2 bytes a token
        ("kimi-k3", STATE_BYTES["kimi-k3"] + 100_000 * 24 * 576 * 2),
        ("gpt-oss-120b", 18 * 2048 * (128 + 100_000)),  # 2 x 8 x 64 x 2 bytes a token
    ],
)
def test_what_a_step_reads_at_100_000_tokens(model: str, read: int) -> None:
    assert CATALOGUE[model].kv_read_bytes(100_000.0, BF16) == pytest.approx(read, rel=1e-12)


def test_sparse_attention_stores_what_it_does_not_read() -> None:
    model = CATALOGUE["deepseek-v3.2"]
    assert model.kv_bytes(100_000.0, BF16) == 61 * (100_000 * 576 * 2 + 100_000 * 132)
    index = model.precision("bf16", "fp8")  # the keys of the index are FP8 whatever the latents are
    assert model.kv_bytes(1000.0, index) == 61 * 1000 * (576 + 132)


def test_a_cache_is_split_by_its_heads_and_no_further() -> None:
    llama, deepseek = CATALOGUE["llama-3.1-70b"], CATALOGUE["deepseek-v3"]
    assert llama.kv_bytes(1000.0, BF16, tensor=4) == llama.kv_bytes(1000.0, BF16) / 4
    assert llama.kv_read_bytes(1000.0, BF16, tensor=16) == llama.kv_bytes(1000.0, BF16) / 8
    assert deepseek.kv_bytes(1000.0, BF16, tensor=8) == deepseek.kv_bytes(1000.0, BF16)
    qwen = CATALOGUE["qwen3.5-397b-a17b"]
    assert qwen.kv_bytes(1000.0, BF16, tensor=8) == STATE_BYTES[qwen.id] / 8 + 1000 * 30_720 / 2
    minimax = CATALOGUE["minimax-m3"]  # every chip scores all index keys
    assert minimax.kv_bytes(1000.0, BF16, tensor=4) == 1000 * (60 * 2 * 128 * 2 + 57 * 256)
    assert (llama.kv_heads, deepseek.kv_heads, qwen.kv_heads) == (8, 1, 2)


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.id)
def test_bytes_and_operations_have_the_shape_of_the_context(model) -> None:
    contexts = np.array([[1.0, 5000.0], [2e5, 1e6]])
    for quantity in (
        lambda c: model.kv_bytes(c, BF16),
        lambda c: model.kv_read_bytes(c, BF16),
        model.decode_attention_flop,
        lambda c: model.prefill_attention_flop(100.0, c),
    ):
        together = quantity(contexts)
        assert together.shape == contexts.shape
        np.testing.assert_allclose(together, [[quantity(float(c)) for c in row] for row in contexts], rtol=1e-14)


@given(st.sampled_from(MODELS), st.floats(1, 1e6), st.floats(1.0, 2.0), st.sampled_from([1.0, 4.0, 8.0]))
def test_a_step_never_reads_more_than_is_kept(model, context: float, more: float, tensor: float) -> None:
    read, kept = (f(context, BF16, tensor) for f in (model.kv_read_bytes, model.kv_bytes))
    assert 0 < read <= kept
    assert read <= model.kv_read_bytes(context * more, BF16, tensor) * (1 + 1e-12)
    if model.id in SPARSE:
        assert (read < kept) == (context > 2048)
    else:
        assert read == kept


def test_mixed_formats_are_stored_part_by_part() -> None:
    model = CATALOGUE["gpt-oss-120b"]
    native = model.native_precision()
    assert (native.attention, native.dense, native.expert, native.head) == ("bf16", "bf16", "mxfp4", "bf16")
    experts = 36 * 128 * 3 * 2880 * 2880
    assert model.weight_bytes(native).expert == experts * 17 / 32  # 4 bits and an 8-bit scale for 32 of them
    assert model.weight_bytes(native).embedding == 2880 * 201_088 * 2


@pytest.mark.parametrize(
    ("model", "asked", "attention", "dense", "expert", "kv"),
    [
        ("deepseek-r1", "fp8", "fp8", "fp8", "fp8", "fp8"),
        ("deepseek-r1", "fp4", "fp8", "nvfp4", "nvfp4", "fp8"),  # NVIDIA's v2: of attention only wo is FP4
        ("deepseek-r1", "nvfp4", "fp8", "nvfp4", "nvfp4", "fp8"),
        ("deepseek-v3", "fp4", "bf16", "nvfp4", "nvfp4", "fp8"),  # NVIDIA's first: exclude_modules names self_attn*
        ("llama-3.3-70b", "fp4", "fp4", "fp4", "fp4", "fp8"),
        ("llama-3.1-405b", "fp4", "fp4", "fp4", "fp4", "fp8"),
        ("qwen3-235b-a22b", "fp4", "fp4", "fp4", "fp4", "fp8"),
        ("qwen3.5-397b-a17b", "nvfp4", "bf16", "bf16", "nvfp4", "fp8"),
        ("gpt-oss-120b", "fp4", "bf16", "bf16", "mxfp4", "bf16"),
        ("gpt-oss-120b", "nvfp4", "bf16", "bf16", "mxfp4", "bf16"),
        ("gpt-oss-20b", "mxfp4", "bf16", "bf16", "mxfp4", "bf16"),
        # no eight-bit checkpoint of it exists: reports that say fp8 name the activations or the cache
        ("gpt-oss-20b", "fp8", "bf16", "bf16", "mxfp4", "fp8"),
        ("kimi-k3", "fp4", "bf16", "bf16", "mxfp4", "bf16"),
        ("kimi-k2.5", None, "bf16", "bf16", "int4", "bf16"),
        ("kimi-k2.5", "int4", "bf16", "bf16", "int4", "bf16"),
        ("kimi-k2.5", "nvfp4", "bf16", "bf16", "nvfp4", "fp8"),
        ("llama-3.1-8b", "fp16", "fp16", "fp16", "fp16", "bf16"),
    ],
)
def test_a_precision_is_what_was_published_under_its_name(
    model: str, asked: str | None, attention: str, dense: str, expert: str, kv: str
) -> None:
    found = CATALOGUE[model].precision(asked)
    assert (found.attention, found.dense, found.expert, found.head) == (attention, dense, expert, "bf16")
    assert found.kv == kv
    assert CATALOGUE[model].precision(asked, "fp16").kv == "fp16"


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
    cited |= {checkpoint.source for checkpoint in model.published.values()}
    assert cited == set(model.sources)  # and none is given that nothing cites


@pytest.mark.parametrize("name", ["openai/gpt-oss-120b", "gpt-oss-120b", "GPT-OSS-120B", "OpenAI/gpt-oss-120b"])
def test_a_model_is_found_by_every_name_it_goes_by_in_any_case(name: str) -> None:
    assert CATALOGUE[name].id == "gpt-oss-120b"
    assert CATALOGUE.names[name] == "gpt-oss-120b"


@pytest.mark.parametrize(
    ("name", "expected"),
    [  # as published measurements call them
        ("llama2-7b", "llama-2-7b"),
        ("llama2-70b", "llama-2-70b"),
        ("llama3-8b", "llama-3-8b"),
        ("llama3-70b", "llama-3-70b"),
        ("llama3.1-8b", "llama-3.1-8b"),
        ("llama3.1-70b", "llama-3.1-70b"),
        ("llama3.1-405b", "llama-3.1-405b"),
        ("llama3.3-70b", "llama-3.3-70b"),
        ("llama4-scout", "llama-4-scout"),
        ("llama4-maverick", "llama-4-maverick"),
    ],
)
def test_the_names_of_measurements_are_accepted(name: str, expected: str) -> None:
    assert CATALOGUE[name].id == expected


def test_names_are_counted_as_they_are_written() -> None:
    assert {"Llama-3.1-8B", "llama-3.1-8b"} <= set(CATALOGUE.names)
    assert "LLAMA-3.1-8B" in CATALOGUE.names
    assert "llama" not in CATALOGUE.names
    assert len(CATALOGUE.names) == len(list(CATALOGUE.names))


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
        ("kind: full", "kind: linear", "linear attention needs head_dim, key_heads, key_dim and convolution"),
        ("kind: full", "kind: sliding, window: 8, top_k: 4", "top_k belongs to full and latent attention"),
        ("kind: full", "kind: full, index_heads: 4", "an indexer needs top_k, index_heads, index_dim and index_key"),
        ("kind: full", "kind: full, key_dim: 4", "belong to linear attention, and only there"),
        ("width: 128", "width: 128, latent: 32", "experts and latent belong to layers with experts, and only there"),
        (
            "native: {weights: bf16}",
            "native: {weights: bf16}\n    published: {fp8: {attention: fp8, dense: fp8, expert: fp8, source: crd}}",
            "unknown source 'crd'; did you mean 'card'?",
        ),
        (
            "native: {weights: bf16}",
            "native: {weights: bf16}\n    published: {fp9: {attention: fp8, dense: fp8, expert: fp8, source: card}}",
            "unknown number format 'fp9'; did you mean 'fp8'?",
        ),
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


@pytest.mark.parametrize("name", ["Tiny", "TINY"])
def test_two_models_may_not_share_a_name_in_any_case(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.yaml"
    other = SMALL.split("models:\n")[1].replace("id: tiny", "id: other").replace("name: Tiny", f"name: {name}")
    path.write_text(SMALL + other)
    with pytest.raises(ChipbriefError, match=r"the name '(tiny|Tiny)' belongs to both other and tiny"):
        load_catalogue(path)
