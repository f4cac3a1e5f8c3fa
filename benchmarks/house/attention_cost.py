"""What the attention tap costs: maps, AdaptVis and a sweep of alphas against plain generation without any tap."""

import platform
import time
from collections.abc import Callable

import numpy as np
import torch
from transformers import CLIPVisionConfig, LlamaConfig, LlavaConfig, LlavaForConditionalGeneration

from benchmarks.tables import markdown
from models.attention import Prefill, Reads, Scaling, Tap

IMAGE_TOKENS, TEXT_TOKENS, REPLY, THREADS, TURNS = 576, 44, 4, 1, 7
VOCABULARY, IMAGE = 32_000, 31_999
LOW, HIGH, THRESHOLD = 0.5, 1.5, 0.4  # alpha1, alpha2 and beta of the released code
SWEEP = tuple(round(0.25 * step, 2) for step in range(11))
MB = 1_000_000
TARGETS = "Targets: maps at most 1.05 times, AdaptVis 1.15 times, a sweep of eleven alphas 1.6 times plain generation."

Inputs = dict[str, torch.Tensor]


def section() -> str:
    """Return the tables. Methods take turns, so that what else the machine does falls on all of them."""
    before = torch.get_num_threads()
    torch.set_num_threads(THREADS)
    try:
        model, inputs = random_llava(), _inputs()
        times, held = _measured(model, inputs), _held(model, inputs)
    finally:
        torch.set_num_threads(before)
    size = sum(weight.numel() for weight in model.parameters()) / 1e6
    head = (f"## Attention: maps and alphas\n\nA random LLaVA of {size:.0f} M parameters in float32, {IMAGE_TOKENS} image and "
            f"{TEXT_TOKENS} text tokens, replies of {REPLY} tokens, {THREADS} thread ({platform.machine()}). All methods take turns, "
            f"{TURNS} times. Medians of processor seconds with the quartiles; ratios are of the same turn. {TARGETS}\n")
    rows = [(name, _spread(seconds, 2), _spread(np.divide(seconds, times["plain"]), 3)) for name, seconds in times.items()]
    return "\n".join([head, markdown(("what", "processor s", "times plain"), rows),
                      markdown(("what is held for one prompt", "MB"), [(name, f"{size:.2f}") for name, size in held.items()])])


def random_llava() -> LlavaForConditionalGeneration:
    """Return a LLaVA-1.5 in small, with chance weights: speed does not read them."""
    vision = CLIPVisionConfig(hidden_size=384, intermediate_size=1536, num_hidden_layers=8, num_attention_heads=6, image_size=336,
                              patch_size=14)
    text = LlamaConfig(vocab_size=VOCABULARY, hidden_size=768, intermediate_size=2048, num_hidden_layers=12, num_attention_heads=12,
                       bos_token_id=None, eos_token_id=None, pad_token_id=0)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return LlavaForConditionalGeneration(LlavaConfig(vision_config=vision, text_config=text, image_token_id=IMAGE)).eval()


def _inputs() -> Inputs:
    generator = torch.Generator().manual_seed(0)
    text = torch.randint(VOCABULARY - 1, (1, TEXT_TOKENS), generator=generator)
    ids = torch.cat([text[:, :1], torch.full((1, IMAGE_TOKENS), IMAGE), text[:, 1:]], dim=1)
    pixels = torch.randn(1, 3, 336, 336, generator=generator)
    return {"input_ids": ids, "attention_mask": torch.ones_like(ids), "pixel_values": pixels}


def _measured(model: LlavaForConditionalGeneration, inputs: Inputs) -> dict[str, list[float]]:
    """Return the processor seconds of every turn per method, after one turn to warm up.

    Not the wall's: on a shared machine that measures who else is at work.
    """
    methods: dict[str, Callable[[], object]] = {
        "plain": lambda: _generate(model, inputs),
        "with maps of all layers": lambda: _with_maps(model, inputs),
        "AdaptVis with maps": lambda: _adaptvis(model, inputs),
        f"sweep of {len(SWEEP)} alphas with maps": lambda: Prefill(model, inputs).look(Scaling(SWEEP), Reads()),
        "AdaptVis as released: two generations": lambda: _two_generations(model, inputs),
    }
    times: dict[str, list[float]] = {name: [] for name in methods}
    for turn in range(TURNS + 1):
        for name, method in methods.items():
            start = time.process_time()
            method()
            if turn:
                times[name].append(time.process_time() - start)
    return times


def _generate(model: LlavaForConditionalGeneration, inputs: Inputs) -> torch.Tensor:
    return model.generate(**inputs, max_new_tokens=REPLY, do_sample=False, output_scores=True, return_dict_in_generate=True)


def _with_maps(model: LlavaForConditionalGeneration, inputs: Inputs) -> object:
    with Tap(model, inputs, reads=Reads(by_head=True)) as tap:
        _generate(model, inputs)
    return tap.maps()


def _adaptvis(model: LlavaForConditionalGeneration, inputs: Inputs) -> list[list[int]]:
    """Return the reply at the alpha that the confidence chooses; maps of all three come with it."""
    prefill = Prefill(model, inputs)
    look = prefill.look(Scaling((1.0, LOW, HIGH)), Reads(by_head=True))
    confidence = float(look.logits[0, 0].softmax(-1).max())
    return prefill.say(Scaling(LOW if confidence < THRESHOLD else HIGH), max_tokens=REPLY)


def _two_generations(model: LlavaForConditionalGeneration, inputs: Inputs) -> object:
    confidence = float(_generate(model, inputs).scores[0].softmax(-1).max())
    with Tap(model, inputs, Scaling(LOW if confidence < THRESHOLD else HIGH)):
        return _generate(model, inputs)


@torch.inference_mode()
def _held(model: LlavaForConditionalGeneration, inputs: Inputs) -> dict[str, float]:
    """Return the MB of what each way keeps: matrices of the library, rows of the tap."""
    model.set_attn_implementation("eager")
    matrices = sum(layer.nbytes for layer in model(**inputs, output_attentions=True, logits_to_keep=1).attentions)
    model.set_attn_implementation("sdpa")
    sizes = {"output_attentions=True, eager": matrices / MB}
    for name, reads in (("maps of every head", Reads(by_head=True)), ("maps, mean over heads", Reads())):
        with Tap(model, inputs, reads=reads) as tap:
            model(**inputs, logits_to_keep=1)
        sizes[name] = sum(part.nbytes for part in vars(tap.maps()).values() if isinstance(part, np.ndarray)) / MB
    return sizes


def _spread(values: np.ndarray | list[float], digits: int) -> str:
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    return f"{middle:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"


if __name__ == "__main__":
    print(section())
