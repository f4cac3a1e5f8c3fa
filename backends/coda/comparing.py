"""Decoders side by side on the same prompts, one token of each at a time."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from backends.coda.choices import MaskMode
from backends.coda.decode import CONTRASTS, Listed, Pair, Step, decode, decode_redetecting
from backends.coda.detect import Detecting, Detection, Scored, detect
from backends.coda.facts import Fact, facts_of, rare_prompts
from backends.coda.masking import Candidates, candidates, found_in
from backends.coda.results import Asked, Found, Masked, TopToken, Written, WrittenToken
from backends.coda.settings import CodaSettings
from backends.coda.wiring import decoding_of, detecting_of
from backends.run import Progress
from models.language import LanguageModel, Prompt
from models.reading import Row
from worlds.errors import InputError
from worlds.overshadowing import Corpus

TOP = 12  # tokens kept per step and list
MASK_SIGN = "▢"


@dataclass
class _Answer:
    """An answer that is being written."""

    method: str
    steps: Iterator[Step]
    ids: list[int] = field(default_factory=list)
    tokens: list[WrittenToken] = field(default_factory=list)  # made once each: the answers so far are shown after every token
    is_over: bool = False

    def advance(self) -> None:
        step = next(self.steps, None)
        if step is None:
            self.is_over = True
        else:
            self.ids.append(step.token)
            self.tokens.append(_token(step))


def compare(settings: CodaSettings, language: LanguageModel, corpus: Corpus | None) -> Iterator[Progress | tuple[Asked, ...]]:
    """Yield all prompts with their answers so far, after every token of every decoder; the last one is complete.

    Raises:
        InputError: a prompt cannot be read, nothing of it can be masked, or there is none to take.
    """
    facts = facts_of(corpus) if corpus else {}
    prompts = [language.prompt(text, settings.as_chat) for text in _prompts(settings, corpus)]
    for prompt in prompts:  # before any is answered
        language.check_room(len(prompt.ids), settings.max_new_tokens)
    done: tuple[Asked, ...] = ()
    for number, prompt in enumerate(prompts):
        yield Progress(number / len(prompts), f"Masking the words of prompt {number + 1} of {len(prompts)}")
        fact = facts.get(prompt.ids[1:])
        for asked in _answered(settings, language, prompt, fact, corpus):
            yield (*done, asked)
        done = (*done, asked)


def _prompts(settings: CodaSettings, corpus: Corpus | None) -> tuple[str, ...]:
    if settings.prompts:
        return settings.prompts
    if corpus is None:
        raise InputError("Write at least one prompt. Only a miniature here has facts of its own to be asked about.")
    return rare_prompts(corpus, popularity=settings.popularity, count=settings.num_examples, seed=settings.seed)


def _answered(
    settings: CodaSettings, language: LanguageModel, prompt: Prompt, fact: Fact | None, corpus: Corpus | None
) -> Iterator[Asked]:
    """Yield one prompt with its answers, longer by a token of each decoder every time."""
    tried = candidates(prompt, unit=settings.unit, skips_stop_words=settings.skips_stop_words)
    how = detecting_of(settings, language, _given(settings, prompt, fact))
    detection = detect(language, prompt.ids, tried.tried, how)
    found = _found(language, prompt, tried, detection, how.mode)
    answers = [_Answer(method, _steps(settings, language, prompt, tried, how, detection, method)) for method in settings.methods]
    while not all(answer.is_over for answer in answers):
        for answer in answers:
            answer.advance()
        yield _asked(language, prompt, fact, corpus, found, answers)


def _given(settings: CodaSettings, prompt: Prompt, fact: Fact | None) -> tuple[int, ...]:
    """Positions that the detectors oracle and manual are told."""
    if settings.detector == "manual":
        return found_in(prompt, settings.named).positions
    if settings.detector != "oracle":
        return ()
    if fact is None:
        raise InputError("The detector 'oracle' knows the distinct words of the miniature's own facts only. Choose 'lift', or "
                         "'manual' and name the words.")
    return fact.x_positions


def _steps(settings: CodaSettings, language: LanguageModel, prompt: Prompt, tried: Candidates, how: Detecting, detection: Detection,
           method: str) -> Iterator[Step]:
    decoding = decoding_of(settings, method, top=TOP)
    if settings.redetects and decoding.method in CONTRASTS:
        return decode_redetecting(language, prompt.ids, tried.tried, how, decoding)
    return decode(language, [Pair(Row(prompt.ids), detection.row)], decoding)


def _asked(language: LanguageModel, prompt: Prompt, fact: Fact | None, corpus: Corpus | None, found: Found,
           answers: list[_Answer]) -> Asked:
    right = popular = example = None
    if fact is not None and corpus is not None:
        right = corpus.text(fact.right)
        popular = corpus.text(fact.knowledge.popular_answer)
        example = corpus.text((*fact.knowledge.statement("a").prompt, *fact.knowledge.popular_answer))
    return Asked(
        prompt=prompt.text, pieces=prompt.pieces, right=right, popular=popular, popular_example=example,
        num_popular=fact.knowledge.popularity if fact else None, found=found,
        written=tuple(_written(language, answer, right, popular) for answer in answers))


def _written(language: LanguageModel, answer: _Answer, right: str | None, popular: str | None) -> Written:
    text = language.text(answer.ids)
    return Written(method=answer.method, text=text, tokens=tuple(answer.tokens),
                   is_right=None if right is None else text == right, is_popular=None if popular is None else text == popular)


def _token(step: Step) -> WrittenToken:
    return WrittenToken(piece=step.piece, greedy_piece=step.greedy_piece, is_contrasted=step.is_contrasted, is_end=step.is_end,
                        layer=step.layer, by_full=_top(step.full_top), by_masked=_top(step.masked_top), by_score=_top(step.score_top))


def _top(listed: tuple[Listed, ...]) -> tuple[TopToken, ...]:
    return tuple(TopToken(piece=entry.piece, full=entry.full, masked=entry.masked, score=entry.score, membership=entry.membership)
                 for entry in listed)


def _found(language: LanguageModel, prompt: Prompt, tried: Candidates, detection: Detection, mode: MaskMode) -> Found:
    chosen = detection.chosen
    return Found(
        tried=tuple(_masked(entry) for entry in detection.scored),
        skipped=tuple((part.text, why) for part, why in tried.skipped),
        chosen=chosen.text if chosen else None, chosen_positions=chosen.positions if chosen else (),
        masked_prompt=_masked_text(language, prompt, chosen.positions if chosen else (), mode), reason=detection.reason,
        is_alarm=detection.is_alarm)


def _masked(entry: Scored) -> Masked:
    return Masked(text=entry.candidate.text, positions=entry.candidate.positions, lift=entry.lift, rpmi_sum=entry.rpmi_sum,
                  escape_reward=entry.escape_reward, indicator=entry.indicator, num_suppressed=entry.num_suppressed,
                  num_escaping=entry.num_escaping)


def _masked_text(language: LanguageModel, prompt: Prompt, positions: tuple[int, ...], mode: MaskMode) -> str:
    """The masked prompt as a person reads it."""
    shown = [MASK_SIGN if i in positions else piece
             for i, piece in enumerate(prompt.pieces)
             if not prompt.is_fixed[i] and not (mode == "delete" and i in positions)]
    return (" " if language.is_word_level else "").join(shown).strip()
