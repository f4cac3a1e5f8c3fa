"""One row of any of MindCube's files, read into a question and, where there is one, a reply.

What the pipeline adds to a row keeps its name (grounded_cogmap, input_prompt, grounded_output, reasoning_chain), so one reader
serves questions, scaffolds, prompts and replies. RL's rows and the conversations of fine-tuning write their question into the
prompt. Facts that have another form cost the true map and nothing else.
"""

from pydantic import JsonValue

from backends.files.cells import cut, texts
from backends.files.logs import MAX_SAID, plain, said, written
from backends.files.rows import OddRow, OddRows, Row
from backends.mindcube.formats.listing import Layout
from backends.mindcube.ids import MAX_ID, Id, parse_id, setting_of
from backends.mindcube.items import LETTERS, Answered, Facts, Item, facts_of, kind_named, options_in
from backends.mindcube.prompts import QUESTION
from backends.mindcube.reading import official_letter

REPLIES = ("cogmap_gen_answer", "cogmap_answer", "answer")  # the evaluator's order
MAX_IMAGES = 64  # of one question; interpolated frames included
_PLACEHOLDER = "<image>"


def layout_of(row: Row) -> Layout | None:
    """Return what kind of row an object is; None where it is none of MindCube's."""
    if isinstance(row.get("conversations"), list):
        return "training"
    if isinstance(row.get("question_str"), str):
        return "rl"
    if not isinstance(row.get("question"), str) or not ("gt_answer" in row or "images" in row):
        return None
    if any(isinstance(row.get(name), str) for name in REPLIES):
        return "responses"
    if "input_prompt" in row:
        return "prompts"
    return "scaffold" if "grounded_cogmap" in row or "reasoning_chain" in row else "raw"


def read_row(row: Row, number: int, layout: Layout, odd: OddRows) -> Answered:
    """Return a row read.

    Args:
        odd: is told of what could not be read although the row could.
    Raises:
        OddRow: it has no question, or no right letter.
    """
    if layout == "training":
        return Answered(_conversation(row, number), None)
    if layout == "rl":
        return Answered(_of_rl(row, number), None)
    name = _id(row, number)
    place = parse_id(name)
    stem, options = options_in(said(row["question"]))
    item = Item(
        id=name, place=place, question=said(row["question"]), stem=stem, options=options, images=_images(row, number),
        answer=_letter(row, number), category=_category(row), kind=kind_named(row.get("type")), facts=_facts(place, row, number, odd),
        grounded=written(row.get("grounded_cogmap")), prompt=said(row.get("input_prompt")), target=said(row.get("grounded_output")),
        chain=_joined(row.get("reasoning_chain")))
    if layout != "responses":
        return Answered(item, None)
    field = next(name for name in REPLIES if isinstance(row.get(name), str))
    reply, own_map = str(row[field]), written(row.get("cognitive_map")) or written(row.get(f"{field}_cognitive_map"))
    if len(reply) > MAX_SAID:
        odd.repair(number, f"Its reply has {len(reply):,} characters, of which the first {MAX_SAID:,} are read.", "long reply")
    return Answered(item, said(reply), said(row.get("model_type"), 200), own_map)


def _id(row: Row, number: int) -> str:
    name = said(row.get("id"), MAX_ID)
    if not name:
        raise OddRow(f"Row {number} has no id. Each question must have one.", "no id")
    return name


def _letter(row: Row, number: int) -> str:
    letter = said(row.get("gt_answer"), 5).strip().upper()
    if len(letter) != 1 or letter not in LETTERS:
        raise OddRow(f"Row {number} has gt_answer = {cut(row.get('gt_answer'))}. It must be a letter from A to E.", "no right letter")
    return letter


def _images(row: Row, number: int) -> tuple[str, ...]:
    images = texts(row, "images", where=f"Row {number}")
    if len(images) > MAX_IMAGES:
        raise OddRow(f"Row {number} has {len(images):,} images. At most {MAX_IMAGES} are read of one question.", "too many images")
    return tuple(said(image, 500) for image in images)


def _category(row: Row) -> tuple[str, ...]:
    category = row.get("category")
    return tuple(said(word, 80) for word in category[:20]) if isinstance(category, list) else ()


def _facts(place: Id, row: Row, number: int, odd: OddRows) -> Facts | None:
    if row.get("meta_info") is None or place.setting in ("translation", "other"):
        return None
    try:
        return facts_of(place.setting, row["meta_info"])
    except OddRow as error:
        odd.repair(number, f"{error} So the true map is known only where the file writes it.", error.kind)
        return None


def _joined(value: object) -> str:
    """Return a chain as one text; some write its steps as a list."""
    kept: JsonValue = plain(value)
    return " ".join(map(said, kept)) if isinstance(kept, list) else said(kept)


def _of_prompt(text: str) -> tuple[str, str]:
    """Return the prompt without its placeholders, and the question in it."""
    prompt = text.replace(_PLACEHOLDER, "").strip()
    return prompt, prompt.rpartition(QUESTION.strip())[2].strip()


def _of_rl(row: Row, number: int) -> Item:
    name = _id(row, number)
    prompt, question = _of_prompt(said(row["question_str"]))
    stem, options = options_in(question)
    return Item(id=name, place=parse_id(name), question=question, stem=stem, options=options, images=_images(row, number),
                answer=_letter(row, number), prompt=prompt)


def _conversation(row: Row, number: int) -> Item:
    """Return the question of a conversation, which has no id: its setting is told by its images, its letter by what is to be said."""
    turns = row["conversations"]
    told = {said(turn.get("from"), 20): said(turn.get("value")) for turn in turns[:4] if isinstance(turn, dict)} \
        if isinstance(turns, list) else {}
    if not told.get("human") or not told.get("gpt"):
        raise OddRow(f"Row {number} has no turns of human and gpt. A conversation must have both.", "no conversation")
    prompt, question = _of_prompt(told["human"])
    stem, options = options_in(question)
    images = _images(row, number)
    letter = official_letter(told["gpt"].rpartition("<answer>")[2])
    if letter is None:
        raise OddRow(f"Row {number} ends in {cut(told['gpt'][-60:])}. The last turn must name a letter.", "no right letter")
    chain = told["gpt"].partition("<think>")[2].partition("</think>")[0]
    place = Id(setting_of(images[0] if images else ""))
    return Item(id="", place=place, question=question, stem=stem, options=options, images=images, answer=letter, prompt=prompt,
                target=told["gpt"], chain=chain)
