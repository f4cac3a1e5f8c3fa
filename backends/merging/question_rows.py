"""One row of any question file, read into a question: its words, options, right answer, what kind of answer is due, and its group.

Names on disk (read in the data sets' own files and in VLMEvalKit's readers):
    MathVista   pid, image, question, choices, unit, precision, answer (an option's text), answer_type, metadata.category
    MathVerse   sample_index, problem_index, problem_version, question (its options inline, "" of Vision Only), query_wo, query_cot
    MathVision  id, image, question, options, answer (a letter), level, subject
    MMStar      index, image, question, answer, category, l2_category
    MMMU        id, question, options (a list as text), image_1 to image_7, answer, subfield
    DynaMath    image, question, answer, answer_type, subject, level; of VLMEvalKit also qid and varid, the seed and its variant
    VLMEvalKit  index, image (base64), question, A, B, C, ..., answer, answer_option; a result has `prediction` too
    ours        id, image, question, answer, group, options
"""

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

from backends.files.cells import as_number, as_text, cut, is_missing, unfolded
from backends.files.logs import MAX_SAID, said
from backends.files.rows import OddRow, Row
from backends.merging.inline_options import LETTERS, MAX_OPTION, options_in
from backends.merging.pictures import COLUMNS, Place
from backends.merging.written_numbers import numbers_in

_COLUMNS_OF_OPTIONS = LETTERS[:10]
Group = Literal["perception", "reasoning", "joint"]
Form = Literal["letter", "integer", "float", "list", "number", "text"]
Benchmark: TypeAlias = Literal["mathvista", "mathverse", "mathvision", "mmstar", "mmmu", "dynamath", "own", ""]
Version = Literal["T-D", "T-L", "V-I", "V-D", "V-O"]
VERSIONS: tuple[Version, ...] = ("T-D", "T-L", "V-I", "V-D", "V-O")
_VERSION_OF: dict[str, str] = {"text dominant": "T-D", "text lite": "T-L", "vision intensive": "V-I", "vision dominant": "V-D",
                               "vision only": "V-O", "text only": "T-O"}
GENERAL, TARGETED = "general-vqa", "math-targeted-vqa"
_GROUP_OF: dict[str, Group] = {"perception": "perception", "reasoning": "reasoning", "joint": "joint", GENERAL: "perception",
                               TARGETED: "reasoning"}
_REASONS: tuple[Benchmark, ...] = ("mathverse", "mathvision", "dynamath")  # visual mathematics throughout
_STAR = ("coarse perception", "fine-grained perception", "instance reasoning", "logical reasoning", "science & technology", "math")
_FORM_OF: dict[str, Form] = {"integer": "integer", "float": "float", "list": "list", "text": "text"}
_IDS = ("index", "id", "pid", "sample_index")
_QUERIES = ("query", "query_wo", "query_cot")  # whole prompts, as MathVista and MathVerse make them
_REPLIES = ("response", "model_answer", "prediction")  # raw ones first: MathVista's own `prediction` is what a judge made of it
KNOWN = (*_IDS, "qid", "varid", "problem_index", "problem_version", *COLUMNS, "question", "question_for_eval", "hint", *_QUERIES,
         "choices", "options", *_COLUMNS_OF_OPTIONS, "answer", "answer_option", "answer_type", "question_type", "precision", "unit",
         "category", "l2_category", "metadata", "meta_info", "task", "subject", "subfield", "topic_difficulty", "level",
         "knowledge_level", "group", "subset", *_REPLIES)
MAX_TEXT, MAX_OPTIONS, MAX_ID, MAX_NAME = 20_000, len(LETTERS), 200, 200
MAX_DECIMALS = 12
_STEM = re.compile(r"\bquestion:\s*", re.IGNORECASE)
_BEFORE, _UNIT = re.compile(r"(?:[A-Za-z]\s?=\s?)?[$€£]?\s?"), re.compile(r"[\s°%A-Za-zµ²³^/·.\d]{0,20}")
_MARK = re.compile(r"<image\s?(\d{1,2})>")
# of one that stands alone nobody says more than that it is there; no blanks before it, which would be looked at again and again
_LONE_MARK = re.compile(r"(?:^|(?<=\n))<image\s?\d{1,2}>[ \t]*(?:\n|$)|<image\s?\d{1,2}>(?=\s*$)")


@dataclass(frozen=True)
class Question:
    """One question.

    Attributes:
        text: without its options.
        prompt: the whole of it as the file words it for a model; "" where it does not.
        answer: the right one, a letter where there are options; "" where the file does not say.
        form: what kind of answer is due.   precision: decimals of a float; None where nothing says.
        group: what it asks for.    is_group_guessed: nothing in its row said so.
        subset: a version of MathVerse, a task of MathVista, a subject of the others.
        family: questions of one family are versions of one problem; they are drawn together, where intervals are made.
        prediction: a model's reply, where the file has one.
    """

    id: str
    text: str
    options: tuple[str, ...]
    answer: str
    form: Form
    group: Group
    is_group_guessed: bool = False
    benchmark: Benchmark = ""
    precision: int | None = None
    unit: str = ""
    subset: str = ""
    family: str = ""
    prompt: str = ""
    prediction: str | None = None
    pictures: tuple[Place, ...] = ()


def version_in(name: str) -> str:
    """Return the version of MathVerse that a file's name says, as VLMEvalKit writes one for each; "" where it says none."""
    plain = name.lower().replace("_", " ").replace("-", " ")
    return next((version for words, version in _VERSION_OF.items() if words in plain), "")


def is_question(row: Row) -> bool:
    """Whether a row is a question at all; evaluations and other tables are not."""
    return "question" in row or any(isinstance(row.get(name), str) for name in _QUERIES)


def read_row(row: Row, number: int, named: Benchmark = "") -> Question:
    """Return a row read; its pictures are for others to find.

    Args:
        named: the data set, as the file's name says; for rows that do not tell.
    Raises:
        OddRow: it has no words, or more options than there are letters.
    """
    more = _facts(row)
    text, prompt = _words(row)
    if not text and not prompt:
        raise OddRow(f"Row {number} has no question. It must have words in 'question', or in 'query'.", "no question")
    benchmark = _benchmark(row, more) or named
    stem, options = _options(row, text, number)
    answer, form = _answer(row, options, benchmark)
    group = _group(row, more, benchmark)
    return Question(
        id=_text(row, *_IDS)[:MAX_ID] or str(number), text=stem, options=options, answer=answer, form=form, group=group or "joint",
        is_group_guessed=group is None, benchmark=benchmark, precision=_precision(row) if form == "float" else None,
        unit=_text(row, "unit")[:MAX_NAME], subset=_subset(row, more, benchmark)[:MAX_NAME],
        family=_family(row, benchmark)[:MAX_NAME], prompt=prompt, prediction=_prediction(row))


def _text(row: Row, *names: str) -> str:
    """Return the first of these that is there, as text; nothing where none is."""
    for name in names:
        if not is_missing(value := row.get(name)):
            return said(as_text(value) or "").strip()
    return ""


def _facts(row: Row) -> Row:
    """Return what stands in `metadata`, an object or one that is written out as text."""
    for name in ("metadata", "meta_info"):
        found = unfolded(row.get(name))
        if isinstance(found, dict):
            return found
    return {}


def _words(row: Row) -> tuple[str, str]:
    """Return the question, and the whole prompt where the file has one: in a column, or as the question (VLMEvalKit's MathVista)."""
    text = _text(row, "question")[:MAX_TEXT]
    text = _MARK.sub(r"picture \1", _LONE_MARK.sub("", text)).strip()
    if hint := _text(row, "hint")[:MAX_TEXT]:  # of VLMEvalKit's tables of options
        text = f"{hint}\n{text}" if text else hint
    prompt = _text(row, *_QUERIES)[:MAX_TEXT]
    if text.lower().startswith("hint:"):
        match = _STEM.search(text)
        return (text[match.end():] if match else text), prompt or text
    return text, prompt


def _options(row: Row, text: str, number: int) -> tuple[str, tuple[str, ...]]:
    """Return the question without its options, and these: from a list, from columns A, B, ..., or out of its words."""
    stem, inline = options_in(text)
    listed = unfolded(row.get("choices"))
    listed = listed if isinstance(listed, list) and listed else unfolded(row.get("options"))
    if isinstance(listed, dict):
        listed = list(listed.values())
    options = tuple((as_text(option) or "").strip()[:MAX_OPTION] for option in listed) if isinstance(listed, list) else ()
    if not options and not (is_missing(row.get("A")) or is_missing(row.get("B"))):
        options = tuple(_text(row, letter)[:MAX_OPTION] for letter in _COLUMNS_OF_OPTIONS)
        while options and not options[-1]:
            options = options[:-1]
    if len(options) > MAX_OPTIONS:
        raise OddRow(f"Row {number} has {len(options)} options. At most {MAX_OPTIONS} are read, one for each letter.", "many options")
    return (stem, options or inline) if inline else (text, options)


def _answer(row: Row, options: tuple[str, ...], benchmark: Benchmark) -> tuple[str, Form]:
    """Return the right answer and its form.

    Of options it is a letter or an option's words; where it could be either, MathVista and our own files mean the words.
    """
    answer = _text(row, "answer")[:MAX_OPTION]
    if options:
        letter = _text(row, "answer_option").strip("().").upper()
        if letter in LETTERS[:len(options)] and len(letter) == 1:
            return letter, "letter"
        words = next((LETTERS[place] for place, option in enumerate(options) if option == answer), "")
        plain = answer.strip("(). ").upper()
        named = plain if len(plain) == 1 and plain in LETTERS[:len(options)] else ""
        return ((words or named) if benchmark in ("mathvista", "own") else (named or words)), "letter"
    kind = _text(row, "answer_type").lower()
    if kind == "multiple choice" or (len(answer) == 1 and answer in LETTERS[:5]):
        return answer.upper(), "letter"  # its options stand in the picture alone
    return answer, _FORM_OF.get(kind, "number" if _is_number(answer) else "text")


def _is_number(answer: str) -> bool:
    """Whether an answer is one number, its unit and its name aside: 14, x = 5, 6cm, 145°, 2√3 m, 40π cm^2."""
    found = numbers_in(answer)
    before, _, after = answer.partition(found[0][0]) if len(found) == 1 else ("?", "", "")
    return _BEFORE.fullmatch(before) is not None and _UNIT.fullmatch(after) is not None


def _benchmark(row: Row, more: Row) -> Benchmark:
    category = _text(row, "category") or _text(more, "category")
    if _text(row, "problem_version") or _text(more, "problem_version"):
        return "mathverse"
    if category.lower() in (GENERAL, TARGETED):
        return "mathvista"
    if _text(row, "qid", "varid", "knowledge_level") or (_text(row, "answer_type") and isinstance(row.get("level"), str)
                                                         and as_number(row["level"]) is None):
        return "dynamath"
    if category.lower() in _STAR:
        return "mmstar"
    if not is_missing(row.get("subfield")) or not is_missing(row.get("topic_difficulty")):
        return "mmmu"
    if _text(row, "group").lower() in _GROUP_OF:
        return "own"
    return "mathvision" if as_number(row.get("level")) is not None else ""


def _group(row: Row, more: Row, benchmark: Benchmark) -> Group | None:
    own = _GROUP_OF.get(_text(row, "group").lower())
    category = (_text(row, "category") or _text(more, "category")).lower()
    if own or category in _GROUP_OF:
        return own or _GROUP_OF[category]
    if benchmark == "mmstar":
        return "perception" if "perception" in category else "reasoning"
    return "reasoning" if benchmark in _REASONS else None


def _subset(row: Row, more: Row, benchmark: Benchmark) -> str:
    if benchmark == "mathverse":
        version = _text(row, "problem_version") or _text(more, "problem_version")
        return _VERSION_OF.get(version.lower().replace("_", " ").replace("-", " "), version)
    names = {"mathvista": ("task",), "mmstar": ("category",), "mmmu": ("subfield", "l2_category", "category")}.get(
        benchmark, ("subset", "subject", "category"))
    return _text(row, *names) or _text(more, *names)


def _family(row: Row, benchmark: Benchmark) -> str:
    name = {"mathverse": "problem_index", "dynamath": "qid"}.get(benchmark, "")
    return _text(row, name) if name else ""


def _precision(row: Row) -> int | None:
    found = as_number(row.get("precision"))
    return int(found) if found is not None and found == int(found) and 0 <= found <= MAX_DECIMALS else None


def _prediction(row: Row) -> str | None:
    """Return the model's reply; a cell that is empty is a reply of nothing, and where there is no column there is none."""
    name = next((name for name in _REPLIES if not is_missing(row.get(name))), None)
    if name is None:
        return "" if any(name in row for name in _REPLIES) else None
    return said(as_text(row[name]) or cut(row[name]))[:MAX_SAID]
