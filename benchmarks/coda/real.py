"""CoDA and its neighbours on a real language model: what each decoder mends and breaks on facts whose right answer is less famous.

    python -m benchmarks.coda.real [--model smollm2-135m] [--layouts plain,shots,chat] [--half development]

Questions and controls are `worlds.facts.popular_answers`. Answers of six tokens count by their first words. Nothing in the app was
decided on the held-out half. The numbers are also kept as data, which the page shows: backends/coda/recorded/real-model.json.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import torch

from backends.coda.asking import search
from backends.coda.decode import Decoding, Pair, decode, tokens_of
from backends.coda.detect import content_words
from backends.coda.masking import Candidate, candidates, found_in, masked
from backends.coda.matching import is_match
from backends.coda.measured import Detectors, MeasuredRow, Measurements
from backends.coda.settings import CodaSettings
from backends.coda.suggesting import suggested
from backends.coda.variants import VARIANTS, Variant
from backends.coda.wiring import resolved
from backends.rungs import rung_of
from backends.statistics import Bootstrap
from benchmarks.tables import markdown
from models.language import LanguageModel, Prompt, Word, as_language_model
from models.loading import load
from models.reading import Row
from worlds.facts.popular_answers import Question, questions

OUT = Path(__file__).parents[2] / "backends" / "coda" / "recorded" / "real-model.json"
LAYOUTS = ("plain", "shots", "chat")
SHOTS = ("The opposite of hot is cold.\nThe colour of fresh grass is green.\nThe number of days in a week is seven.\n"
         "The animal that says meow is the cat.\nThe frozen form of water is ice.\n")
CHAT = "Complete the sentence."
TOKENS, BATCH = 6, 24
SUGGESTED = replace(VARIANTS["cad_one_told"], name="cad_one_suggested", title="CAD a = 1, word suggested by rule")
RANDOM = {"cad_half_random": VARIANTS["cad_half_random"], "cad_one_random": VARIANTS["cad_one_random"]}
DECODERS = tuple(VARIANTS[name] for name in (
    "greedy", "coda_paper", "coda_floor_gate_lift", "cad_half_lift", "cad_half_guess", "coda_paper_told", "coda_floor_told",
    "coda_floor_gate_told", "cd_told", "cad_half_told", "cad_one_told", "cad_half_compare", "coda_paper_compare", "dola"))
# with a longer prompt every decoder takes minutes: those that say something, and of a chat the least
FEWER = ("greedy", "coda_paper", "coda_floor_gate_lift", "cad_half_guess", "coda_paper_told", "coda_floor_told", "cad_half_told",
         "cad_one_told", "cad_half_compare")
FEWEST = ("greedy", "cad_half_told", "cad_one_told", "cad_half_compare")
NAMES = {"plain": tuple(variant.name for variant in DECODERS), "shots": FEWER, "chat": FEWEST}
BASELINES = {"plain": tuple(RANDOM), "shots": tuple(RANDOM), "chat": ("cad_one_random",)}
_SETTINGS = CodaSettings(task="compare", model="smollm2-135m", prompts=("-",))


@dataclass(frozen=True)
class Laid:
    """A question as a model reads it; only its own words may be masked."""

    question: Question
    prompt: Prompt
    second: Row


@dataclass
class Counted:
    """Per question, in their order: what one decoder answered. A baseline of several words holds its mean."""

    right: np.ndarray
    popular: np.ndarray


def laid_out(language: LanguageModel, question: Question, layout: str) -> Laid:
    return Laid(question, _laid(language, question.prompt, layout), Row(_laid(language, question.compare, layout).ids))


def _laid(language: LanguageModel, text: str, layout: str) -> Prompt:
    if layout == "plain":
        return language.prompt(text)
    if layout == "chat":
        return _behind(language.prompt(CHAT, as_chat=True), language.prompt(text))
    prompt = language.prompt(SHOTS + text)
    words = prompt.words[len(language.prompt(SHOTS.strip()).words):]
    first = words[0].positions[0]
    return replace(prompt, words=words, is_fixed=tuple(fixed or place < first for place, fixed in enumerate(prompt.is_fixed)))


def _behind(chat: Prompt, begun: Prompt) -> Prompt:
    """A chat whose answer is begun: the model goes on with it instead of saying the sentence again."""
    ahead = len(chat.ids)
    words = tuple(Word(word.text, tuple(place + ahead for place in word.positions)) for word in begun.words)
    return Prompt(begun.text, chat.ids + begun.ids, chat.pieces + begun.pieces, (True,) * ahead + begun.is_fixed, words)


class Answers:
    """What decoders write, asked once per pair of prompts and score: a random word is sometimes the named one."""

    def __init__(self, language: LanguageModel) -> None:
        self._language = language
        self._known: dict[tuple[object, ...], str] = {}

    def of(self, pairs: Sequence[Pair], variant: Variant) -> list[str]:
        keys = [self._key(pair, variant) for pair in pairs]
        new = list({key: pair for key, pair in zip(keys, pairs) if key not in self._known}.items())
        new.sort(key=lambda entry: len(entry[1].full.ids))  # little padding
        for start in range(0, len(new), BATCH):
            part = new[start : start + BATCH]
            how = Decoding(variant.score, variant.contrast, max_new_tokens=TOKENS)
            written = tokens_of(decode(self._language, [pair for _, pair in part], how), len(part))
            self._known |= {key: self._language.text(tokens) for (key, _), tokens in zip(part, written)}
        return [self._known[key] for key in keys]

    @staticmethod
    def _key(pair: Pair, variant: Variant) -> tuple[object, ...]:
        if variant.score == "dola":
            return pair.full, "dola"
        if pair.masked is None or not variant.is_contrast:
            return pair.full, "greedy"
        return pair.full, pair.masked, variant.score, variant.contrast


@dataclass(frozen=True)
class Measured:
    """All decoders on all questions in one layout."""

    counted: dict[str, Counted]
    picks: dict[str, np.ndarray]  # rule -> how far it picks the ignored word, per question; empty where nothing was searched
    alarm: np.ndarray  # whether the paper's alarm is raised


class Asking:
    """The masked prompts of every decoder on every question, collected before any is answered."""

    def __init__(self, language: LanguageModel, layout: str) -> None:
        self._language, self.layout = language, layout
        self.decoders = tuple(VARIANTS[name] for name in NAMES[layout])
        self.pairs: dict[str, list[Pair]] = {variant.name: [] for variant in (*self.decoders, SUGGESTED)}
        self.random: list[tuple[int, Pair]] = []  # number of the question, one of its content words left out
        self.picks: dict[str, list[float]] = {}
        self.alarms: list[bool] = []

    def add(self, number: int, one: Laid) -> None:
        given = found_in(one.prompt, one.question.ignored).positions
        tried = candidates(one.prompt).tried
        guess = suggested([word.text for word in one.prompt.words])
        told = one.prompt.words[guess].positions if guess is not None else given
        words = [tried[index] for index in content_words([part.text for part in tried])]
        for name, row in (self._searched(one, given, told, words) if self.layout != "chat" else self._told(one, given)).items():
            self.pairs[name].append(Pair(Row(one.prompt.ids), row))
        self.pairs[SUGGESTED.name].append(Pair(Row(one.prompt.ids), self._without(one, told)))
        self.random += [(number, Pair(Row(one.prompt.ids), self._without(one, word.positions))) for word in words]

    def _without(self, one: Laid, positions: tuple[int, ...]) -> Row:
        return masked(self._language, one.prompt.ids, positions, "delete")

    def _told(self, one: Laid, given: tuple[int, ...]) -> dict[str, Row | None]:
        rows = {"manual": self._without(one, given), "compare": one.second}
        return {variant.name: rows[variant.finding.detector] if variant.finding else None for variant in self.decoders}

    def _searched(self, one: Laid, given: tuple[int, ...], told: tuple[int, ...], words: Sequence[Candidate]
                  ) -> dict[str, Row | None]:
        what = resolved(_SETTINGS, "real")
        found = search(self._language, one.prompt, _SETTINGS, what, self.decoders, given=given, second=one.second)
        largest = found.by_finding[VARIANTS["cad_half_guess"].finding].chosen
        first = found.by_finding[VARIANTS["coda_paper"].finding].chosen
        picks = {"lift, largest": _inside(largest and largest.positions, given), "suggested by rule": _inside(told, given),
                 "paper's detector": _inside(first and first.positions, given),
                 "random content word": float(np.mean([_inside(word.positions, given) for word in words]))}
        for rule, hit in picks.items():
            self.picks.setdefault(rule, []).append(hit)
        self.alarms.append(bool(found.alarm.is_raised))
        return {variant.name: found.row_of(variant) for variant in self.decoders}


def _inside(positions: tuple[int, ...] | None, given: tuple[int, ...]) -> float:
    return float(positions is not None and set(positions) <= set(given))


def measure(language: LanguageModel, asked: Sequence[Question], layout: str) -> Measured:
    asking = Asking(language, layout)
    for number, question in enumerate(asked):
        asking.add(number, laid_out(language, question, layout))
    counted, said = {}, Answers(language)
    for variant in (*asking.decoders, SUGGESTED):
        counted[variant.name] = _counted(asked, said.of(asking.pairs[variant.name], variant))
        _say(f"{layout} {variant.name}: {counted[variant.name].right.mean():.3f}")
    owner = [number for number, _ in asking.random]
    for name in BASELINES[layout]:
        each = _counted([asked[number] for number in owner], said.of([pair for _, pair in asking.random], RANDOM[name]))
        counted[name] = Counted(_mean_by(each.right, owner), _mean_by(each.popular, owner))
        _say(f"{layout} {name}: {counted[name].right.mean():.3f}")
    return Measured(counted, {rule: np.array(found) for rule, found in asking.picks.items()}, np.array(asking.alarms))


def _counted(asked: Sequence[Question], texts: Sequence[str]) -> Counted:
    right = [is_match(text, question.right, is_continued=True) for question, text in zip(asked, texts)]
    popular = [bool(question.popular) and is_match(text, question.popular, is_continued=True) for question, text in zip(asked, texts)]
    return Counted(np.array(right, float), np.array(popular, float))


def _mean_by(values: np.ndarray, owner: Sequence[int]) -> np.ndarray:
    return np.bincount(owner, values) / np.bincount(owner)


def _say(text: str) -> None:
    print(f"  {time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def rows_of(asked: Sequence[Question], found: Measured) -> list[dict[str, object]]:
    """Return one row per decoder: right of the questions, gain over greedy and over the baseline, broken; intervals over facts."""
    greedy = found.counted["greedy"]
    is_question = np.array([not question.is_control for question in asked])
    draws = Bootstrap([question.fact for question in asked])
    rows = []
    for name in (name for name in (*(variant.name for variant in DECODERS), SUGGESTED.name, *RANDOM) if name in found.counted):
        own = found.counted[name]
        variant = RANDOM.get(name) or (SUGGESTED if name == SUGGESTED.name else VARIANTS[name])
        base = found.counted.get("cad_one_random" if variant.contrast.weight == 1 else "cad_half_random")
        wrong, right = (1 - greedy.right) * is_question, greedy.right
        fooled = greedy.popular * is_question
        rows.append({
            "name": name, "title": variant.title, "source": variant.source, "questions": int(is_question.sum()),
            "right": round(float((own.right * is_question).sum()), 1), "popular": round(float((own.popular * is_question).sum()), 1),
            "unfooled": round(float((own.right * fooled).sum()), 1), "fooled_before": int(fooled.sum()),
            "mended": round(float((own.right * wrong).sum()), 1), "wrong_before": int(wrong.sum()),
            "broken": round(float(((1 - own.right) * right).sum()), 1), "right_before": int(right.sum()),
            "gain": _points(draws.interval(own.right - greedy.right, is_question.astype(float))),
            "over_random": base and _points(draws.interval(own.right - base.right, is_question.astype(float)))})
    return rows


def _points(interval: tuple[float, float, float]) -> list[float]:
    return [round(100 * value, 1) for value in interval]


def halves(asked: Sequence[Question], found: Measured) -> Iterator[tuple[str, list[dict[str, object]]]]:
    for half in ("development", "held out"):
        kept = np.array([question.half == half for question in asked])
        if kept.any():
            counted = {name: Counted(own.right[kept], own.popular[kept]) for name, own in found.counted.items()}
            part = Measured(counted, {}, np.zeros(0))
            yield half.replace(" ", "_"), rows_of([question for question, keeps in zip(asked, kept) if keeps], part)


def detectors_of(found: Measured) -> dict[str, object] | None:
    """How often each rule picks the ignored word where greedy gives the popular answer, and what the paper's alarm says."""
    if not found.picks:
        return None
    fooled = found.counted["greedy"].popular > 0
    right = found.counted["greedy"].right > 0
    return {"popular_errors": int(fooled.sum()),
            "picks": {rule: round(float(hits[fooled].mean()), 3) for rule, hits in found.picks.items()},
            "alarm_on_popular": round(float(found.alarm[fooled].mean()), 3),
            "alarm_on_right": round(float(found.alarm[right].mean()), 3)}


def table(rows: Sequence[MeasuredRow]) -> str:
    head = ("decoder", "right", "popular answers mended", "all mended", "broken", "gain over greedy, points", "over a random word")
    return markdown(head, [(
        row.title, f"{row.right:g} of {row.questions}", f"{row.unfooled:g} of {row.fooled_before}",
        f"{row.mended:g} of {row.wrong_before}", f"{row.broken:g} of {row.right_before}", _shown(row.gain), _shown(row.over_random))
        for row in rows])


def _shown(points: tuple[float, float, float] | None) -> str:
    if points is None:
        return "not measured"
    mean, low, high = points
    return f"{mean:+.1f} [{low:.1f}, {high:.1f}]"


def run(model: str, layouts: Sequence[str], half: str = "") -> dict[str, Any]:
    """Measure and return the data of all models: those kept, with this one's layouts new."""
    torch.set_num_threads(1)
    rung = rung_of(model, "language")
    language = as_language_model(load(rung).tool)
    asked = [question for question in questions() if not half or question.half == half]
    kept: list[dict[str, Any]] = json.loads(OUT.read_text())["models"] if OUT.is_file() and not half else []
    own = next((entry for entry in kept if entry["model"] == rung.name), None)
    if own is None:
        own = {"model": rung.name, "layouts": {}}
        kept.append(own)
    own |= {"title": rung.title, "made_on": date.today().isoformat(), "controls": sum(question.is_control for question in asked)}
    for layout in layouts:
        found = measure(language, asked, layout)
        own["layouts"][layout] = {"all": rows_of(asked, found), "detectors": detectors_of(found), **dict(halves(asked, found))}
    own["layouts"] = {layout: own["layouts"][layout] for layout in LAYOUTS if layout in own["layouts"]}
    return {"models": kept, "earlier": [dict(zip(("title", "layout", "way", "gain"), entry)) for entry in EARLIER]}


def section(models: Sequence[str] = ("smollm2-135m",), layouts: Sequence[str] = LAYOUTS) -> str:
    """All tables as Markdown; the same numbers go into the file that the page reads."""
    for model in models:
        OUT.write_text(json.dumps(run(model, layouts), indent=1) + "\n")
    return as_markdown(Measurements.model_validate_json(OUT.read_text()))


def as_markdown(found: Measurements) -> str:
    before = "; ".join(f"{one.title}, {one.layout}, {one.way}: {_shown(one.gain)}" for one in found.earlier)
    parts = [INTRO, *([f"{BEFORE} {before}.\n"] if before else [])]
    for model in found.models:
        for name, layout in model.layouts.items():
            for half in ("all", "development", "held_out"):
                if rows := getattr(layout, half):
                    words = {"all": f"all, {model.controls} controls", "held_out": "held-out half"}.get(half, f"{half} half")
                    parts.append(f"### {model.title}, {name}, {words}\n\n{table(rows)}")
            if layout.detectors is not None:
                parts.append(_detector_words(layout.detectors))
    return "\n".join(parts)


INTRO = """## CoDA on a real model

Questions whose right answer is less famous than a wrong one (`worlds/facts/popular_answers.py`), and controls. *Popular answers
mended* counts questions that greedy decoding answered with the popular answer, *broken* questions and controls that it answered
right.
Intervals are over facts, differences are paired. *plain* is the prompt alone, *shots* has five fixed lines in front, *chat* is the
model's template with the sentence begun in the answer; nothing is searched there. The random word is the mean over all content words
of a prompt, at the a of the row; about a third of them are the named word.
"""
BEFORE = ("An earlier measurement, November 2026, on 152 other prompts that are not shipped, gained in points over greedy decoding "
          "(the questions here are harder for SmolLM2: it knows fewer of their right answers):")
EARLIER = (  # not made again by this file; one model gained nothing
    ("SmolLM2 135M Instruct", "plain", "CAD a = 1, word told", (10.0, 1.0, 19.0)),
    ("SmolLM2 135M Instruct", "shots", "CAD a = 1, word told", (11.0, 3.0, 20.0)),
    ("SmolLM2 135M Instruct", "plain", "CAD a = 0.5, comparison prompt", (15.0, 8.0, 23.0)),
    ("SmolLM2 135M Instruct", "shots", "CAD a = 0.5, comparison prompt", (7.0, 2.0, 14.0)),
    ("Gemma 3 270M", "plain", "CAD a = 0.5, comparison prompt", (0.0, -7.0, 7.0)),
)


def _detector_words(found: Detectors) -> str:
    picks = ", ".join(f"{rule} {100 * share:.0f} %" for rule, share in found.picks.items())
    return (f"Where greedy decoding gives the popular answer ({found.popular_errors} times), the ignored word is picked by: {picks}. "
            f"The paper's alarm is raised on {100 * found.alarm_on_popular:.0f} % of these and on "
            f"{100 * found.alarm_on_right:.0f} % of right answers.\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="smollm2-135m")
    parser.add_argument("--layouts", default=",".join(LAYOUTS))
    parser.add_argument("--half", default="")
    parser.add_argument("--out", default="", help="where the data goes; by default it is printed as tables only")
    args = parser.parse_args()
    data = run(args.model, args.layouts.split(","), args.half)
    if args.out:
        Path(args.out).write_text(json.dumps(data, indent=1) + "\n")
    print(as_markdown(Measurements.model_validate(data)))
