"""What the browser is given to draw all figures from: one file per chart, light, nothing before a click."""

from backends.files.saved import load_result
from backends.registry import system
from pages.house import svg


def test_every_chart_of_a_result_becomes_a_file_in_the_light_template():
    coda = system("coda")
    files = svg.files(coda, load_result(coda.recorded.read_bytes(), coda.result))

    assert [one["name"] for one in files][:2] == ["01-greedy-probabilities.svg", "02-coda-orrery-s-variant-probabilities.svg"]
    assert {one["figure"]["layout"]["template"]["layout"]["font"]["color"] for one in files} == {"#1F2430"}


def test_names_are_names_of_files():
    assert svg._slug("CoDA, scores: s(y) / “x”") == "coda-scores-s-y-x" and svg._slug("…") == "figure"
