"""An agent in its world: from an episode so far to a prompt, from what was said to an action, many episodes at once."""

from collections.abc import Sequence
from dataclasses import dataclass

from transformers import LlavaForConditionalGeneration, PreTrainedTokenizerFast

from models.agents.craft import Craft, Info
from models.agents.learning import pixels_of, prompt_ids
from models.agents.speech import Past, heard, summary
from models.marks import TURN_END
from models.training.generation import Prompt, Reply, Sampling
from models.training.rollout import Played, Policy, Start, play


def words_of(tokenizer: PreTrainedTokenizerFast, reply: Reply) -> str:
    """What was said, marks included."""
    return str(tokenizer.decode(list(reply.ids), skip_special_tokens=False))


@dataclass(frozen=True)
class Acting:
    """A model, what it knows of its world, and how it acts."""

    model: LlavaForConditionalGeneration
    craft: Craft
    temperature: float = 0.0
    top_p: float = 1.0

    @property
    def tokenizer(self) -> PreTrainedTokenizerFast:
        """Its words."""
        return self.craft.tokenizer

    @property
    def policy(self) -> Policy:
        """How replies are drawn."""
        stop = self.tokenizer.convert_tokens_to_ids(TURN_END)
        assert isinstance(stop, int)
        sampling = Sampling((stop,), max_tokens=self.craft.max_reply, temperature=self.temperature, top_p=self.top_p)
        return Policy(self.model, sampling)

    def prompt(self, info: Info, past: Sequence[Past]) -> Prompt:
        """What the model is shown."""
        ids = prompt_ids(self.craft, self.craft.told(info, past), has_picture=True)
        return Prompt(tuple(ids), {"pixel_values": pixels_of([self.craft.picture(info["state"])])})

    def prompt_of(self, played: Played) -> Prompt:
        """From an episode so far: the summary of its last turn alone."""
        past = []
        if played.turns:
            turn = played.turns[-1]
            said = heard(words_of(self.tokenizer, turn.reply))
            past = [summary(said, self.craft.named(said.action, turn.info), str(played.info["feedback"]))]
        return self.prompt(played.info, past)

    def action_of(self, played: Played, reply: Reply) -> str:
        """What the world is told of a reply."""
        return self.craft.done(heard(words_of(self.tokenizer, reply)), played.info)

    def play(self, seeds: Sequence[int], *, draw: int = 0, max_turns: int | None = None) -> list[Played]:
        """Episodes of these seeds, all at once; `max_turns` is the world's own without another."""
        return play(self.craft.world, [Start(seed, draw + index, index) for index, seed in enumerate(seeds)], policies=self.policy,
                    prompt_of=self.prompt_of, action_of=self.action_of, max_turns=max_turns or self.craft.max_steps)
