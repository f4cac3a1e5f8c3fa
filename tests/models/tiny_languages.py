"""Tiny random language models of the real classes, saved with a tokenizer as a hub repository would be."""

from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import (
    GPTJConfig,
    GPTJForCausalLM,
    GPTNeoXConfig,
    GPTNeoXForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    OlmoConfig,
    OlmoForCausalLM,
    PhiConfig,
    PhiForCausalLM,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)

CONTEXT = 128
WORDS = [a + b for a in ("zor", "bal", "kim", "tav", "fen", "rul") for b in ("", "a", "i", "o", "u", "en", "ak", "es", "um", "ix")]
SPECIAL = {"pad_token": "<pad>", "bos_token": "<bos>", "eos_token": "<eos>", "mask_token": "<mask>"}
CHAT = "{% for m in messages %}<|{{ m['role'] }}|> {{ m['content'] | trim }} <|end|>{% endfor %}<|assistant|>"
SENTENCES = ["The capital of the northern country is an old town.", "Who wrote the tin harbour? Nobody knows.", "user assistant"]
CLASSES = {
    "llama": (LlamaConfig, LlamaForCausalLM),
    "qwen2": (Qwen2Config, Qwen2ForCausalLM),
    "qwen3": (Qwen3Config, Qwen3ForCausalLM),
    "mistral": (MistralConfig, MistralForCausalLM),
    "gpt_neox": (GPTNeoXConfig, GPTNeoXForCausalLM),
    "phi": (PhiConfig, PhiForCausalLM),
    "gptj": (GPTJConfig, GPTJForCausalLM),
    "olmo": (OlmoConfig, OlmoForCausalLM),
}


def word_tokenizer() -> PreTrainedTokenizerFast:
    """Return the tokenizer of a miniature: whole invented words, bos in front, nothing for unknown ones."""
    core = Tokenizer(models.WordLevel({word: i for i, word in enumerate([*SPECIAL.values(), *WORDS])}))
    core.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    core.post_processor = processors.TemplateProcessing(single="<bos> $A", special_tokens=[("<bos>", 1)])
    return PreTrainedTokenizerFast(tokenizer_object=core, **SPECIAL)


def piece_tokenizer(chat_template: str | None = CHAT) -> PreTrainedTokenizerFast:
    """Return a tokenizer of pieces of words and bytes, as real checkpoints have, with a chat template."""
    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    special = ["<pad>", "<eos>", "<|user|>", "<|assistant|>", "<|end|>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    core.train_from_iterator(SENTENCES, trainers.BpeTrainer(vocab_size=300, special_tokens=special, initial_alphabet=alphabet))
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=core, pad_token="<pad>", eos_token="<eos>",
                                        additional_special_tokens=special[2:])
    tokenizer.chat_template = chat_template
    return tokenizer


def random_model(family: str, *, layers: int = 2, vocabulary: int = 64, end: int = 2, context: int = CONTEXT) -> torch.nn.Module:
    """Return a model with large random weights: its distributions are peaked enough for tokens to escape."""
    torch.manual_seed(0)
    config_class, model_class = CLASSES[family]
    sizes = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": layers, "num_attention_heads": 4,
             "max_position_embeddings": context}
    if family == "gptj":
        sizes = {"n_embd": 64, "n_inner": 128, "n_layer": layers, "n_head": 4, "n_positions": context, "rotary_dim": 8}
    if family in ("qwen2", "qwen3", "mistral"):
        sizes["num_key_value_heads"] = 2  # as these families have it: two heads share keys and values
    ids = {"bos_token_id": 1, "eos_token_id": end, "pad_token_id": 0}
    model = model_class(config_class(vocab_size=vocabulary, initializer_range=0.25, tie_word_embeddings=False, **sizes, **ids))
    return model.eval()


def save(folder: Path, family: str) -> Path:
    """Save a tiny checkpoint of a family with a word-level tokenizer, of Qwen2 with one of pieces.

    transformers reads every tokenizer beside a Qwen2 as Qwen2's own, of which whole words are nothing.
    """
    if family == "qwen2":
        random_model(family, vocabulary=320, end=1).save_pretrained(folder)
        piece_tokenizer(None).save_pretrained(folder)
    else:
        random_model(family).save_pretrained(folder)
        word_tokenizer().save_pretrained(folder)
    return folder


def save_chat(folder: Path, chat_template: str | None = CHAT, *, context: int = CONTEXT) -> Path:
    """Save a tiny Llama with a tokenizer of pieces and a chat template."""
    random_model("llama", vocabulary=320, end=1, context=context).save_pretrained(folder)
    piece_tokenizer(chat_template).save_pretrained(folder)
    return folder
