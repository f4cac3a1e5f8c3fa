"""Every chart has a name and one sentence for people who do not see it."""

import plotly.graph_objects as go

from backends.registry import systems
from tests.visualizers.every import every_figure, recorded
from visualizers.alt import alt_of, described, name_of, sentence_of
from visualizers.contract import drawing
from visualizers.theme import themed


def test_every_figure_of_every_system_has_a_name_and_a_sentence_with_a_number_or_a_word_of_its_run():
    for name, figure in every_figure().items():
        sentence = sentence_of(figure)
        assert name_of(figure), name
        assert sentence.endswith(".") and 20 < len(sentence) < 600 and not {"nan", "None"} & set(sentence.split()), (name, sentence)
        assert "<" not in alt_of(figure), name


def test_no_two_charts_of_a_run_have_one_name():
    runs = [[name_of(figure) for figure in drawing(system.name).figures(result).values()]
            for system in systems() for _, result in recorded(system)]

    assert all(len(set(names)) == len(names) for names in runs), runs


def test_sentence_goes_with_the_figure_through_the_template_and_json():
    figure = themed(described(go.Figure(layout={"title": {"text": "a &lt; b"}}), "Two of three."), is_dark=True)

    assert alt_of(go.Figure(figure.to_dict())) == "a < b. Two of three."


def test_figure_without_a_sentence_has_its_name_alone():
    assert alt_of(go.Figure(layout={"title": {"text": "Costs"}})) == "Costs" and alt_of(go.Figure()) == ""
