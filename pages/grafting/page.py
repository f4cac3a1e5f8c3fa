"""Page of grafting: attention cut out of a model that paints, something else put in, and what heals the pictures."""

from streamlit.delta_generator import DeltaGenerator

from backends.grafting.results import Grafted, GraftingResult, Locality, Speed
from backends.grafting.settings import GraftingSettings
from backends.grafting.system import SYSTEM
from pages.grafting import graft, how, locality, own_knobs, speed, taking, views
from pages.house import frame, knobs, tasks
from pages.house.frame import Page


def choose(settings: GraftingSettings) -> None:
    """A preset, a link or a button of the page: knobs turned, run started."""
    knobs.set_knobs(SYSTEM, settings)
    tasks.start(SYSTEM, settings)


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
    SYSTEM, views.NOTE, views.TASKS, choose=choose, turn=knobs.set_knobs, settle=views.settle, live=draw_live,
    first_view=first_view, details=details, paper=views.beside_the_paper, how=how.how_it_works,
    take=lambda _task, result: taking.take(result), code=views.code, is_empty=views.is_empty,
    knobs=lambda task: own_knobs.draw(SYSTEM, task), views=graft.VIEWS + locality.VIEWS, remember=views.remember))
