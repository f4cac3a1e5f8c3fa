"""RAGEN's evaluation as JSON lines (RAGEN-2): one conversation per line, bare states as the user's messages, and metadata.

Three things in it are not what they seem. `success` in the metadata is looked up under a name that nothing writes, and is always
false: `<tag>/success` is what happened. "(reward: x)" behind a user's message is the reward of that very turn, not of the one before
it; one of 0 is left out, and the first turn's is never written. And `total_reward` holds the penalties of the form too. The pickle
that it is made from (val_rollouts_*.pkl) is not read: opening one runs what is in it. Source: RAGEN 20daedc, convert_to_jsonl.py.
"""

import re
from collections.abc import Sequence

from backends.episode import MAX_TURNS, Episode, Turn
from backends.files.logs import Notes, flag, number, reported, said, whole
from backends.files.objects import Span
from backends.files.rows import Row
from backends.ragen.formats.history import tagged_success
from backends.ragen.formats.naming import iteration_of
from backends.ragen.formats.turns import actions_of, paid, rules_of, state_of, turn_of, with_penalties, within
from backends.ragen.rollouts import ENVIRONMENT, FORMAT, MIXED_FIRST, Entry, Rollout

_REWARD = re.compile(r"\(reward:[ \t]{0,8}([-+.\w]{1,40})\)$", re.IGNORECASE)
_MEMBER = re.compile(r"traj_(\d{1,9})$")


def is_conversation(row: Row) -> bool:
    return isinstance(row.get("messages"), list) and ("metadata" in row or "custom_id" in row)


def _metadata(row: Row) -> Row:
    metadata = row.get("metadata")
    return metadata if isinstance(metadata, dict) else {}


def entry_of(row: Row, span: Span, name: str) -> Entry:
    """Return the light entry of one conversation."""
    metadata = _metadata(row)
    replies = [message for message in _messages(row) if message.get("role") == "assistant"]
    member = whole(metadata.get("env_id"))
    named = _MEMBER.match(said(row.get("custom_id"), 80))
    tag = next((key.partition("/")[0] for key in metadata if isinstance(key, str) and key.endswith("/success")), "")
    success = tagged_success(metadata)
    told = flag(metadata.get("success"))
    return Entry("evaluation", name, *span, iteration=iteration_of(metadata, name), group=whole(metadata.get("group_id")),
                 member=int(named[1]) if member is None and named else member, tag=said(tag or metadata.get("tag"), 80),
                 score=number(metadata.get("total_reward")), success=told or None if success is None else success,
                 turns=len(replies), is_empty=not any(said(reply.get("content")).strip() for reply in replies))


def _messages(row: Row) -> list[Row]:
    messages = row.get("messages")
    return [message for message in messages if isinstance(message, dict)] if isinstance(messages, list) else []


def read_conversation(entry: Entry, row: Row) -> Rollout:
    """Return one conversation whole."""
    notes = Notes()
    pairs, final = _paired(_messages(row))
    if len(pairs) > MAX_TURNS:
        notes.add(f"The conversation has {len(pairs):,} replies. The first {MAX_TURNS:,} are shown.")
    turns = _with_first(_turns(pairs[:MAX_TURNS], entry.tag), entry.score if len(pairs) <= MAX_TURNS else None, notes)
    turns = tuple(within(turns, notes))
    if flag(_metadata(row).get("success")) is False and entry.success:
        notes.add(f"The file's `success` is false for every rollout: {entry.tag}/success counts.")
    episode = Episode(world=entry.tag, number=entry.member, group="" if entry.group is None else str(entry.group), source="uploaded",
                      layout=entry.layout, turns=turns, success=entry.success, reported=reported(_metadata(row)), notes=notes.all())
    return Rollout(iteration=entry.iteration, group=entry.group, member=entry.member, tag=entry.tag, score=entry.score,
                   final=state_of(_parted(final)[0]) if final else None, episode=episode)


def _paired(messages: Sequence[Row]) -> tuple[list[tuple[str, str]], str]:
    """Return (what the user said, the reply) of each turn, and what was said after the last."""
    found: list[tuple[str, str]] = []
    told: list[str] = []
    for message in messages:
        content = said(message.get("content"))
        if message.get("role") == "assistant":
            found.append(("\n".join(told), content))
            told = []
        elif message.get("role") == "user":
            told.append(content)
    return found, "\n".join(told)


def _turns(pairs: Sequence[tuple[str, str]], tag: str) -> list[Turn]:
    rules = rules_of(actions_of(tag), [reply for _, reply in pairs])
    found = []
    for index, (seen, reply) in enumerate(pairs):
        state, reward = _parted(seen)
        reward = 0.0 if reward is None and index else reward
        found.append(turn_of(index, rules, reply, state=state_of(state), rewards=paid(reward)))
    is_valid = rules.names is not None and all(turn.planned and all(one.id for one in turn.planned) for turn in found)
    return list(with_penalties(found, rules, 0.0, Notes())) if is_valid else found  # else how many names were cut would matter


def _parted(seen: str) -> tuple[str, float | None]:
    """Return a user's message without the reward that stands behind it, and that reward."""
    match = _REWARD.search(seen.rstrip())
    return (seen[:match.start()].rstrip(), number(match[1])) if match else (seen, None)


def _with_first(turns: list[Turn], total: float | None, notes: Notes) -> tuple[Turn, ...]:
    """Return the turns with the first one's reward: it is what the others leave of the total, which holds the penalties too."""
    if not turns or total is None or ENVIRONMENT in turns[0].rewards:
        return tuple(turns)
    rest = round(total - sum(turn.rewards[ENVIRONMENT] for turn in turns[1:]), 9)
    first = turns[0].rewards
    if FORMAT in first:
        notes.add("The first turn's reward is not in the file: it is what the others leave of the total.")
    else:
        notes.add("The first turn's reward is not in the file: what the others leave of the total is that reward and all penalties "
                  "together.")
    term = paid(rest) if FORMAT in first else {MIXED_FIRST: rest}
    return (turns[0].model_copy(update={"rewards": {**first, **term}}), *turns[1:])
