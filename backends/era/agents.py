"""Who can act in the miniature worlds: a script that sees everything, and models, which need torch: those that were trained here, and
those of the ladder."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from backends.earlier import earlier, read
from backends.episode import Turn
from backends.era import table_expert
from backends.era.environments import World
from backends.era.playing import Info, Player, Said, acted, past_turns
from backends.era.practising import LEARNER, begins_as, shipped
from backends.era.results import EraResult
from backends.era.settings import EraSettings
from backends.run import Inputs
from models.agents.home.speech import thought_of
from models.agents.speech import Past, heard, reply, told
from models.marks import PARTS
from worlds.minihome.expert import next_skill
from worlds.minihome.goals import is_done

if TYPE_CHECKING:
    from models.agents.acting import Acting

POSITIONS = 512  # of the network, for a prompt and a reply


@contextmanager
def acting(settings: EraSettings, inputs: Inputs) -> Iterator[Player]:
    """The player that some settings name, as long as it is needed.

    Raises:
        InputError: its model is not here.
    """
    if settings.agent == "expert":
        yield Player("expert", "expert", lambda info, turns: _EXPERTS[settings.world](settings, info, turns))
        return
    if settings.agent == "model":
        from backends.era.ladder import modelled

        with modelled(settings) as player:
            yield player
        return
    name = begins_as(settings)
    with shipped(settings.world, name) as agent:
        if settings.agent == "own":
            _, folder = earlier(settings.continues, inputs, EraResult, learner=LEARNER)
            agent, name = replace(agent, model=read(folder, agent.model)), f"{name}, trained here"
        acts = replace(agent, temperature=settings.temperature)
        yield Player(name, "model", lambda info, turns: _trained(acts, settings, info, turns))


def _expert(settings: EraSettings, info: Info, turns: tuple[Turn, ...]) -> Said:
    """What a script does that sees everything, and what an agent would think there."""
    state = info["state"]
    # what went wrong by itself may have met the goal, which the home sees with the next action
    skill = next_skill(state) or (f"find a {state['at']}" if is_done(state) else None)
    thought = thought_of(info["state"], failed=_failed(turns))
    words = told(info["instruction"], _past(settings, turns))
    return Said(skill, words, reply(skill or "", thought), " ".join(text for _, text in thought.parts), thought.parts, skill or "",
                "ok" if skill else "empty")


_EXPERTS: dict[World, Callable[[EraSettings, Info, tuple[Turn, ...]], Said]] = {"home": _expert, "table": table_expert.said}


def _trained(agent: "Acting", settings: EraSettings, info: Info, turns: tuple[Turn, ...]) -> Said:
    """What the model says; of a memory that is too long for it, the newest that fits."""
    from models.agents.acting import words_of
    from models.training.generation import generate

    past = _past(settings, turns)
    while len((prompt := agent.prompt(info, past)).ids) + agent.craft.max_reply > POSITIONS and past:
        past = past[1:]
    (said,) = generate(agent.model, [prompt], [(settings.seed, len(acted(turns)))], agent.policy.sampling)
    text = words_of(agent.tokenizer, said)
    taken = heard(text)
    skill = agent.craft.meant(taken.action, info)
    return Said(skill, agent.craft.told(info, past), text, " ".join(taken.thought.values()), tuple(taken.thought.items()),
                taken.action, "ok" if taken.is_whole and skill else "failed")


def _past(settings: EraSettings, turns: tuple[Turn, ...]) -> list[Past]:
    chosen, parts = past_turns(settings, turns)
    return [Past(tuple((label, turn.sections[label]) for label in PARTS if label in parts and label in turn.sections),
                 turn.actions[-1].name, turn.actions[-1].feedback) for turn in chosen]


def _failed(turns: tuple[Turn, ...]) -> bool:
    done = acted(turns)
    return bool(done) and done[-1].actions[-1].ok is False
