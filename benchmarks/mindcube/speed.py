"""How long it takes to score as many replies as TinyBench has questions: letters alone, with maps, and replies that are hostile."""

from collections.abc import Sequence
from time import process_time

from backends.files.rows import OddRows, Row
from backends.mindcube.formats.records import read_row
from backends.mindcube.grounding import grounded
from backends.mindcube.items import Answered, Item
from backends.mindcube.maps import to_json
from backends.mindcube.scoring import score
from benchmarks.tables import markdown

COUNT, LONG = 1050, 100_000  # replies; characters of one that is meant to take long
NAMES = ("chest", "sofa", "wall", "door", "lamp")


def section() -> str:
    items = [read_row(_row(number), number, "raw", OddRows()).item for number in range(COUNT)]
    cases = {"letters alone": [f"<answer>{item.answer}</answer>" for item in items],
             "augmented maps": [f"<cogmap>{to_json(grounded(item))}</cogmap><answer>{item.answer}</answer>" for item in items],
             f"{LONG:,} opening braces, 10 replies": ["{" * LONG + "}"] * 10}
    rows = [[name, f"{len(replies):,}", f"{_seconds(items, replies):.2f} s"] for name, replies in cases.items()]
    return f"## MindCube: scoring\n\n{markdown(('replies', 'how many', 'CPU time'), rows)}"


def _row(number: int) -> Row:
    question = (f"From the viewpoint presented in image {1 + number % 4}, what is to the left of the chest? "
                "A. Sofa B. Wall C. Door D. Lamp")
    return {"id": f"among_group{number}_q{number % 4}_5_1", "question": question, "gt_answer": "ABCD"[number % 4],
            "images": [f"{side}_1.png" for side in ("front", "left", "back", "right")],
            "meta_info": [list(NAMES), ["face", None, None, None, None]]}


def _seconds(items: Sequence[Item], replies: Sequence[str]) -> float:
    start = process_time()
    score([Answered(item, reply) for item, reply in zip(items, replies)], task="aug_cgmap_ffr_out")
    return process_time() - start
