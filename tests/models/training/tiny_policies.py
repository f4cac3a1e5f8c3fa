"""A small world that two agents may share, and random networks of the real classes to play it.

A secret word is shown; whoever says it earns 1, else loses 0.5. An episode lasts 1 to 4 turns, by its seed. Words are token numbers.
"""

import torch
from transformers import (
    CLIPVisionConfig,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    LlavaConfig,
    LlavaForConditionalGeneration,
)

from models.training.generation import Prompt, Sampling
from models.training.rollout import Policy, Start, play

BOS, STOP, SEP, IMAGE, FIRST_WORD = 1, 2, 3, 4, 5
VOCABULARY, CONTEXT, PATCHES = 24, 96, 4
SAMPLING = Sampling(stops=(STOP,), max_tokens=6)


class Secrets:
    """gymnasium's interface; agents take turns."""

    def __init__(self, agents=("",)):
        self.agents = agents

    def reset(self, *, seed):
        self.seed, self.turn = seed, 0
        return self._secret(), self._info()

    def step(self, action):
        reward = 1.0 if str(self._secret()) in action.split() else -0.5
        self.turn += 1
        return self._secret(), reward, self.turn > self.seed % 4, False, self._info()

    def _secret(self):
        return FIRST_WORD + (self.seed * 5 + self.turn) % (VOCABULARY - FIRST_WORD)

    def _info(self):
        return {"agent": self.agents[self.turn % len(self.agents)]}


def llama(*, seed=0, layers=2, dtype=torch.float32, tied=False):
    torch.manual_seed(seed)
    config = LlamaConfig(vocab_size=VOCABULARY, hidden_size=16, intermediate_size=32, num_hidden_layers=layers, num_attention_heads=2,
                         max_position_embeddings=CONTEXT, initializer_range=0.3, pad_token_id=0, bos_token_id=BOS, eos_token_id=STOP,
                         tie_word_embeddings=tied)
    return LlamaForCausalLM(config).to(dtype).eval()


def gpt2():
    """A network whose positions are learned, each by itself: it notices where a row is padded."""
    torch.manual_seed(0)
    config = GPT2Config(vocab_size=VOCABULARY, n_embd=16, n_layer=2, n_head=2, n_positions=CONTEXT, initializer_range=0.3,
                        bos_token_id=BOS, eos_token_id=STOP, pad_token_id=0)
    return GPT2LMHeadModel(config).eval()


def llava(*, seed=0):
    """Return a LLaVA that sees pictures of 8 by 8 points as 4 tokens."""
    torch.manual_seed(seed)
    vision = CLIPVisionConfig(hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2, image_size=8,
                              patch_size=4, initializer_range=0.3)
    config = LlavaConfig(vision_config=vision, text_config=llama().config, image_token_id=IMAGE, image_seq_length=PATCHES,
                         vision_feature_layer=-1)
    return LlavaForConditionalGeneration(config).eval()


def picture(seed):
    return torch.randn(1, 3, 8, 8, generator=torch.Generator().manual_seed(seed))


def last_secret(played):
    """The secret, and a tail that grows with the turns: prompts differ in length."""
    return Prompt((BOS, played.observation, *([SEP] * (1 + len(played.turns)))))


def all_before(played):
    """Everything that was shown and said; after a turn the newest secret."""
    if not played.turns:
        return Prompt((BOS, played.observation, SEP))
    last = played.turns[-1]
    return Prompt((*last.prompt.ids, *last.reply.ids, played.observation, SEP))


def with_picture(played):
    ids = (BOS, *([IMAGE] * PATCHES), *([SEP] * (1 + len(played.turns))))
    return Prompt(ids, {"pixel_values": picture(played.observation)})


def spoken(played, reply):
    return " ".join(str(token) for token in reply.ids)


def starts(count, *, first=0):
    return [Start(seed=seed, draw=100 + seed) for seed in range(first, first + count)]


def played(model, begins, *, world=Secrets, prompt_of=last_secret, sampling=SAMPLING, max_turns=3):
    """Play with one policy, or with one per agent."""
    policies = {agent: Policy(own, sampling) for agent, own in model.items()} if isinstance(model, dict) else Policy(model, sampling)
    return play(world, begins, policies=policies, prompt_of=prompt_of, action_of=spoken, max_turns=max_turns)
