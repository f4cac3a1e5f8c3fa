"""Picks the questions that the page opens with, by rule: `python -m backends.mindcube.presets`. Run it after training the miniature.

Asked are questions about held-out rooms of among whose answer is a thing, one of each kind per room, in the four ways that the paper
compares, and once more with a map whose left and right are exchanged in the mouth of who maps and reasons. Of each kind the first is
shown, and how many there are is written beside it:

    mended   mapping, then reasoning is correct and its map is right; in the three other ways it is wrong
    alone    the map is right and the answer behind it wrong, as it is at once; reasoning without a map is correct
    turned   mapping, then reasoning is correct, and with the exchanged map says what that map says
    marred   reasoning without a map is correct, mapping, then reasoning is wrong: counted, and not shown
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from transformers import PreTrainedModel

from backends.files.rows import OddRow
from backends.mindcube import mappers
from backends.mindcube.chains import chain
from backends.mindcube.maps import Map, mirrored
from backends.mindcube.picked import PICKED
from backends.mindcube.replies import Said, replied
from backends.mindcube.results import Replied
from backends.mindcube.rooms import Posed, posed
from backends.mindcube.settings import FOUR, Config, MindCubeSettings
from backends.rungs import rung_of
from models.devices import threads_for
from worlds.rooms.generator import scene_at
from worlds.rooms.questions import Template, questions_of
from worlds.rooms.scenes import Setting

ROOMS = 60
LAYOUT: Setting = "among"
KINDS = ("mended", "alone", "turned", "marred")
TEMPLATES: tuple[Template, ...] = ("among_2_1", "among_5", "among_gen_4", "among_gen_6")
RAW: Config = "Raw-QA"
THOUGHT: Config = "FFR"
ALONE: Config = "Plain-CGMap-Out"
BOTH: Config = "Plain-CGMap-FFR-Out"


@dataclass(frozen=True)
class Tried:
    """A question, where it is found, and what was said to it.

    Attributes:
        turned: by who maps and reasons, with left and right exchanged on the map in its mouth.
        implied: the letter that follows from that map; "" where none does.
    """

    place: dict[str, object]
    replies: dict[Config, Replied]
    turned: Replied
    right: str
    implied: str

    @property
    def kinds(self) -> dict[str, bool]:
        """Of which kinds it is."""
        raw, alone, thought, both = (self.replies[name] for name in (RAW, ALONE, THOUGHT, BOTH))
        return {"mended": both.is_right and is_exact(both) and not (raw.is_right or alone.is_right or thought.is_right),
                "alone": is_exact(alone) and thought.is_right and not (raw.is_right or alone.is_right),
                "turned": both.is_right and self.implied not in ("", self.right) and self.turned.letter == self.implied,
                "marred": thought.is_right and not both.is_right}


def is_exact(reply: Replied) -> bool:
    """Whether a map is right: everything where it stands, facing as it faces."""
    found = reply.exact
    return found is not None and found.is_isomorphic and found.facing == 1 and found.turn == "identity"


def asked_about(rooms: int, seed: int) -> Iterator[tuple[dict[str, object], Posed]]:
    """Yield the first question of each kind about each of the first held-out rooms, and where settings find it."""
    for index in range(rooms):
        scene = scene_at(index, subset="test", seed=seed, settings=(LAYOUT,), cue="shuffled")
        asked = questions_of(scene, seed=seed, group=f"drawn{index}")
        for template in TEMPLATES:
            own = [question for question in asked if question.template == template]
            if not own:
                continue
            number = index % len(own)  # not always the first image's
            yield {"layout": LAYOUT, "index": index, "wanted": template, "number": number}, posed(scene, own[number])


def implied_by(one: Posed) -> str:
    """The letter that follows from the map with left and right exchanged; "" where no option says so."""
    facts = one.item.facts
    if facts is None or not one.steps:
        return ""
    centre, south, west, north, east = facts.objects
    facing = {"left": "right", "right": "left"}
    facings = [facing.get(each, each) if each else None for each in facts.facings]
    order = [facings[place] for place in (0, 1, 4, 3, 2)]
    try:
        changed = replace(facts, objects=(centre, south, east, north, west), facings=tuple(order))  # type: ignore[arg-type]
        return chain(replace(one.item, facts=changed)).option.letter
    except OddRow:
        return ""


def tried(models: dict[Config, PreTrainedModel], questions: Sequence[tuple[dict[str, object], Posed]]) -> list[Tried]:
    """Return the questions with what each way of answering says to them."""
    rooms = [one for _, one in questions]
    shown = mappers.shown_to(models[BOTH], rooms)
    said = {configuration: mappers.ask(model, configuration, rooms, shown) for configuration, model in models.items()}
    found = []
    for at, (place, one) in enumerate(questions):
        changed: Map = mirrored(one.true).plain
        turned = mappers.ask(models[BOTH], BOTH, [one], [shown[at]], changed=changed)[0]
        replies = {name: _read(one, name, own[at]) for name, own in said.items()}
        found.append(Tried(place, replies, _read(one, BOTH, turned), one.question.letter, implied_by(one)))
    return found


def _read(one: Posed, configuration: Config, said: Said) -> Replied:
    return replied(one.item, one.true, configuration, said)


def picked(found: Sequence[Tried]) -> dict[str, object]:
    """Return the first question of each kind that there is, and how many there are."""
    kinds = {kind: [one for one in found if one.kinds[kind]] for kind in KINDS}
    exact = [one for one in found if is_exact(one.replies[ALONE])]
    able = [one for one in found if one.replies[BOTH].is_right and one.implied not in ("", one.right)]
    return {"questions": len(found), "counts": {kind: len(own) for kind, own in kinds.items()},
            "picked": {kind: own[0].place for kind, own in kinds.items() if own and kind != "marred"},
            "right": {configuration: sum(one.replies[configuration].is_right for one in found) for configuration in FOUR},
            "of": {"alone": len(exact), "turned": len(able)}, "kept": sum(one.turned.letter == one.right for one in able)}


def main() -> None:
    """Write the first question of each kind."""
    settings = MindCubeSettings()
    rung = rung_of(settings.model, "vlm")
    with threads_for(rung.parameters), mappers.lent(rung, FOUR) as models:
        record = picked(tried(models, list(asked_about(ROOMS, settings.seed))))
    PICKED.parent.mkdir(exist_ok=True)
    PICKED.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    print(PICKED.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
