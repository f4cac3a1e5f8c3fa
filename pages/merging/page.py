"""Page of merging: a model that sees and a model that reckons, poured into one, along a curve that a slider goes through."""

from streamlit.delta_generator import DeltaGenerator

from backends.merging.results import Folders, Grid, Looking, Merged, MergingResult
from backends.merging.settings import MergingSettings
from backends.merging.system import SYSTEM
from pages.house import frame, tasks
from pages.house.frame import Own, Page
from pages.merging import asked, child, disk, how, layers, own_file, own_knobs, own_panel, pairs, taking, views


def choose(settings: MergingSettings) -> None:
    """A preset, a link or a button of the page: knobs turned, run started."""
    own_knobs.turn(SYSTEM, settings)
    tasks.start(SYSTEM, settings)


def draw_live(part: object) -> None:
    """The newest partial result of whichever task runs."""
    if isinstance(part, Merged):
        child.live(part)
    elif isinstance(part, Grid):
        pairs.live(part)
    elif isinstance(part, Looking):
        layers.live(part)
    elif isinstance(part, Folders):
        disk.live(part)
    elif isinstance(part, tuple):
        asked.live(part)


def first_view(task: str, result: MergingResult, _beside: DeltaGenerator) -> None:
    """What is seen without scrolling: a curve with pictures, maps, bars, what was checked, or groups of questions."""
    if task == "merge":
        child.first_view(result, choose)
    elif task == "grid":
        pairs.first_view(result, choose)
    elif task == "probe":
        layers.first_view(result)
    elif task == "checkpoints":
        disk.first_view(result)
    else:
        asked.first_view(result)


def details(task: str, result: MergingResult) -> None:
    """Both parents and how far they are apart; the paper's line; inside an answer; the record; every question."""
    if task == "merge":
        child.details(result, choose)
    elif task == "grid":
        pairs.details(result, choose)
    elif task == "probe":
        layers.details(result)
    elif task == "checkpoints":
        disk.details(result)
    else:
        asked.details(result)


frame.show(Page(
    SYSTEM, views.NOTE, views.TASKS, choose=choose, turn=own_knobs.turn, settle=views.settle, live=draw_live,
    first_view=first_view, details=details, paper=views.beside_the_paper, how=how.how_it_works,
    take=lambda _task, result: taking.take(result), code=views.code, is_empty=views.is_empty, without=views.without,
    knobs=lambda task: own_knobs.draw(SYSTEM, task), kept=own_knobs.KEPT, common=own_knobs.COMMON,
    opened=("checkpoints", "ask"), remember=views.remember,
    views=child.VIEWS + pairs.VIEWS + layers.VIEWS + asked.VIEWS,
    own=Own(box=lambda: own_file.box(SYSTEM), is_there=lambda task: own_file.is_there(SYSTEM, task),
            is_answered=lambda result: own_file.is_answered(SYSTEM, result), panel=lambda: own_panel.panel(SYSTEM),
            title=lambda: own_file.title(SYSTEM))))
