"""What a contrasted token costs: CoDA's two cached rows against greedy decoding, and against two forward passes without a cache."""

import platform
import time
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from tokenizers import Tokenizer, models
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from backends.coda.contrast import Contrast, choose, scores
from backends.coda.decode import Decoding, Method, Pair, decode
from backends.coda.listing import listed
from benchmarks.tables import markdown
from models.language import LanguageModel
from models.reading import Row

PROMPT, TOKENS, THREADS = 256, 24, 2
WARM = 2  # tokens left out: the first reads the prompt, the second still grows allocators
VOCABULARY = 32_000
BATCH = 4
UNCACHED = 6  # tokens of the slow one, which the others wait for
TARGETS = "Targets: CoDA at most 1.6 times greedy for one prompt, and at least 3 times faster than without a cache."


def section() -> str:
    """Return the table. Methods take turns token by token, so that what else the machine does falls on all of them."""
    before = torch.get_num_threads()
    torch.set_num_threads(THREADS)
    try:
        language = random_llama()
        times = _measured(language)
    finally:
        torch.set_num_threads(before)
    size = sum(weight.numel() for weight in language.model.parameters()) / 1e6
    head = (f"## CoDA: seconds per token\n\nA random Llama of {size:.0f} M parameters in float32, {PROMPT} prompt tokens, "
            f"{THREADS} threads ({platform.machine()}). All methods take turns, token by token, over {TOKENS - WARM} tokens "
            f"({UNCACHED - WARM} without a cache). Medians with the quartiles; ratios are of the same turn. {TARGETS}\n")
    rows = [(name, _spread(times[name], 3), *_ratios(times, name)) for name in times]
    return "\n".join([head, markdown(("method", "s per token", "times greedy, same batch", "times CoDA, same batch"), rows)])


def random_llama() -> LanguageModel:
    """Return a Llama of the size of the smallest real rungs, with chance weights: speed does not read them."""
    config = LlamaConfig(vocab_size=VOCABULARY, hidden_size=768, intermediate_size=2048, num_hidden_layers=12,
                         num_attention_heads=12, bos_token_id=None, eos_token_id=None, pad_token_id=0)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = LlamaForCausalLM(config).eval()
    core = Tokenizer(models.WordLevel({f"w{i}": i for i in range(VOCABULARY)}))
    return LanguageModel(model, PreTrainedTokenizerFast(tokenizer_object=core))


def _measured(language: LanguageModel) -> dict[str, list[float]]:
    """Return the seconds of every token per method, the warm-up left out."""
    one, many = [_pair(0)], [_pair(seed) for seed in range(BATCH)]
    sources = {
        "greedy": _cached(language, one, "greedy"),
        "CoDA": _cached(language, one, "coda"),
        "DoLa": _cached(language, one, "dola"),
        f"greedy, {BATCH} prompts": _cached(language, many, "greedy"),
        f"CoDA, {BATCH} prompts": _cached(language, many, "coda"),
        "CoDA without a cache": _uncached(language, one[0]),
    }
    times: dict[str, list[float]] = {name: [] for name in sources}
    for _ in range(TOKENS):
        for name, source in sources.items():
            start = time.perf_counter()
            if next(source, False):
                times[name].append(time.perf_counter() - start)
    return {name: seconds[WARM:] for name, seconds in times.items()}


def _pair(seed: int) -> Pair:
    ids = tuple(torch.randint(VOCABULARY, (PROMPT,), generator=torch.Generator().manual_seed(seed)).tolist())
    return Pair(Row(ids), Row(ids[:100] + ids[101:]))


def _cached(language: LanguageModel, pairs: list[Pair], method: Method) -> Iterator[bool]:
    """Yield once per token of all prompts."""
    for step in decode(language, pairs, Decoding(method, max_new_tokens=TOKENS)):
        listed(language, step, alpha=Contrast().alpha)  # as the page tells every token
        if step.row == len(pairs) - 1:
            yield True


@torch.inference_mode()
def _uncached(language: LanguageModel, pair: Pair) -> Iterator[bool]:
    """Yield once per token: both prompts are read anew, each by itself, and all their logits are made."""
    assert pair.masked is not None
    written: list[int] = []
    for _ in range(UNCACHED):
        full, masked = (
            language.model(input_ids=torch.tensor([[*row.ids, *written]]), use_cache=False).logits[0, -1].log_softmax(-1)
            for row in (pair.full, pair.masked)
        )
        written.append(int(choose(scores(full, masked, "coda", Contrast()), full)))
        yield True


def _spread(values: Sequence[float], digits: int = 2) -> str:
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    return f"{middle:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"


def _ratios(times: dict[str, list[float]], name: str) -> tuple[str, ...]:
    batch = name.partition(",")[2]
    others = [f"{method},{batch}" if batch else method for method in ("greedy", "CoDA")]
    return tuple(_spread([own / other for own, other in zip(times[name], times[against])]) for against in others)


if __name__ == "__main__":
    print(section())
