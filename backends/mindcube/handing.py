"""Maps in the hand of a mapper in words: a question asked once with each map on which its four things may stand.

One whose way is given a map reads another one in its prompt; one whose way writes a map finds another one in its mouth, and goes on
from there. The views stay as they are: who answers what stands on the map where the answer lies follows the map.
"""

from collections.abc import Sequence
from dataclasses import replace

from transformers import PreTrainedModel

from backends.mindcube.results import ORDERS, Handed
from models.mappers.examples import Example
from models.mappers.learning import Task, ask
from models.mappers.ways import Way
from models.mappers.words import text_of


def handed(model: PreTrainedModel, way: Way, examples: Sequence[Example]) -> tuple[Handed, ...]:
    """Return what a mapper answers to some questions with each map; nothing where its way has none.

    Args:
        examples: of `models.mappers.symbols`: their maps have a thing in the north, east, south and west.
    """
    if not (way.has_map or way.writes_map):
        return ()
    maps = [[replace(spot, thing=example.spots[place].thing) for spot, place in zip(example.spots, order)]
            for example in examples for order in ORDERS]
    tasks = [Task(example) for example in examples for _ in ORDERS]
    replies = ask(model, way, tasks, maps=maps if way.has_map else None, begun=maps if way.writes_map else None)
    answers = [text_of(reply.answer) for reply in replies]
    return tuple(Handed(
        asked=" ".join(example.asked), things=tuple(text_of(spot.thing) for spot in example.spots), where=example.where,
        answers=tuple(answers[first:first + len(ORDERS)])) for first, example in zip(range(0, len(answers), len(ORDERS)), examples))
