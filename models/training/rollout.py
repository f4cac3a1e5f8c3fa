"""Episodes of many worlds at once: what a policy says is generated together, turn by turn, until every episode has ended.

A world is what gymnasium calls an environment whose actions are texts. How an episode becomes a prompt, and a reply an action, is a
system's own: two functions. Where several agents act, `info["agent"]` says who is next, and each may have a policy of its own; those
that share one are generated together. Every turn is drawn from (draw of the episode, turn): an episode is the same alone or among
others, see `models.training.generation`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from transformers import PreTrainedModel

from models.training.generation import Prompt, Reply, Sampling, generate

Info = Mapping[str, Any]  # gymnasium's: a world alone knows what is in it
End = Literal["", "terminated", "truncated", "turns"]  # "" goes on; "turns": as many as were allowed


class World(Protocol):
    """gymnasium's environment, as far as it is used."""

    def reset(self, *, seed: int) -> tuple[Any, Info]:
        """Begin an episode; return the first observation."""

    def step(self, action: str, /) -> tuple[Any, Any, bool, bool, Info]:
        """Act; return observation, reward, terminated, truncated and more."""


@dataclass(frozen=True)
class Policy:
    """A model and how its replies are drawn."""

    model: PreTrainedModel
    sampling: Sampling


@dataclass(frozen=True)
class Start:
    """What an episode begins with.

    Attributes:
        seed: of the world.    draw: of what the policy says; episodes of one start differ in it.
        group: episodes from one start have the same number.
    """

    seed: int
    draw: int
    group: int = 0


@dataclass(frozen=True)
class PlayedTurn:
    """One call of a policy and what came of it; observation and info are those before it."""

    index: int
    agent: str
    observation: Any
    info: Info
    prompt: Prompt
    reply: Reply
    action: str
    reward: float


@dataclass
class Played:
    """An episode, while it is played and afterwards: `observation` and `info` are the newest, `agent` is who acts next."""

    start: Start
    observation: Any
    info: Info
    turns: list[PlayedTurn] = field(default_factory=list)
    ended: End = ""

    @property
    def agent(self) -> str:
        return str(self.info.get("agent", ""))

    @property
    def outcomes(self) -> list[Info]:
        """What was known after every turn; a turn itself keeps what was known before it."""
        return [*(turn.info for turn in self.turns[1:]), self.info] if self.turns else []

    @property
    def rewards(self) -> list[float]:
        """Of every turn, as the world gave them."""
        return [turn.reward for turn in self.turns]


Prompting = Callable[[Played], Prompt]
Reading = Callable[[Played, Reply], str]


def play(new_world: Callable[[], World], starts: Sequence[Start], *, policies: Policy | Mapping[str, Policy], prompt_of: Prompting,
         action_of: Reading, max_turns: int) -> list[Played]:
    """Return an episode for each start, in their order; arguments are those of `rounds`."""
    return list(rounds(new_world, starts, policies=policies, prompt_of=prompt_of, action_of=action_of, max_turns=max_turns))[-1]


def rounds(new_world: Callable[[], World], starts: Sequence[Start], *, policies: Policy | Mapping[str, Policy], prompt_of: Prompting,
           action_of: Reading, max_turns: int) -> Iterator[list[Played]]:
    """Yield all episodes as they stand after the resets, and after every turn of those that have not ended; the same list each time.

    Args:
        new_world: called once per episode.
        policies: one for all, or one per agent's name.
        prompt_of: what the policy is shown, from the episode so far.
        action_of: what the world is told, from the episode so far and the reply; called once per turn.
        max_turns: of an episode, of all its agents together.
    Raises:
        KeyError: a world names an agent that has no policy.
    """
    worlds = [new_world() for _ in starts]
    episodes = [Played(start, *world.reset(seed=start.seed)) for world, start in zip(worlds, starts)]
    yield episodes
    for turn in range(max_turns):
        going = [index for index, episode in enumerate(episodes) if not episode.ended]
        if not going:
            return
        prompts = {index: prompt_of(episodes[index]) for index in going}
        by_policy: dict[int, list[int]] = {}
        chosen = {index: policies if isinstance(policies, Policy) else policies[episodes[index].agent] for index in going}
        for index in going:
            by_policy.setdefault(id(chosen[index]), []).append(index)
        for together in by_policy.values():
            policy = chosen[together[0]]
            draws = [(episodes[index].start.draw, turn) for index in together]
            replies = generate(policy.model, [prompts[index] for index in together], draws, policy.sampling)
            for index, reply in zip(together, replies):
                _act(worlds[index], episodes[index], prompts[index], reply, action_of, is_last=turn + 1 == max_turns)
        yield episodes


def _act(world: World, episode: Played, prompt: Prompt, reply: Reply, action_of: Reading, *, is_last: bool) -> None:
    action = action_of(episode, reply)
    observation, reward, terminated, truncated, info = world.step(action)
    episode.turns.append(PlayedTurn(len(episode.turns), episode.agent, episode.observation, episode.info, prompt, reply, action,
                                    float(reward)))
    episode.observation, episode.info = observation, info
    episode.ended = "terminated" if terminated else "truncated" if truncated else "turns" if is_last else ""
