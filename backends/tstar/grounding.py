"""From a question to the objects that are searched: targets decide, cues hint where targets may be (paper, Sec. 3.1).

Three ways in: a template parser that needs no model, the reply of a vision-language model, a person's own two lists.
Replies of small models are read leniently, where the released code drops every item whose reply is not
exactly two lines. Also here: from a reply to the letter of an option.
Not here: the model call itself.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from worlds.kit import COLOURS, KINDS

MAX_TARGETS = 4
MAX_CUES = 6
MAX_WORDS = 5  # of one name; more is prose
MAX_NAME = 60  # characters
MAX_REPLY = 4_000  # characters of a reply that are read

MatchRule = Literal["fixed", "official"]

_STOP_WORDS = """
a an the this that these those some any each every all both no not my your his her its our their me i you he she it we
they him them us what which who whom whose where when why how many much and or but if then than as of in on at to from
by with without into onto over under above below near next beside behind between around before after during while until
up down out off about through is are was were be been being am do does did done has have had having will would can could
shall should may might must there here one ones first second third last time times again also just only very more most
less least put puts place placed leave left take took taken see saw seen appear appears appeared appearing show shows
shown stand stands stood happen happens happened go goes went gone come came use used using hold held get got give gave
make made look looked find found keep kept pick picked move moved open opened close closed turn turned say said talk
talked wear wearing wore other another same different video clip scene scenes frame frames image picture moment part
colour color shape object thing things kind type number piece pieces person people someone anyone somebody man woman
right start end beginning old new big small large little
lie lies lay lying sit sits sat hang hangs hung tell please know doing inside outside together immediately finally instead
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())
COLOUR_WORDS = frozenset([*COLOURS, "black", "white", "grey", "gray", "brown", "gold", "silver", "beige"])
LABELS = re.compile(r"^\W*(?:\d+[.):]\s*)?\W*(?P<kind>key|target|main|cue|context|related)s?[\s_-]*"
                    r"(?:objects?|items?)?\s*(?:are|is)?\W*[:=]\s*", re.IGNORECASE)
RELATIONS = re.compile(r"^\W*(?:\d+[.):]\s*)?\W*relations?\b", re.IGNORECASE)


@dataclass(frozen=True)
class Grounding:
    """What to look for. No target means that there is nothing to search."""

    targets: tuple[str, ...]
    cues: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def prompt(question: str, options: Mapping[str, str] | None = None, *, num_frames: int = 8) -> str:
    """The text that goes to the model after `num_frames` picture slots, one per line."""
    listed = "" if not options else "Options:\n" + "\n".join(f"{letter}) {text}" for letter, text in options.items()) + "\n"
    return (
        f"The {num_frames} pictures above are taken at equal distances from one long video.\n"
        f"Question: {question}\n{listed}"
        "To answer it, the right moment must be found by looking for objects. Name two groups of visible things:\n"
        "1. key objects: they must be seen to answer the question;\n"
        "2. cue objects: they are probably near the key objects, in the same scenes.\n"
        "Write exactly two lines and nothing else. First line: the key objects. Second line: the cue objects. "
        "In each line, short names separated by commas."
    )


def answer_prompt(question: str, options: Mapping[str, str]) -> str:
    """The text that goes to the model after the returned frames, in time order."""
    listed = "\n".join(f"{letter}) {text}" for letter, text in options.items())
    return (f"The pictures are frames of one video, in order. Question: {question}\n{listed}\n"
            "Choose the best option. Reply with its letter only." if options else
            f"The pictures are frames of one video, in order. Question: {question}\nReply in one short sentence.")


def ground_template(question: str, options: Mapping[str, str] | None = None) -> Grounding:
    """Objects of the question by rule: colour and noun where there are such, otherwise runs of content words.

    "What did I put in the black dustbin?" gives "black dustbin". Cues are always empty: a question rarely names any, and
    we have no knowledge of what stands where.

    Args:
        options: letter -> text. Where the question repeats them ("... A) Red B) Blue"), they are cut out of it: most of
            them are not in the video.
    """
    for letter, option in (options or {}).items():
        question = re.sub(rf"\(?\b{re.escape(letter)}\s*[).:]\s*{re.escape(option)}", " ", question, flags=re.IGNORECASE)
    names = _colour_nouns(question) or _content_runs(question)
    notes = ["The objects were read from the question by rule: no model was asked, and there are no cues."]
    if not names:
        return Grounding((), (), ("The question names no object. Type the objects to look for.",))
    targets = _capped(names, MAX_TARGETS, "targets", notes)
    return Grounding(targets, (), tuple(notes))


def parse_grounding(reply: str, *, question: str = "", options: Mapping[str, str] | None = None) -> Grounding:
    """Targets and cues from whatever a model said: two lines, labels, numbered lists, bullets, JSON, prose around it.

    Nothing usable: the nouns of `question` if it is given, and a note. An item is never dropped.
    """
    notes: list[str] = []
    if len(reply) > MAX_REPLY:
        notes.append(f"The reply has {len(reply)} characters; the first {MAX_REPLY} were read.")
    reply = reply[:MAX_REPLY]
    groups = None if reply.lstrip().startswith("Error:") else _from_json(reply) or _from_lines(reply, notes)
    wanted = _names(groups[0], notes) if groups else []
    if not wanted and not question:
        return Grounding((), (), (*notes, "The model's reply names no objects."))
    if not wanted:
        fallback = ground_template(question, options)
        return Grounding(fallback.targets, (), (*notes, "The model's reply names no objects.", *fallback.notes))
    targets = _capped(wanted, MAX_TARGETS, "targets", notes)
    cues = _capped(_without(_names(groups[1] if groups else [], notes), targets), MAX_CUES, "cues", notes)
    return Grounding(targets, cues, tuple(notes))


def _colour_nouns(question: str) -> list[str]:
    """ "red star" and the like: a colour and the noun behind it."""
    words = _words(question)
    found = []
    for index, word in enumerate(words[:-1]):
        noun = words[index + 1]
        if word in COLOUR_WORDS and noun not in STOP_WORDS and noun not in COLOUR_WORDS:
            found.append(f"{word} {_singular(noun)}")
    return list(dict.fromkeys(found))


def _singular(noun: str) -> str:
    """The detector of generated videos knows singular names; other nouns stay as they are written."""
    return noun[:-1] if noun.endswith("s") and noun[:-1] in KINDS else noun


def _content_runs(question: str) -> list[str]:
    """Runs of words that are no question, stop or filler words; of a long run the last three, where the noun is."""
    runs: list[list[str]] = [[]]
    for part in re.split(r"[^\w\s'-]+", question.lower()):
        for word in _words(part):
            if word in STOP_WORDS or word.isdigit():
                runs.append([])
            else:
                runs[-1].append(word)
        runs.append([])
    return list(dict.fromkeys(" ".join(run[-3:]) for run in runs if run and len(" ".join(run)) > 1))


def _words(sentence: str) -> list[str]:
    return [word.removesuffix("'s").strip("'-") for word in re.findall(r"[^\W_][\w'-]*", sentence.lower().replace("’", "'"))]


def _split(listed: str) -> list[str]:
    return re.split(r"[,;\n]", listed)


def _names(raw: Iterable[str], notes: list[str]) -> list[str]:
    """Clean, lower-case, different names; prose is left out with a note."""
    names = []
    for entry in raw:
        name = re.sub(r"^\s*(?:[-*•]+|\(?\d+[.):]|\(?[a-h][.)])\s*", "", entry.strip().lower())
        name = re.sub(r"^(?:and|or|the|a|an)\s+", "", re.sub(r"\s+", " ", re.sub(r"[^\w\s'-]", " ", name)).strip())
        name = name.strip(" -'_")
        if not name or name in ("none", "n/a", "na", "null", "nothing", "none none"):
            continue
        if len(name.split()) > MAX_WORDS or len(name) > MAX_NAME:
            notes.append(f"Left out {entry.strip()[:60]!r}: a name has at most {MAX_WORDS} words.")
        elif name not in names:
            names.append(name)
    return names


def _without(names: Iterable[str], others: Iterable[str]) -> list[str]:
    others = set(others)
    return [name for name in names if name not in others]


def _capped(names: Sequence[str], most: int, what: str, notes: list[str]) -> tuple[str, ...]:
    if len(names) > most:
        notes.append(f"{len(names)} {what} were named; the first {most} are searched.")
    return tuple(names[:most])


def _from_json(reply: str) -> tuple[list[str], list[str]] | None:
    """Two lists out of a JSON object, or a list of two lists, anywhere in the reply."""
    starts = sorted(place for place in (reply.find("{"), reply.find("[")) if place >= 0)
    for start in starts:
        try:
            found, _ = json.JSONDecoder().raw_decode(reply[start:])
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict):
            targets = next((value for key, value in found.items() if re.search("key|target", str(key), re.I)), None)
            cues = next((value for key, value in found.items() if re.search("cue|context", str(key), re.I)), None)
            if targets is not None:
                return _texts(targets), _texts(cues)
        elif isinstance(found, list) and len(found) == 2 and all(isinstance(part, list) for part in found):
            return _texts(found[0]), _texts(found[1])
    return None


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return _split(value)
    return [entry for entry in value if isinstance(entry, str)] if isinstance(value, list) else []


def _from_lines(reply: str, notes: list[str]) -> tuple[list[str], list[str]] | None:
    """Two lists out of lines: labelled ones if there are labels, otherwise the first two that look like lists."""
    lines = [line.strip().strip("`") for line in reply.split("\n")]
    lines = [line for line in lines if line.strip("`*-_ ") and line.lower() != "json"]
    groups: dict[str, list[str]] = {"target": [], "cue": []}
    current = None
    for line in lines:
        if RELATIONS.match(line):
            notes.append("The reply names relations between objects; they are not used.")
            current = None
            continue
        label = LABELS.match(line)
        if label:
            current = "cue" if label["kind"].lower() in ("cue", "context", "related") else "target"
            line = line[label.end():]
        if current and _looks_like_list(line):
            groups[current] += _split(line.strip("[]"))
    if groups["target"]:
        return groups["target"], groups["cue"]
    lists = [_split(line.strip("[]")) for line in lines if _looks_like_list(line) and not RELATIONS.match(line)]
    if not lists:
        return None
    if len(lists) > 2:
        notes.append(f"The reply has {len(lists)} lines with names; the first two were read.")
    return lists[0], lists[1] if len(lists) > 1 else []


def _looks_like_list(line: str) -> bool:
    """Whether the pieces between commas are short: prose is not, and neither is a heading that ends in a colon."""
    if line.rstrip().endswith((":", "?")):
        return False
    pieces = [piece for piece in _split(line) if piece.strip()]
    return bool(pieces) and max(len(piece.split()) for piece in pieces) <= MAX_WORDS


def match_answer(reply: str, options: Mapping[str, str], *, rule: MatchRule = "fixed") -> str | None:
    """The letter of the option that a reply means, or None.

    `official` is the released code's rule with its flaw: the first letter of the reply if it is A-F, so that
    "Answer: B" is A and "Based on ..." is B. `fixed` takes a letter that stands alone or behind "answer", and otherwise
    the one option whose text is in the reply.
    """
    said = reply.strip()
    if rule == "official":
        letter = said[:1].upper()
        return letter if letter and letter in "ABCDEF" else (said if said in options else None)
    letters = "".join(options)
    alone = re.fullmatch(rf"\W*([{letters}])\W*", said, re.IGNORECASE) if letters else None
    if alone:
        return alone[1].upper()
    if letters:
        for pattern in (rf"\b(?:answer|option|choice)\b(?:\s+(?:is|would be))?\W*(?:(?:option|choice)\s+)?\(?([{letters}])(?![\w'])",
                        rf"^\W*([{letters}])\s*[).:,]", rf"\(([{letters}])\)", rf"(?<!\w)([{letters}])[).:](?=\s|$)"):
            named = {letter.upper() for letter in re.findall(pattern, said, re.IGNORECASE)}
            if len(named) == 1:
                return named.pop()
            if len(named) > 1:
                return None  # it argues for several
    matches = [letter for letter, text in options.items() if text and re.search(rf"(?<!\w){re.escape(text)}(?!\w)", said, re.I)]
    longest = [one for one in matches
               if not any(other != one and options[one].lower() in options[other].lower() for other in matches)]
    return longest[0] if len(longest) == 1 else None
