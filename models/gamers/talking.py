"""How a real language model plays: RAGEN's texts in its own chat template, its tokens as it drew them (arXiv 2504.20073, Sec. 2).

The template is asked once for a whole chat with a mark in place of the reply: what stands behind the mark is what is read between two
replies. Replies are never written as text and read as tokens again (unless `cleans` asks for it), so what is learned from is what was
drawn, and templates that strip old thoughts strip none here. A model without a template reads the same as a plain dialogue.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from models.gamers.acting import Ids, Speech, cleaned_of, forced_of
from models.gamers.words import THINK_START
from models.language import LanguageModel
from models.told import TEMPLATE_ERRORS, blaming_the_tokenizer, check_ids
from models.training.generation import Reply, Sampling
from models.training.rollout import Played
from worlds.errors import InputError
from worlds.games import texts

TOGETHER = 16  # replies at once: each holds keys and values of a whole episode
_MARK = "\ue000reply\ue000"  # private use: no template holds it
_SAID = ({"role": "user", "content": "-"}, {"role": "assistant", "content": _MARK})
_PLAIN = {"system": "", "user": "User: ", "assistant": "Player: "}
Message = dict[str, str]


@dataclass(frozen=True)
class Chat(Speech):
    """A real model.

    Attributes:
        thinks: whether its replies begin with a thought.
    """

    language: LanguageModel = field(kw_only=True)
    thinks: bool = True

    def first(self, played: Played) -> Ids:
        return self._ids(self._opened(f"{played.info['opening']}\n{self._turn(played)}"), adds_special=self._is_plain)

    def _opened(self, told: str) -> str:
        return self._begun([{"role": "system", "content": texts.SYSTEM}, {"role": "user", "content": told}])

    @property
    def _is_plain(self) -> bool:
        return not self.language.chat_template

    def between(self, played: Played, kept: Ids) -> Ids:
        outcome = played.info
        told = texts.reward(played.turns[-1].reward - outcome["penalty"]) + self._turn(played)  # what form costs is not shown
        return self._behind(self._begun([*_SAID, {"role": "user", "content": told}]), kept)

    def _behind(self, chat: str, kept: Ids) -> Ids:
        """What stands behind the marked reply of a chat, which stands there as `kept`."""
        behind = chat.rpartition(_MARK)[2]
        if kept and kept[-1] in self.language.end_ids:  # it ended its turn itself: the template's own end would be a second one
            end = str(self.language.tokenizer.decode([kept[-1]]))
            behind = behind.lstrip().removeprefix(end) if behind.lstrip().startswith(end) else behind
        return self._ids(behind)

    def cleaned(self, played: Played, number: int) -> Ids:
        ids, drawn = self._ids(cleaned_of(played, number)), played.turns[number].reply
        ends = (drawn.ids[-1],) if drawn.stopped and drawn.ids else tuple(sorted(self.language.end_ids))[:1]
        return (*ids, *ends)

    def action_of(self, played: Played, reply: Reply) -> str:
        ids = reply.ids[:-1] if reply.stopped else reply.ids
        return forced_of(str(played.info["shown"])) + str(self.language.tokenizer.decode(list(ids), skip_special_tokens=False))

    def sampling(self, max_tokens: int, temperature: float) -> Sampling:
        return Sampling(tuple(sorted(self.language.end_ids)), max_tokens=max_tokens, temperature=temperature, batch=TOGETHER,
                        tells_entropy=True)

    def shown(self, played: Played, number: int) -> str:
        before = len(played.turns[number - 1].prompt.ids) + len(self.kept(played, number - 1)) if number else 0
        return str(self.language.tokenizer.decode(list(played.turns[number].prompt.ids[before:]), skip_special_tokens=False))

    def said(self, played: Played, number: int) -> str:
        return played.turns[number].action

    def pieces(self, ids: Sequence[int]) -> tuple[str, ...]:
        return tuple(self.language.piece(token) for token in ids)

    @cached_property
    def header(self) -> int:
        asked: list[Message] = [{"role": "user", "content": "-"}]
        whole, bare = self._begun(asked), self._rendered(asked, begins=False)
        # a template that always begins a reply does not tell with what: the mark is the token before what was forced
        is_told = self._rendered(asked, begins=True) != bare
        return len(self._ids(whole.removeprefix(bare))) + (not is_told)

    def begins(self, played: Played) -> int:
        opening = str(played.info["opening"])
        before, _, between = self._opened(opening).partition(opening)[0].rpartition(texts.SYSTEM)
        is_own = between != "\n"  # else the system prompt stands in the user's message: the template knows no such role
        start = len(self._ids(before + texts.SYSTEM, adds_special=self._is_plain)) if is_own else 0
        ids, (_, mark) = played.turns[0].prompt.ids, self._closing(())
        return 1 + (ids.index(mark, start) if mark in ids[start:] else start)

    def behind(self, kept: Ids) -> int:
        return self._closing(kept)[0] + 1

    def _closing(self, kept: Ids) -> tuple[int, int]:
        """How many tokens close a reply, and the mark that begins the user's message behind it."""
        closes = self._behind(self._rendered(_SAID, begins=False), kept)
        follows = self._behind(self._rendered([*_SAID, {"role": "user", "content": "-"}], begins=False), kept)
        same = next((place for place, pair in enumerate(zip(closes, follows)) if len(set(pair)) > 1), min(len(closes), len(follows)))
        return same, follows[same] if same < len(follows) else -1

    def length(self, text: str) -> int:
        return len(self._ids(text))

    @property
    def room(self) -> int:
        return self.language.max_tokens

    def most_between(self, played: Played) -> int:
        return len(self._ids(self._turn(played) + texts.reward(-0.1)))

    def _turn(self, played: Played) -> str:
        info = played.info
        return texts.turn(len(played.turns) + 1, info["written"], left=info["left"], thinks=self.thinks)

    def _begun(self, messages: Sequence[Message]) -> str:
        """A chat up to where the player goes on, with the beginning of its reply."""
        text, forced = self._rendered(messages, begins=True), forced_of(THINK_START if self.thinks else "")
        return text if text.rstrip().endswith(forced) else text + forced  # some templates open a thought by themselves

    def _rendered(self, messages: Sequence[Message], *, begins: bool) -> str:
        if not self.language.chat_template:
            lines = [f"{_PLAIN[one['role']]}{one['content']}\n\n" for one in messages]
            return "".join(lines) + (_PLAIN["assistant"] if begins else "")
        folded = [*messages]
        if folded[0]["role"] == "system":  # for templates that know no such role
            folded = [{"role": "user", "content": f"{messages[0]['content']}\n{messages[1]['content']}"}, *messages[2:]]
        for said in (messages, folded):
            if (text := self._templated(said, begins)) and all(one["content"].strip() in text for one in said):
                return text
        raise InputError("This model's chat template changes or drops what is said to it. Choose another model.")

    def _templated(self, messages: Sequence[Message], begins: bool) -> str:
        given: Any = list(messages)  # Any: transformers' type of a message has no contents of other kinds
        try:
            return str(self.language.tokenizer.apply_chat_template(given, tokenize=False, add_generation_prompt=begins,
                                                                   chat_template=self.language.chat_template))
        except TEMPLATE_ERRORS:
            return ""

    def _ids(self, text: str, *, adds_special: bool = False) -> Ids:
        with blaming_the_tokenizer():
            ids = self.language.tokenizer(text, add_special_tokens=adds_special, verbose=False)["input_ids"]
        check_ids(ids, self.language.model)
        return tuple(ids)
