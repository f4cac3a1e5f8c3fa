"""What a vision-language model is told before it acts: as EmbodiedBench asks, or as ERA does.

Both say the same things in the same order as the released prompts (arXiv 2502.09560, 2510.12693); the words are Orrery's own.
EmbodiedBench wants a plan of several actions as JSON and repeats every action so far with its feedback. ERA wants one thought and
one action between special tokens, and is given what a context policy keeps of the turns before.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from backends.episode import Action
from models.marks import ACTION_END, ACTION_START, PARTS, THINK_END, THINK_START, TURN_END

Style = Literal["benchmark", "era"]
MOST_ACTIONS = 20  # of one plan
IMAGE = "<image>"


@dataclass(frozen=True)
class Briefing:
    """What an agent has to know of a world before it sees it.

    Attributes:
        role: who it is, in a sentence.
        rules: when each kind of action is valid, one sentence each.
        skills: every action by its id, in order.
        examples: of instructions and replies, for the benchmark's prompt alone.
        has_eyes: whether it is shown a picture.
    """

    role: str
    rules: tuple[str, ...]
    skills: tuple[str, ...]
    examples: tuple[str, ...] = ()
    has_eyes: bool = True


def benchmark(briefing: Briefing, instruction: str, done: Sequence[Action]) -> str:
    """The whole prompt of a turn in EmbodiedBench's style: it is made anew for every turn, with every action so far."""
    parts = [briefing.role, *_known(briefing)]
    if briefing.examples:
        parts.append("Examples\n" + "\n\n".join(briefing.examples))
    parts.append("Guidelines\n" + "\n".join(f"{number}. {rule}" for number, rule in enumerate(_GUIDELINES, 1)))
    parts.append(f"The instruction: {instruction}")
    if done:
        parts.append("What was done so far\n" + "\n".join(
            f"Step {number}, action id {action.id}, {action.name}, env feedback: {action.feedback}"
            for number, action in enumerate(done, 1)))
    parts.append(request('a list of {"action_id": number, "action_name": text}', has_eyes=briefing.has_eyes))
    return "\n\n".join(parts)


def era_system(briefing: Briefing) -> str:
    """ERA's system message: rules and skills without examples, and how a reply is written."""
    return "\n\n".join([briefing.role, *_known(briefing), era_request("[id, 'name']")])


def era_request(action: str) -> str:
    """How ERA wants to be answered.

    Args:
        action: how one is written.
    """
    labels = ", ".join(f"{part}:" for part in PARTS)
    return (f"First think between {THINK_START} and {THINK_END}, in three parts that begin with {labels}. Then give one "
            f"action as {action} between {ACTION_START} and {ACTION_END}, and end with {TURN_END}.")


def era_user(instruction: str, history: str, *, has_eyes: bool = True, additional: str = "") -> str:
    """ERA's message of a turn.

    Args:
        history: of `context.history`.
        additional: coordinates of objects, where the world gives them.
    """
    lines = [IMAGE] if has_eyes else []
    lines += [f"instruction: {instruction}", f"interaction_history: {history}"]
    lines += [f"additional_info: {additional}"] if additional else []
    return "\n".join([*lines, "Think about what to do next, and then act."])


def _known(briefing: Briefing) -> list[str]:
    """The rules and the numbered skills, which both styles have."""
    return ["When an action is valid\n" + "\n".join(f"- {rule}" for rule in briefing.rules),
            "The actions\n" + "\n".join(f"action id {number}: {name}" for number, name in enumerate(briefing.skills))]


_GUIDELINES = (
    f"A plan has at most {MOST_ACTIONS} actions.",
    "Find a thing before you do something with it.",
    "An action's name must be the one that belongs to its id.",
    "Put a thing down rather than drop it.",
    "Do not repeat a row of actions that failed.",
    "Things of which there are several are told apart by _2, _3 and so on.",
    "Use the feedback of what was done to mend the plan.")


def request(plan: str, *, has_eyes: bool) -> str:
    """How EmbodiedBench wants to be answered.

    Args:
        plan: what an executable plan is.
    """
    fields = ["visual_state_description: what is seen now"] if has_eyes else []
    fields += ["reasoning_and_reflection: what was done and came of it, and why the last plan failed if it did",
               "language_plan: the steps in words, numbered",
               f"executable_plan: {plan}"]
    return "Answer with one JSON object that has these fields, in this order.\n" + "\n".join(f"- {field}" for field in fields)
