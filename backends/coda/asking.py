"""One prompt made ready for several decoders: read once with every part masked, then each decoder finds its own X'.

Decoders may look for different things: the paper's detector masks single tokens, ours words, a baseline draws a word. All rows
are read in one batch, together with those of the paper's alarm.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from backends.coda.alarm import Alarm, alarm, tokens_of
from backends.coda.choices import TOLD, Contrast
from backends.coda.contrast import choose, scores
from backends.coda.detect import Detecting, Detection, Masks, found_in_masks, read_masks, scores_of, told_candidate
from backends.coda.masking import Candidate, Candidates, candidates
from backends.coda.settings import CodaSettings
from backends.coda.suggesting import suggested
from backends.coda.variants import Finding, Variant
from backends.coda.wiring import Resolved, detecting_of
from models.language import LanguageModel, Prompt
from models.reading import Row


@dataclass(frozen=True, eq=False)
class Searched:
    """A prompt, what may be masked in it, and what every finding found."""

    prompt: Prompt
    suggested: tuple[int, ...]  # positions of the word that the rule suggests; empty where none has content
    tried: Candidates  # of the knobs
    by_finding: Mapping[Finding, Detection]
    page: Detection  # by the knobs' finding
    alarm: Alarm
    masks: Masks

    def row_of(self, variant: Variant) -> Row | None:
        """X' of a decoder; None where nothing is contrasted."""
        return self.by_finding[variant.finding].row if variant.finding else None


def search(language: LanguageModel, prompt: Prompt, settings: CodaSettings, what: Resolved, variants: Sequence[Variant], *,
           given: tuple[int, ...] = (), second: Row | None = None, finding: Finding | None = None) -> Searched:
    """Return one prompt with the masked prompt of every decoder.

    Args:
        given: positions of the ignored part, for detectors that are told.
        second: a second prompt, which takes the place of the masked one where the finding is "compare".
        finding: in place of the knobs' own.
    Raises:
        InputError: nothing can be masked, or a detector is told nothing.
    """
    own = finding or what.finding
    tried = candidates(prompt, unit=own.unit, skips_stop_words=own.skips_stop_words)
    tokens = tokens_of(prompt)
    findings = dict.fromkeys([own, *(variant.finding for variant in variants if variant.finding)])
    needs_words = own.unit == "token" and any(one.unit == "word" for one in findings)
    words = candidates(prompt) if needs_words else tried  # a decoder that masks words does so whatever the knobs mask
    every: list[Candidate] = [*tried.tried, *words.tried, *tokens.tried]
    rule = suggestion(prompt)
    given_by = {"suggested": rule, **dict.fromkeys(TOLD, given)}
    every += [told_candidate(tried.tried, detecting_of(own, mode=what.mode, given=given_by[one.detector]))
               for one in findings if one.detector in given_by and (given_by[one.detector] or one.detector in TOLD)]
    masks = read_masks(language, prompt.ids, every, what.mode)
    among = {one: tried if one == own else words if one.unit == "word" else tokens for one in findings}
    found = {one: _detection(masks, one, those.tried, settings, what, given_by.get(one.detector, ()), second)
             for one, those in among.items()}
    return Searched(prompt, rule, tried, found, found[own], alarm(scores_of(masks.of(tokens.tried)), tokens), masks)


def _detection(masks: Masks, finding: Finding, own: Sequence[Candidate], settings: CodaSettings, what: Resolved,
               given: tuple[int, ...], second: Row | None) -> Detection:
    how = detecting_of(finding, mode=what.mode, given=given, seed=settings.seed)
    if finding.detector == "suggested":
        return _suggested(masks, own, how)
    if finding.detector != "compare":
        return found_in_masks(masks, own, how)
    scored = scores_of(masks.of(own))
    return Detection(scored, None, second, int(masks.full.argmax()), "A second prompt takes the masked one's place.", masks.full,
                     masks.full)


def _suggested(masks: Masks, tried: Sequence[Candidate], how: Detecting) -> Detection:
    """The word that the rule suggests, as if it had been told."""
    if not how.given:
        return replace(found_in_masks(masks, tried, replace(how, detector="none")), reason="No word has content.")
    found = found_in_masks(masks, tried, replace(how, detector="manual"))
    return replace(found, reason=f"{found.chosen.text!r} is suggested from the words alone." if found.chosen else "")


def suggestion(prompt: Prompt) -> tuple[int, ...]:
    """Return the positions of the word that the rule suggests; signs such as quotation marks are among its words."""
    index = suggested([word.text for word in prompt.words])
    return () if index is None else prompt.words[index].positions


def first_tokens(language: LanguageModel, masks: Masks, tried: Sequence[Candidate], contrast: Contrast) -> tuple[str, ...]:
    """Return the token that CAD would write first for each part that could be masked: a baseline for whichever is."""
    held = masks.of(tried)
    full = held.full.expand_as(held.read)
    return tuple(language.piece(int(token)) for token in choose(scores(full, held.read, "cad", contrast), full))
