"""Decoders side by side on the same prompts, one token of each at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from backends.coda.asking import Searched, first_tokens, search
from backends.coda.choices import TOLD, MaskMode
from backends.coda.decode import Pair, Step, decode, decode_redetecting
from backends.coda.detect import Detection
from backends.coda.facts import Known, facts_of, known_fact, known_question, rare_prompts
from backends.coda.listing import listed
from backends.coda.masking import Candidate, found_in
from backends.coda.matching import is_match
from backends.coda.results import Asked, Chosen, Found, Written, WrittenToken
from backends.coda.settings import CodaSettings
from backends.coda.variants import Finding, Variant
from backends.coda.wiring import Resolved, decoding_of, detecting_of, kind_of, resolved, variant_of
from backends.run import Progress
from models.language import LanguageModel, Prompt
from models.reading import Row
from worlds.errors import InputError
from worlds.facts.corpus import Corpus

MASK_SIGN = "▢"
SECOND = "(the second prompt)"
SEARCHES = ("lift", "lift_argmax", "indicator_first", "indicator_argmax", "indicator_argmin")  # what can be looked for anew


@dataclass
class _Answer:
    """An answer that is being written."""

    variant: Variant
    own: Chosen | None
    steps: Iterator[Step]
    ids: list[int] = field(default_factory=list)
    tokens: list[WrittenToken] = field(default_factory=list)  # made once each: the answers so far are shown after every token
    is_over: bool = False

    def advance(self, language: LanguageModel) -> None:
        step = next(self.steps, None)
        if step is None:
            self.is_over = True
        else:
            self.ids.append(step.token)
            self.tokens.append(listed(language, step, alpha=self.variant.contrast.alpha))


def compare(settings: CodaSettings, language: LanguageModel, corpus: Corpus | None) -> Iterator[Progress | tuple[Asked, ...]]:
    """Yield all prompts with their answers so far, after every token of every decoder; the last one is complete.

    Raises:
        InputError: a prompt cannot be read, nothing of it can be masked, or there is none to take.
    """
    facts = facts_of(corpus) if corpus else {}
    what = resolved(settings, kind_of(language))
    prompts = [language.prompt(text, settings.as_chat) for text in _prompts(settings, corpus)]
    for prompt in prompts:  # before any is answered
        language.check_room(len(prompt.ids), settings.max_new_tokens)
    done: tuple[Asked, ...] = ()
    for number, prompt in enumerate(prompts):
        yield Progress(number / len(prompts), f"Masking the words of prompt {number + 1} of {len(prompts)}")
        fact = facts.get(prompt.ids[1:])
        known = known_fact(fact, corpus) if fact and corpus else known_question(prompt.text)
        for asked in _answered(settings, language, what, prompt, known):
            yield (*done, asked)
        done = (*done, asked)


def _prompts(settings: CodaSettings, corpus: Corpus | None) -> tuple[str, ...]:
    if settings.prompts:
        return settings.prompts
    if corpus is None:
        raise InputError("Write at least one prompt. Only a miniature here has facts of its own to be asked about.")
    return rare_prompts(corpus, popularity=settings.popularity, count=settings.num_examples, seed=settings.seed)


def _answered(settings: CodaSettings, language: LanguageModel, what: Resolved, prompt: Prompt, known: Known) -> Iterator[Asked]:
    """Yield one prompt with its answers, longer by a token of each decoder every time."""
    variants = [variant_of(settings, what, method) for method in settings.methods]
    second = _second(settings, language, what)
    searched = search(language, prompt, settings, what, variants, given=_given(settings, what, prompt, known), second=second)
    found = _found(language, searched, settings, what)
    answers = [_Answer(variant, _own(language, searched, settings, what, variant),
                       _steps(settings, language, what, searched, variant)) for variant in variants]
    while not all(answer.is_over for answer in answers):
        for answer in answers:
            answer.advance(language)
        yield _asked(language, prompt, known, found, answers)


def _second(settings: CodaSettings, language: LanguageModel, what: Resolved) -> Row | None:
    """The second prompt that a person wrote, if one is used."""
    if what.finding.detector != "compare":
        return None
    ids = language.prompt_ids(settings.compare_with.strip(), settings.as_chat)
    language.check_room(len(ids), settings.max_new_tokens)
    return Row(ids)


def _given(settings: CodaSettings, what: Resolved, prompt: Prompt, known: Known) -> tuple[int, ...]:
    """Positions that the detectors oracle and manual are told."""
    if what.finding.detector not in TOLD:
        return ()
    if what.finding.detector == "manual":
        return found_in(prompt, settings.named).positions
    if not known.x_positions:
        raise InputError("The detector 'oracle' knows the distinct words of the miniature's own facts only. Choose 'lift', or "
                         "'manual' and name the words.")
    return known.x_positions


def _steps(settings: CodaSettings, language: LanguageModel, what: Resolved, searched: Searched, variant: Variant) -> Iterator[Step]:
    decoding, finding, ids = decoding_of(variant, settings), variant.finding, searched.prompt.ids
    if settings.redetects and finding == what.finding and finding.detector in SEARCHES:
        how = detecting_of(finding, mode=what.mode, seed=settings.seed)
        return decode_redetecting(language, ids, searched.tried.tried, how, decoding)
    return decode(language, [Pair(Row(ids), searched.row_of(variant))], decoding)


def _asked(language: LanguageModel, prompt: Prompt, known: Known, found: Found, answers: Sequence[_Answer]) -> Asked:
    return Asked(
        prompt=prompt.text, pieces=prompt.pieces, right=known.right, popular=known.popular, popular_example=known.popular_example,
        num_popular=known.num_popular, found=found, written=tuple(_written(language, answer, known) for answer in answers))


def _written(language: LanguageModel, answer: _Answer, known: Known) -> Written:
    text = language.text(answer.ids)
    is_right, is_popular = (
        None if not wanted else is_match(text, wanted, is_continued=True) if known.is_continued else text in wanted
        for wanted in (known.all_right, known.all_popular))
    return Written(method=answer.variant.name, text=text, tokens=tuple(answer.tokens), is_right=is_right, is_popular=is_popular,
                   own=answer.own)


def _found(language: LanguageModel, searched: Searched, settings: CodaSettings, what: Resolved) -> Found:
    detection, tried = searched.page, searched.tried
    chosen = _chosen(language, searched, detection, settings, what, what.finding)
    scored = [Candidate(entry.text, entry.positions) for entry in detection.scored]
    firsts = first_tokens(language, searched.masks, scored, what.contrast)
    return Found(
        tried=tuple(replace(entry, first=first) for entry, first in zip(detection.scored, firsts)),
        skipped=tuple((candidate.text, why) for candidate, why in tried.skipped),
        chosen=chosen.text, chosen_positions=chosen.positions, masked_prompt=chosen.masked_prompt, reason=chosen.reason,
        is_alarm=searched.alarm.is_raised, alarm_reason=searched.alarm.reason,
        suggested_positions=searched.suggested)


def _own(language: LanguageModel, searched: Searched, settings: CodaSettings, what: Resolved, variant: Variant) -> Chosen | None:
    """What one decoder's masked prompt is; None where it reads none."""
    if variant.finding is None:
        return None
    return _chosen(language, searched, searched.by_finding[variant.finding], settings, what, variant.finding)


def _chosen(language: LanguageModel, searched: Searched, detection: Detection, settings: CodaSettings, what: Resolved,
            finding: Finding) -> Chosen:
    if finding.detector == "compare":
        return Chosen(text=SECOND, positions=(), masked_prompt=settings.compare_with.strip(), reason=detection.reason)
    candidate = detection.chosen
    positions = candidate.positions if candidate else ()
    return Chosen(text=candidate.text if candidate else None, positions=positions, reason=detection.reason,
                  masked_prompt=_masked_text(language, searched.prompt, positions, what.mode))


def _masked_text(language: LanguageModel, prompt: Prompt, positions: tuple[int, ...], mode: MaskMode) -> str:
    """The masked prompt as a person reads it."""
    shown = [MASK_SIGN if i in positions else piece
             for i, piece in enumerate(prompt.pieces)
             if not prompt.is_fixed[i] and not (mode == "delete" and i in positions)]
    return (" " if language.is_word_level else "").join(shown).strip()
