"""A whole episode as one text, as W&B's tables and verl's dumps keep it: a chat whose role words stand on lines of their own.

    system ... user ... Turn 1: State: <grid> You have 10 actions left. ... assistant <think>..</think><answer>..</answer>
    user Reward: 0.0 Turn 2: ...

A user's part holds the reward of the turn before it and the state of the next. The reward of the last turn is not in the text: it is
what the score leaves when all that is shown is taken off, together with the penalties, where those cannot be told from the replies.
Source: RAGEN's ctx_manager.py and utils.py. A reply that writes a line `user` by itself cannot be told from the end of a part. Where
the role words are lost, the game speaks from a line `Reward:`, `Turn 2:` or `State:` behind an answer on.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from backends.episode import MAX_TURNS, Turn
from backends.files.logs import Notes, number, said
from backends.ragen.formats.turns import Rules, actions_of, paid, rules_of, state_of, stepped, turn_of, with_penalties, within
from backends.ragen.rollouts import FORMAT, MIXED

_ROLE = re.compile(r"^[ \t]*(system|user|assistant)[ \t]*$", re.MULTILINE)
_CHAT = re.compile(r"<\|(?:im_start|im_end|endoftext)\|>")
# the blanks are bounded: as many as there are could be tried in pairs
_REWARD = re.compile(r"^[ \t]*Reward:[ \t]{0,9}\n?[ \t]{0,9}(\S{1,40})", re.MULTILINE)
_TURN = re.compile(r"^[ \t]*(?:Turn (\d{1,6}):[ \t]*\n[ \t]*)?State:[ \t]*\n", re.MULTILINE)  # some forks do not count
_BUDGET = re.compile(r"You can make up to (\d{1,9}) actions?")
_LEFT = re.compile(r"^[ \t]*You have (\d{1,9}) actions? left", re.MULTILINE)
_GAME_SPEAKS = re.compile(r"^[ \t]*(?:Reward:|Turn \d{1,6}:|State:)", re.MULTILINE)
_REPLY = re.compile(r"^[ \t]*<(?:think|answer|ans)>", re.MULTILINE)
_ANSWERED = re.compile(r"</(?:answer|ans)>")
_LISTED = re.compile(r"available actions are:?\s*([^\n]{1,500})", re.IGNORECASE)
_WORDS = re.compile(r"[A-Za-z][\w -]{0,40}$")
_GAMES = ("FrozenLake", "Sokoban", "Bandit", "WebShop", "Countdown")
_LOOKED_AT = 3_000  # characters in which a game's name is looked for


@dataclass(frozen=True)
class Part:
    """What one of a chat said."""

    role: str
    text: str


@dataclass(frozen=True)
class Heard:
    """One reply and what the agent was told before it."""

    prompt: str
    reply: str
    state: str = ""
    left: int | None = None
    number: int | None = None  # of the turn, as the text counts
    reward_before: float | None = None  # of the turn before it


def parts_of(text: str) -> list[Part]:
    """Return the parts of a chat; what stands before the first role is a user's."""
    plain = _CHAT.sub("\n" if "<|im_start|>" in text else "", text)
    marks = []
    for mark in _ROLE.finditer(plain):
        marks.append(mark)
        if len(marks) > 2 * MAX_TURNS + 2:
            break
    before = plain[:marks[0].start() if marks else len(plain)].strip()
    return [*([Part("user", before)] if before else []),
            *(Part(mark[1], plain[mark.end():end].strip("\n"))
              for mark, end in zip(marks, [*(other.start() for other in marks[1:]), len(plain)]))]


def spoken_in(text: str) -> list[Part]:
    """Return the parts of a text that begins with a reply: by its role words, else where the game speaks behind an answer."""
    parts = parts_of(f"assistant\n{text}")
    return parts if len(parts) > 1 else _without_roles(text)


def _without_roles(text: str) -> list[Part]:
    parts: list[Part] = []
    start = 0
    while len(parts) < 2 * MAX_TURNS + 2:
        answered = _ANSWERED.search(text, start)
        told = _GAME_SPEAKS.search(text, answered.end()) if answered else None
        if told is None:
            break
        reply = _REPLY.search(text, told.end())
        end = reply.start() if reply else len(text)
        parts += [Part("assistant", text[start:told.start()].strip("\n")), Part("user", text[told.start():end].strip("\n"))]
        start = end
    return [*parts, Part("assistant", text[start:].strip("\n"))]


def game_in(text: str) -> str:
    """Return the game that a chat's beginning names; empty where it names none of RAGEN's."""
    start = text[:_LOOKED_AT].lower().replace(" ", "")
    return next((game for game in _GAMES if game.lower() in start), "")


def heard(parts: Sequence[Part]) -> tuple[list[Heard], float | None]:
    """Return every reply of a chat, and the reward that stands after the last one, where there is one."""
    found: list[Heard] = []
    told: list[str] = []
    for part in parts:
        if part.role != "assistant":
            told.append(part.text)
            continue
        if not part.text.strip():
            continue  # what a prompt ends with
        before = "\n\n".join(told)
        state, left, count = _state(before)
        found.append(Heard(said(before), part.text.strip(), state, left, count, _reward(before) if found else None))
        told = []
    return found, _reward("\n".join(told)) if found else None


def _state(prompt: str) -> tuple[str, int | None, int | None]:
    """Return the state, the actions left and the number of the turn that a prompt tells last."""
    marks = list(_TURN.finditer(prompt))
    if not marks:
        return "", None, None
    start = marks[-1].end()
    end = _LEFT.search(prompt, start)
    state = said(prompt[start:end.start() if end else len(prompt)].strip("\n"))
    return state, int(end[1]) if end else None, int(marks[-1][1]) if marks[-1][1] else None


def _reward(prompt: str) -> float | None:
    match = _REWARD.search(prompt)
    return number(match[1]) if match else None


def names_in(prompt: str) -> Mapping[str, str] | None:
    """Return the actions that a prompt lists, numbered from 1 as upstream numbers them; None where it lists none."""
    match = _LISTED.search(prompt)
    names = [name.strip(" .") for name in match[1].split(",")] if match else []
    return {str(place): name for place, name in enumerate(names, 1)} if names and all(map(_WORDS.match, names)) else None


def read_chat(spoken: Sequence[Heard], last: float | None, *, tag: str, score: float | None, notes: Notes) -> tuple[Turn, ...]:
    """Return the turns of a chat.

    Args:
        last: the reward after the last reply, where the text has one.
        score: of the whole episode, rewards and penalties; from it the last reward is found.
    """
    if len(spoken) > MAX_TURNS:
        notes.add(f"The text has {len(spoken):,} replies. The first {MAX_TURNS:,} are shown.")
        spoken, last, score = spoken[:MAX_TURNS], spoken[MAX_TURNS].reward_before, None
    if not spoken:
        return ()
    rules = rules_of(names_in(spoken[0].prompt) or actions_of(tag), [one.reply for one in spoken])
    rewards = [*(one.reward_before for one in spoken[1:]), last]
    lefts = [*(one.left for one in spoken[1:]), None]
    turns = [turn_of(index, rules, one.reply, state=state_of(one.state, one.left), prompt=one.prompt, rewards=paid(reward),
                     carried_out=one.left - left if one.left is not None and left is not None and left <= one.left else None)
             for index, (one, reward, left) in enumerate(zip(spoken, rewards, lefts))]
    turns = list(with_penalties(turns, rules, None, notes))
    return tuple(within(stepped(_with_last(turns, spoken, score, rules, notes)), notes))


def _with_last(turns: list[Turn], spoken: Sequence[Heard], score: float | None, rules: Rules, notes: Notes) -> list[Turn]:
    """Return the turns with the last one's reward, which a text leaves out: it is the rest of the score."""
    if _begins_later(spoken[0]):
        notes.add("The text begins in the middle of its episode: the turns before it, and the last turn's reward, are not known.")
        return turns
    shown = [turn.rewards for turn in turns[:-1]]
    if score is None or not all(set(rewards) - {FORMAT} for rewards in shown) or set(turns[-1].rewards) - {FORMAT}:
        return turns
    rest = score - sum(sum(rewards.values()) for rewards in shown) - turns[-1].rewards.get(FORMAT, 0.0)
    is_apart = all(FORMAT in turn.rewards for turn in turns)
    if is_apart:
        notes.add("The last turn's reward is not in the text: it is what the score leaves.")
    else:
        notes.add("The last turn's reward is not in the text: what the score leaves is that reward and all penalties together.")
    term = paid(round(rest, 9)) if is_apart else {MIXED: round(rest, 9)}
    return [*turns[:-1], turns[-1].model_copy(update={"rewards": {**turns[-1].rewards, **term}})]


def _begins_later(first: Heard) -> bool:
    """Return whether a text has the last turns alone, as under `max_context_window`: upstream counts them from 1 again, and then only
    the actions that are left tell."""
    budget = _BUDGET.search(first.prompt)
    return (first.number or 1) > 1 or (budget is not None and first.left is not None and first.left < int(budget[1]))
