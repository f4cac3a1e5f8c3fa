"""The drawing of the orrery: every ring, every ball, a link where it is one, still where a person asks for it."""

from itertools import combinations
from math import cos, dist, radians, sin
from xml.etree import ElementTree

import pytest

from visualizers.orrery import TALL, WIDE, Body, Table, drawing, mark, placed

RINGS = ("seeing", "thinking", "making", "acting")
SVG = "{http://www.w3.org/2000/svg}"
TEN = [Body(name.lower(), name, f"Open {name}", ring) for name, ring in (
    ("T*", "seeing"), ("AdaptVis", "seeing"), ("CoDA", "thinking"), ("MindCube", "thinking"), ("Grafting", "making"),
    ("Merging", "making"), ("ERA", "acting"), ("RAGEN", "acting"), ("Evo-MARL", "acting"), ("Ten", "making"))]


def texts(svg: str) -> list[str]:
    return ["".join(text.itertext()) for text in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_every_ring_is_named_with_or_without_a_ball():
    svg = drawing(TEN[:1], RINGS)

    assert texts(svg) == ["SEEING", "THINKING", "MAKING", "ACTING", "T*"]
    assert "On the ring making: no system yet." in svg


@pytest.mark.parametrize("table", [WIDE, TALL], ids=["wide", "tall"])
def test_every_ball_is_a_link_with_a_name_that_carries_the_query_on(table: Table):
    links = list(ElementTree.fromstring(drawing(TEN, RINGS, table, query="?present=1&show=picture")).iter(f"{SVG}a"))

    assert [link.get("data-system") for link in links] == [body.name for body in TEN]
    assert [link.get("aria-label") for link in links] == [body.title for body in TEN]
    assert links[0].get("href") == "t*?present=1&show=picture"


def test_a_picture_in_a_document_has_no_links():
    svg = drawing(TEN, RINGS, is_linked=False)

    assert "<a " not in svg and 'role="img"' in svg


def test_what_a_name_holds_is_text():
    svg = drawing([Body("a", "<b> & co", '"><script>', "seeing")], RINGS)

    assert texts(svg)[-1] == "<b> & co" and "<script>" not in svg


def test_a_body_on_no_ring_is_refused():
    with pytest.raises(ValueError, match="x is on no ring"):
        drawing([Body("x", "X", "X", "sleeping")], RINGS)


@pytest.mark.parametrize("table", [WIDE, TALL], ids=["wide", "tall"])
def test_no_two_of_ten_balls_begin_on_top_of_one_another(table: Table):
    degrees, radius = placed(TEN, RINGS, table), dict(zip(RINGS, table.radii))

    ways = [(radius[body.ring], radians(degrees[body.name])) for body in TEN]
    places = [(length * cos(angle), table.tilt * length * sin(angle)) for length, angle in ways]
    assert min(dist(one, other) for one, other in combinations(places, 2)) > 3 * table.ball


def test_it_is_still_where_a_person_asks_for_less_motion():
    svg = drawing(TEN, RINGS)

    assert "@media (prefers-reduced-motion: reduce) { .orrery :is(.turn, .back, .near) { animation: none; } }" in svg


def test_the_mark_is_four_rings_with_a_ball_each_and_no_letters():
    svg = mark()

    assert texts(svg) == [] and svg.count('url(#orrery-ball)') == 4
