"""How fast episodes are played and learned from: replies of small random networks, and one iteration of PPO, in processor seconds."""

import platform
import time

import torch
from transformers import (
    CLIPVisionConfig,
    LlamaConfig,
    LlamaForCausalLM,
    LlavaConfig,
    LlavaForConditionalGeneration,
    PreTrainedModel,
)

from benchmarks.tables import markdown
from models.training.critic import Critic
from models.training.generation import Prompt, Reply, Sampling, generate
from models.training.optimising import Recipe
from models.training.policy import PolicyTraining
from models.training.rollout import Played, PlayedTurn, Start
from models.training.samples import turn_samples

VOCABULARY, IMAGE, PATCHES, SIDE = 256, 4, 9, 48
PROMPT, REPLY, EPISODES, TURNS = 30, 35, 32, 10
BATCHES = (1, 16, 64)
TEXT = LlamaConfig(vocab_size=VOCABULARY, hidden_size=128, intermediate_size=344, num_hidden_layers=4, num_attention_heads=4,
                   max_position_embeddings=192, tie_word_embeddings=False)
VISION = CLIPVisionConfig(hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=2, image_size=SIDE,
                          patch_size=16)


def section() -> str:
    """Return the table."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        rows = [row for name, model in networks().items() for row in _rows(name, model)]
    finally:
        torch.set_num_threads(before)
    head = (f"## Playing and learning turns\n\nRandom networks with {VOCABULARY} words, prompts of {PROMPT} tokens and replies of "
            f"{REPLY}; the one that sees has {PATCHES} of its tokens from a picture of {SIDE} by {SIDE} points. One thread "
            f"({platform.machine()}), processor seconds. An update learns once from {EPISODES * TURNS} turns: values of all, then "
            "actor and critic in mini-batches of 64.\n")
    return "\n".join([head, markdown(("network", "parameters", "what", "turns", "processor s", "turns per s"), rows)])


def networks() -> dict[str, PreTrainedModel]:
    """Return a network that reads, and one that sees as well."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        seeing = LlavaConfig(vision_config=VISION, text_config=TEXT, image_token_id=IMAGE, vision_feature_layer=-1)
        return {"Llama": LlamaForCausalLM(TEXT).eval(), "LLaVA": LlavaForConditionalGeneration(seeing).eval()}


def prompts(model: PreTrainedModel, count: int) -> list[Prompt]:
    """Return prompts of the usual length, a little apart, with a picture where the network sees."""
    generator, made = torch.Generator().manual_seed(0), []
    for index in range(count):
        words = torch.randint(5, VOCABULARY, (PROMPT - index % 4,), generator=generator).tolist()
        if isinstance(model, LlavaForConditionalGeneration):
            words[1:1 + PATCHES] = [IMAGE] * PATCHES
            made.append(Prompt(tuple(words), {"pixel_values": torch.randn(1, 3, SIDE, SIDE, generator=generator)}))
        else:
            made.append(Prompt(tuple(words)))
    return made


def _rows(name: str, model: PreTrainedModel) -> list[tuple[object, ...]]:
    size, rows = f"{sum(weight.numel() for weight in model.parameters()) / 1e6:.2f} M", []
    replies: list[Reply] = []
    shown = prompts(model, EPISODES * TURNS)
    for batch in BATCHES:
        part = shown[:min(len(shown), 5 * batch)]
        draws = [(index, 0) for index in range(len(part))]
        generate(model, part[:batch], draws[:batch], Sampling((), 4, batch=batch))  # what is done once only
        start = time.process_time()
        replies = generate(model, part, draws, Sampling((), REPLY, batch=batch))
        rows.append(_row(name, size, f"replies, {batch} at once", len(part), time.process_time() - start))
    turns = [PlayedTurn(index % TURNS, "", None, {}, prompt, reply, "", float(index % 3))
             for index, (prompt, reply) in enumerate(zip(shown, replies, strict=True))]
    episodes = [Played(Start(0, 0), None, {}, turns[at:at + TURNS]) for at in range(0, len(turns), TURNS)]
    training = PolicyTraining(model, Recipe(critic_only=0), critic=Critic.beside(model))
    start = time.process_time()
    lessons = training.appraise(turn_samples(episodes), [episode.rewards for episode in episodes])
    list(training.learn(lessons))
    return [*rows, _row(name, size, "update, turn by turn", len(turns), time.process_time() - start)]


def _row(name: str, size: str, what: str, turns: int, seconds: float) -> tuple[object, ...]:
    return name, size, what, turns, f"{seconds:.2f}", f"{turns / seconds:.0f}"
