"""Page of grafting: attention cut out of a model that paints, something else put in, and what heals the pictures."""

from streamlit.delta_generator import DeltaGenerator

from backends.grafting.results import Grafted, GraftingResult, Locality, Speed
from backends.grafting.settings import GraftingSettings
from backends.grafting.system import SYSTEM
from backends.registry import System
from pages.grafting import graft, how, locality, own_file, own_knobs, own_panel, speed, taking, views
from pages.house import frame, knobs, tasks
from pages.house.frame import Own, Page


def choose(settings: GraftingSettings) -> None:
    """A preset, a link or a button of the page: knobs turned, run started."""
    turn(SYSTEM, settings)
    tasks.start(SYSTEM, settings)


def turn(system: System[GraftingSettings, GraftingResult], settings: GraftingSettings) -> None:
    """Turn the knobs; a configuration that turned them before is forgotten."""
    own_file.forget_configuration()
    knobs.set_knobs(system, settings)


def draw_live(part: object) -> None:
    """The newest partial result of whichever task runs."""
    if isinstance(part, Grafted):
        graft.live(part)
    elif isinstance(part, Locality):
        locality.live(part)
    elif isinstance(part, Speed):
        speed.live(part)


def first_view(task: str, result: GraftingResult, _beside: DeltaGenerator) -> None:
    """What is seen without scrolling."""
    if task == "graft":
        graft.first_view(result)
    elif task == "locality":
        locality.first_view(result)
    else:
        speed.first_view(result)


def details(task: str, result: GraftingResult) -> None:
    """How it healed, how good it is, what it costs; or the maps; or every timing."""
    if task == "graft":
        graft.details(SYSTEM, result, choose)
    elif task == "locality":
        locality.details(result)
    else:
        speed.details(result)


frame.show(Page(
    SYSTEM, views.NOTE, views.TASKS, choose=choose, turn=turn, settle=views.settle, live=draw_live,
    first_view=first_view, details=details, paper=views.beside_the_paper, how=how.how_it_works,
    take=lambda _task, result: taking.take(result), code=views.code, is_empty=views.is_empty,
    knobs=lambda task: own_knobs.draw(SYSTEM, task), views=graft.VIEWS + locality.VIEWS, remember=views.remember,
    common=own_knobs.OF_CHECKPOINT, own=Own(box=lambda: own_file.box(SYSTEM), is_there=lambda task: own_file.is_there(SYSTEM, task),
            is_answered=lambda result: own_file.is_answered(SYSTEM, result), panel=lambda: own_panel.panel(SYSTEM),
            title=lambda: own_file.title(SYSTEM))))
