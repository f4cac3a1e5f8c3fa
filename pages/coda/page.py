"""Page of CoDA: facts that overshadow facts, the law of it, and the decoders that bring the rare ones back."""

from streamlit.delta_generator import DeltaGenerator

from backends.coda.results import CodaResult, FilePart, LawPart, RecoveryPart
from backends.coda.settings import CodaSettings
from backends.coda.system import SYSTEM
from pages.coda import compare, corpus, named, own_file, own_knobs, own_prompt, real, views
from pages.house import frame, knobs, tasks
from pages.house.frame import Own, Page


def choose(settings: CodaSettings) -> None:
    """A preset, a link or a button of the page: knobs turned, run started; a recording in its place where the model is not here."""
    knobs.set_knobs(SYSTEM, settings)
    if not real.shows_recording(SYSTEM, settings):
        tasks.start(SYSTEM, settings)


def draw_live(part: object) -> None:
    """The newest partial result of whichever task runs."""
    if isinstance(part, LawPart):
        corpus.law_live(part)
    elif isinstance(part, RecoveryPart):
        corpus.recovery_charts(part, place="live")
    elif isinstance(part, FilePart):
        own_file.rows(part, place="live")
    elif isinstance(part, tuple):
        compare.live(part, tasks.running_settings(SYSTEM))


def first_view(task: str, result: CodaResult, beside: DeltaGenerator) -> None:
    """What is seen without scrolling; `beside` is the line of the tasks, which has room for one more choice."""
    if task == "compare":
        compare.answer(result, beside, choose)
    elif task == "law":
        corpus.law(result, beside)
    elif task == "recovery":
        corpus.recovery(result)
    else:
        own_file.answered(result)


def details(task: str, result: CodaResult) -> None:
    """Side by side, other trainings, detectors, sizes."""
    if task == "compare":
        compare.side_by_side(result)
        named.what_to_expect(result)
    if task == "law":
        corpus.over_training(result)
    if task == "recovery":
        corpus.finders(result)
        corpus.size_law(tasks.result_of(SYSTEM, "size"), choose)


def how(task: str, result: CodaResult) -> None:
    """The formulas; of a prompt with the numbers of the token that is looked at."""
    views.how_it_works(result)
    if task == "compare":
        compare.formula(result)


frame.show(Page(
    SYSTEM, views.note(SYSTEM), views.TASKS, choose=choose, turn=knobs.set_knobs,
    settle=views.settle, live=draw_live, first_view=first_view, details=details, how=how,
    paper=lambda _task, result: views.beside_the_paper(result), take=lambda _task, result: views.tables(result),
    code=views.code, is_empty=views.is_empty,
    knobs=lambda task: own_knobs.draw(SYSTEM, task, choose),
    own=Own(box=lambda: own_prompt.box(SYSTEM), is_there=lambda task: own_prompt.is_there(SYSTEM, task),
            is_answered=lambda result: own_prompt.is_answered(SYSTEM, result), panel=lambda: own_prompt.panel(SYSTEM, choose),
            title=lambda: own_prompt.title(SYSTEM)),
    views=("prompt", "decoder", "token", "log", "epoch"),
    substitute=lambda settings: real.shows_recording(SYSTEM, settings),
    instead=lambda task: real.recording(SYSTEM, task), card=lambda: real.card(SYSTEM),
    without=lambda task: own_file.invitation(choose) if task == "file" else frame.nothing_yet(), opened=("file",),
    remember=views.remember))
