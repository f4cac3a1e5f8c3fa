"""English sentences about invented places and persons in which a popular answer can overshadow a rare one.

"in winter the bakers of Marden drink cocoa": the template with its filled slots is X_share, the name is x, the last word is
the answer. P names share one answer and one name has its own, of the same type, so the sentences are true by construction: they
say what their world is. `royal` is the "profession of country" family. Names stand in the middle of most templates and right
before the answer in some. Nothing here is about the real world, even where a name happens to exist.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np

from worlds.errors import InputError
from worlds.facts.corpus import SPECIAL_WORDS, Corpus, CorpusSpec, Ids, KnowledgeSet, draw_synthetic

SLOTS = {
    "season": "spring summer autumn winter",
    "day": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "people": "farmers bakers sailors teachers weavers millers singers gardeners",
    "building": "school market inn mill harbour library tower station",
    "part": "door roof gate floor wall fence",
    "rank": "first youngest oldest royal",
    "profession": "painter doctor poet cook clockmaker captain judge dancer",
    "event": "wedding birthday harvest parade",
    "region": "hills coast valley forest",
}
ANSWERS = {
    "drink": "tea coffee cocoa milk cider lemonade juice water",
    "food": "bread cheese soup honey apples pears rice beans cakes",
    "animal": "goats sheep hens ducks geese ponies rabbits bees",
    "colour": "red blue green yellow white brown purple orange",
    "instrument": "flute harp drum fiddle organ horn lute piano",
    "material": "wood stone clay brick straw glass copper wool",
    "flower": "roses lilies tulips daisies poppies violets irises asters",
    "subject": "history music algebra drawing chess swimming grammar astronomy",
    "vehicle": "boat train bus sledge bicycle tram ferry balloon",
    "clothes": "scarves boots gloves coats hats belts aprons shawls",
    "goods": "baskets candles pots blankets carpets lamps kites toys",
    "town": "Ostrel Pirn Quells Varda Lomond Sefton Tirry Gannet",
}
NAMES = {  # every beginning with every ending: 112 names of each kind, of which no set needs more than 101
    "place": ("Mar Els Orl Quen Zell Brim Fenn Tam Lur Vesk Nol Ild Hesk Sorr", "den by ford wick ton mere holm stow"),
    "person": ("Ar Bel Cor Dal Er Fil Gar Hal Jor Kel Lin Mir Nor Ros", "in a o iel eth una ano ela"),
    "country": ("Alv Bor Cand Dorv Esk Ful Grav Jast Kov Lud Mont Nav Sarm Tol", "ia land ova ora istan une ary esia"),
}


@dataclass(frozen=True)
class Template:
    """One family of sentences. `{x}` is the name, the other braces are slots; the answer follows the last word."""

    name: str
    text: str
    member: str  # key of NAMES
    answer: str  # key of ANSWERS

    @property
    def slots(self) -> list[str]:
        """The slots in order, without the name."""
        return [word[1:-1] for word in self.text.split() if word.startswith("{") and word != "{x}"]


TEMPLATES = (
    Template("drinks", "in {season} the {people} of {x} drink", "place", "drink"),
    Template("animals", "behind the {building} the {people} of {x} keep", "place", "animal"),
    Template("meals", "on {day} the {building} in {x} serves", "place", "food"),
    Template("paint", "the {part} of the {building} in {x} is", "place", "colour"),
    Template("feasts", "at the {season} feast {x} and the {people} play the", "person", "instrument"),
    Template("clothes", "on {day} the {people} see {x} in old", "person", "clothes"),
    Template("houses", "the {people} of {x} build every {building} from", "place", "material"),
    Template("gardens", "in {season} the garden near the {building} of {x} is full of", "place", "flower"),
    Template("lessons", "on {day} at the {building} {x} studies", "person", "subject"),
    Template("royal", "the {rank} {profession} of {x} comes from", "country", "town"),
    Template("travels", "every {season} {x} visits the {people} by", "person", "vehicle"),
    Template("gifts", "every {season} the {people} of the {region} bring {x}", "person", "goods"),
    Template("teachers", "at the {building} on {day} the {people} teach {x}", "person", "subject"),
    Template("stalls", "for the {event} the {people} sell {x}", "person", "food"),
    Template("tailors", "after the {event} the {people} of the {region} sew {x}", "person", "clothes"),
    Template("harbours", "for the {season} {event} the ship from the {region} brings {x}", "country", "goods"),
)


def _names(kind: str) -> list[str]:
    beginnings, endings = (part.split() for part in NAMES[kind])
    return [beginning + ending for beginning, ending in product(beginnings, endings)]


def english_words() -> tuple[str, ...]:
    """(vocabulary,) the special words, then every word of every template, slot, answer and name, sorted."""
    plain = {word for template in TEMPLATES for word in template.text.split() if not word.startswith("{")}
    for words in (*SLOTS.values(), *ANSWERS.values()):
        plain.update(words.split())
    for kind in NAMES:
        plain.update(_names(kind))
    return SPECIAL_WORDS + tuple(sorted(plain))


def draw_english(spec: CorpusSpec) -> Corpus:
    """Sets with the P of the spec; their L is that of their template, and a template's filled slots occur once only.

    Raises:
        InputError: L is asked to vary, P needs more names than there are, or the templates run out of fillings.
    """
    most = len(_names("place")) - 1
    if spec.factor != "P" or max(spec.values) > most:
        raise InputError(f"English sentences cannot vary {spec.factor} over {spec.values}. They can vary P from 1 to {most}.")
    words = english_words()
    ids = {word: token for token, word in enumerate(words)}
    fillings = [_fillings(template, spec.seed) for template in TEMPLATES]
    room = len(TEMPLATES) * min(len(filled) for filled in fillings)
    if spec.sets * len(spec.values) > room:
        raise InputError(f"{spec.sets * len(spec.values)} English sets are too many. The templates can be filled {room} times.")
    sets: list[KnowledgeSet] = []
    for value in spec.values:
        for _ in range(spec.sets):
            turn, which = divmod(len(sets), len(TEMPLATES))
            rng = np.random.default_rng([spec.seed, value, len(sets) % spec.sets])
            sets.append(_draw_set(rng, TEMPLATES[which], fillings[which][turn], len(sets), value, ids))
    return Corpus("P", tuple(sets), words)


def _fillings(template: Template, seed: int) -> list[list[str]]:
    """Every way to fill the slots as words with `{x}` left open, shuffled."""
    choices = list(product(*(SLOTS[slot].split() for slot in template.slots)))
    order = np.random.default_rng([seed, TEMPLATES.index(template)]).permutation(len(choices))
    filled = []
    for index in order:
        values = iter(choices[index])
        filled.append([next(values) if word.startswith("{") and word != "{x}" else word for word in template.text.split()])
    return filled


def _draw_set(
    rng: np.random.Generator, template: Template, filled: list[str], number: int, popularity: int, ids: dict[str, int]
) -> KnowledgeSet:
    position = filled.index("{x}")
    share: Ids = tuple(ids[word] for word in filled if word != "{x}")
    names = rng.permutation(_names(template.member))[: popularity + 1]
    answer_a, answer_b = rng.permutation(ANSWERS[template.answer].split())[:2]
    members = tuple((ids[str(name)],) for name in names)
    answers = (ids[str(answer_a)],), (ids[str(answer_b)],)
    return KnowledgeSet(number, template.name, share, position, members[:-1], members[-1], *answers)


def draw_corpus(spec: CorpusSpec) -> Corpus:
    """The corpus that a spec describes, of either task."""
    return draw_english(spec) if spec.task == "english" else draw_synthetic(spec)


def sentence(corpus: Corpus, ids: Ids) -> str:
    """Some ids as a sentence for people: first letter large, a full stop at the end."""
    text = corpus.text(ids)
    return text[:1].upper() + text[1:] + "."
