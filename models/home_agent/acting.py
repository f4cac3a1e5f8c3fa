"""The agent in a home: from an episode so far to a prompt, from what was said to an action, many homes at once."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from transformers import LlavaForConditionalGeneration, PreTrainedTokenizerFast

from models.home_agent.learning import pixels_of, prompt_ids
from models.home_agent.speech import Past, told
from models.marks import ACTION_END, ACTION_START, PARTS, THINK_END, THINK_START, TURN_END
from models.training.generation import Prompt, Reply, Sampling
from models.training.rollout import Played, Policy, Start, play
from worlds.minihome.env import MAX_STEPS, MiniHome

MAX_REPLY = 96  # tokens; the longest thought of an expert has 79
_PART = re.compile("|".join(f"{re.escape(label)}:" for label in PARTS))
_NEVER = "nothing that can be done"  # what stands for a reply without an action: no skill is called so


@dataclass(frozen=True)
class Heard:
    """A reply taken apart.

    Attributes:
        thought: its parts that are there, by label, in their order.
        action: between its marks, spelled as the vocabulary spells it; empty where there is none.
        is_whole: whether thought and action stand between their marks, and the turn is ended.
    """

    thought: Mapping[str, str]
    action: str
    is_whole: bool


def heard(text: str) -> Heard:
    """Take a reply apart, whatever it is."""
    inner = _between(text, THINK_START, THINK_END)
    found = list(_PART.finditer(inner))
    ends = [match.start() for match in found[1:]] + [len(inner)]
    thought = {match.group()[:-1]: _readable(inner[match.end():end]) for match, end in zip(found, ends)}
    action = " ".join(_between(text, ACTION_START, ACTION_END).split())
    is_thought_whole = THINK_START not in text or THINK_END in text
    return Heard(thought, action, bool(action) and is_thought_whole and text.rstrip().endswith(TURN_END))


def _readable(text: str) -> str:
    """Words of the vocabulary as a person writes them; it takes both for the same."""
    return re.sub(r" (?=[.,:;])| (?=_ [0-9])|(?<=_) (?=[0-9])", "", " ".join(text.split()))


def _between(text: str, start: str, end: str) -> str:
    _, is_there, rest = text.partition(start)
    inner, is_closed, _ = rest.partition(end)
    return inner if is_there and is_closed else ""


def spelled(name: str) -> str:
    """A skill as the vocabulary spells it: 'find a Mug_2' is 'find a mug _ 2'."""
    return " ".join(re.findall(r"[a-z]+|[0-9]|[^\sa-z0-9]", name.lower()))


def skill_of(action: str, skills: Sequence[str]) -> str | None:
    """The skill of a scene that an action names, or None."""
    known = {spelled(name): name for name in skills}
    return known.get(spelled(action))


def words_of(tokenizer: PreTrainedTokenizerFast, reply: Reply) -> str:
    """What was said, marks included."""
    return str(tokenizer.decode(list(reply.ids), skip_special_tokens=False))


def summary(said: Heard, action: str, feedback: str) -> Past:
    """What ERA's training keeps of a turn: reflection and plan, the action, and what came of it."""
    return Past(tuple((label, said.thought[label]) for label in PARTS[1:] if label in said.thought), action, feedback)


@dataclass(frozen=True)
class Acting:
    """A model, its words, and how it acts."""

    model: LlavaForConditionalGeneration
    tokenizer: PreTrainedTokenizerFast
    temperature: float = 0.0
    top_p: float = 1.0

    @property
    def policy(self) -> Policy:
        """How replies are drawn."""
        stop = self.tokenizer.convert_tokens_to_ids(TURN_END)
        assert isinstance(stop, int)
        return Policy(self.model, Sampling((stop,), max_tokens=MAX_REPLY, temperature=self.temperature, top_p=self.top_p))

    def prompt(self, instruction: str, past: Sequence[Past], state: object) -> Prompt:
        """What the model is shown."""
        ids = prompt_ids(self.tokenizer, told(instruction, past), has_picture=True)
        return Prompt(tuple(ids), {"pixel_values": pixels_of([state])})  # type: ignore[list-item]  # of the world's own info

    def prompt_of(self, played: Played) -> Prompt:
        """From an episode so far: the summary of its last turn alone."""
        past = []
        if played.turns:
            turn = played.turns[-1]
            past = [summary(heard(words_of(self.tokenizer, turn.reply)), turn.action, str(played.info["feedback"]))]
        return self.prompt(str(played.info["instruction"]), past, played.info["state"])

    def action_of(self, played: Played, reply: Reply) -> str:
        """The skill that a reply names; what names none is no skill of any scene, and counts as invalid."""
        return skill_of(heard(words_of(self.tokenizer, reply)).action, played.info["skills"]) or _NEVER

    def play(self, seeds: Sequence[int], *, draw: int = 0, max_turns: int = MAX_STEPS) -> list[Played]:
        """Episodes in the homes of these seeds, all at once."""
        return play(MiniHome, [Start(seed, draw + index, index) for index, seed in enumerate(seeds)], policies=self.policy,
                    prompt_of=self.prompt_of, action_of=self.action_of, max_turns=max_turns)
