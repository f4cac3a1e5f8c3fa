"""What comes out of a run, as Gradio shows it: figures, pictures, numbers, a line of progress, a sentence for people."""

from html import escape

import gradio as gr

from backends.registry import System
from backends.run import Progress, Result, plain_json
from visualizers.contract import Charts, Pictures, drawing
from visualizers.theme import themed
from worlds.errors import InputError, disk_sentence


def figures_of(what: System, event: object) -> Charts | None:
    """The plotly figures of an event, or None where there is nothing to draw."""
    drawn = drawing(what.name)
    figures = drawn.figures(event) if isinstance(event, Result) else drawn.live(event)
    # Gradio does not tell whether a browser is dark: on white, the light template can be read in both
    return figures and {title: themed(figure, is_dark=False).update_layout(paper_bgcolor="#FFFFFF")
                        for title, figure in figures.items()}


def pictures_of(what: System, event: object) -> Pictures:
    """The pictures of an event with their captions; a system without pictures has none."""
    return drawing(what.name).pictures(event)


def summary(result: Result) -> dict[str, object]:
    """The numbers of a result, as JSON."""
    return {name: plain_json(value) for name, value in result.summary().items()}


def progress_line(progress: Progress) -> str:
    left = f", {progress.seconds_left:.0f} s left" if progress.seconds_left is not None else ""
    return f"{progress.fraction:.0%}: {progress.stage}{left}"


def for_people(error: InputError | OSError) -> gr.Error:
    """The sentence as Gradio shows it, whose messages are read as HTML."""
    said = str(error) if isinstance(error, InputError) else disk_sentence(error) or "Something went wrong on our side. Try again."
    return gr.Error(escape(said, quote=False), print_exception=not isinstance(error, InputError))
