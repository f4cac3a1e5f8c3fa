"""Cognitive maps on the grid of 10 x 10, seen from above with y downwards: the true one, and those that were written or given.

A thing is drawn in its own colour and shape, with an arrow where it faces; a camera is a wedge with the number of its image. Where a
thing stands elsewhere than it truly does, a ring in its colour marks its true place and a line leads there. In a map that is
isomorphic all things stand right to one another, so no place is marked. A facing that is wrong, or lacks, has the colour of what is
wrong, and a hollow arrow where it should point.
A step of a chain lights up the things that it names; those around whoever thinks are told their direction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from math import atan2, cos, degrees, hypot, radians, sin

import plotly.graph_objects as go

from backends.mindcube.results import Asked, Drawn, Likeness, Replied, Spotted, Step
from backends.mindcube.rules import DIRECTIONS
from backends.mindcube.similarity import TURNS, Score
from visualizers.alt import described
from visualizers.mindcube.methods import WRONG_COLOUR, way_name
from visualizers.mindcube.things import all_names, colour_of, comparison, shown_map, sign_of
from visualizers.text import listed, said, spoken
from visualizers.theme import VISITED_COLOUR, titled

SIDE, HEIGHT_PX = 10.0, 390
MARK_PX, SMALL_MARK_PX, CLOSE = 20, 15, 1.5  # of a thing; where two stand closer, in cells
OTHER_SCALE = 1.5  # times the grid, from which on a map has a scale of its own
LIT_COLOUR = "#0072B2"
ELSEWHERE = 0.5  # cells from its true place, from which on a thing stands wrong
HEADINGS = {"up": 0.0, "right": 90.0, "down": 180.0, "left": 270.0}
IN_WORDS = {"front": "in front", "right": "right", "behind": "behind", "left": "left"}
_INTO = {"inner": "circle-x-open", "outer": "circle-open-dot"}  # the sheet, and out of it
_NARROW_PX, _LETTER_PX, _LINE_PX = 205, 6.6, 17  # the grid in a third of a tablet; type of 13 px in it
_LINE_LETTERS, _NAME_LETTERS, _LETTERS = 10, 20, 44
_PALE = 0.28
_TURNS = {"z_rot_90": "after a quarter turn", "z_rot_180": "after a half turn", "z_rot_270": "after three quarters of a turn"}


@dataclass(frozen=True)
class _Sheet:
    """The square of the grid that is shown, and how large things are on it."""

    left: float
    top: float
    side: float
    mark_px: int = MARK_PX

    @property
    def unit_px(self) -> float:
        """Pixels of one cell where the chart is narrowest."""
        return _NARROW_PX / self.side

    @property
    def cell(self) -> float:
        """What a cell of the usual grid would measure here, so that marks keep their size on a map of any scale."""
        return self.side / SIDE


def true_map(asked: Asked, step: Step | None = None) -> go.Figure | None:
    """The true map; None where a file does not say it."""
    if asked.true is None:
        return None
    figure = _panel(asked, asked.true, step, {}, {})
    num_cameras = len(asked.true.views or ())
    cameras = "; wedges: cameras" if num_cameras else ""
    figure.update_layout(title=titled("The true map", f"from above{cameras}<br>arrow heads: where a thing faces"))
    return described(figure, f"{_told(asked.true)}{f' {num_cameras} cameras look at them.' if num_cameras else ''}{_step_told(step)}")


def written_map(asked: Asked, reply: Replied, step: Step | None = None) -> go.Figure | None:
    """The map that one way of answering wrote, or was given; None where there is none."""
    drawn = shown_map(reply)
    if drawn is None:
        return None
    official, exact = _likenesses(asked, reply, drawn)
    places, facings = _displaced(asked, drawn, exact), _true_facings(asked, drawn, exact)
    figure = _panel(asked, drawn, step, places, facings)
    origin = "" if reply.map else "given: the true map" if reply.is_true_given else "given, and changed" if asked.true else "given"
    rings = "in a scale of its own" if _has_other_scale(drawn) else "rings: true places" if places else ""
    num_wrong = sum(spot.facing != facings.get(spot.name, spot.facing) for spot in drawn.objects)
    turned = f"{num_wrong} facing{'s' if num_wrong > 1 else ''} wrong" if num_wrong else ""
    found = [origin, *_scores(official, exact), rings, turned]
    figure.update_layout(title=titled(f"Map of: {way_name(reply.configuration)}", _in_lines([part for part in found if part])))
    whose = "The map that it wrote" if reply.map else "The map that it was given"
    scored = f" {', '.join(_scores(official, exact)).capitalize()}." if exact else ""
    return described(figure, f"{whose}. {_told(drawn, asked.true)}{scored}{_step_told(step)}")


def panels(asked: Asked, step: Step | None = None) -> dict[str, go.Figure]:
    """The true map, then one of each way of answering that has one."""
    made = {"true map": true_map(asked, step)} | {
        f"map: {way_name(reply.configuration)}": written_map(asked, reply, step) for reply in asked.replies}
    return {name: figure for name, figure in made.items() if figure is not None}


def _likenesses(asked: Asked, reply: Replied, drawn: Drawn) -> tuple[Likeness | Score | None, Likeness | Score | None]:
    if reply.map and reply.official and reply.exact:
        return reply.official, reply.exact
    both = comparison(drawn, asked)
    return (both.official, both.exact) if both else (None, None)


def _scores(official: Likeness | Score | None, exact: Likeness | Score | None) -> list[str]:
    if official is None or exact is None:
        return []
    shape = f"isomorphic {_TURNS.get(exact.turn or '', '')}".strip() if exact.is_isomorphic else "not isomorphic"
    return [f"official {official.overall:.2f}", f"exact {exact.overall:.2f}", f"coverage {exact.coverage:.0%}", shape]


def _in_lines(parts: Sequence[str]) -> str:
    """Parts of a subtitle in lines that a phone has room for; always two, so that charts side by side end together."""
    lines = [""]
    for part in parts:
        longer = f"{lines[-1]}, {part}" if lines[-1] else part
        lines = [*lines[:-1], longer] if len(longer) <= _LETTERS else [*lines, part]
    return "<br>".join(lines)


def _displaced(asked: Asked, drawn: Drawn, exact: Likeness | Score | None) -> dict[str, Spotted]:
    """Where those things truly stand that stand elsewhere; nothing where all stand right to one another, or the scale is another."""
    if exact is None or exact.is_isomorphic or asked.true is None or _has_other_scale(drawn):
        return {}
    true = {spot.name: spot for spot in asked.true.objects}
    return {spot.name: true[spot.name] for spot in drawn.objects if spot.name in true and _is_elsewhere(spot, true[spot.name])}


def _true_facings(asked: Asked, drawn: Drawn, exact: Likeness | Score | None) -> dict[str, str]:
    """Which way things truly face, on this map: turned with it where it is isomorphic after a turn."""
    if exact is None or asked.true is None:
        return {}
    quarters = TURNS.index(exact.turn) if exact.is_isomorphic and exact.turn in TURNS[:4] else 0  # type: ignore[arg-type]
    compass = {heading: word for word, heading in HEADINGS.items()}
    return {spot.name: compass[(HEADINGS[spot.facing] - 90 * quarters) % 360] if spot.facing in HEADINGS else spot.facing
            for spot in asked.true.objects if spot.facing}


def _panel(asked: Asked, drawn: Drawn, step: Step | None, wrong: Mapping[str, Spotted], facings: Mapping[str, str]) -> go.Figure:
    names, true = all_names(asked), {spot.name: spot for spot in asked.true.objects} if asked.true else {}
    lit = set(step.objects) if step else None
    if step is not None and asked.true is not None and not _holds(step, drawn, asked.true):
        step = step.model_copy(update={"ring": ()})  # what stands where, it says of the room, and this map says otherwise
    here = _pose(step, drawn) or (_pose(step, asked.true) if asked.true else None)
    sheet = _sheet([*drawn.objects, *(drawn.views or ()), *wrong.values()], list(true.values()) or drawn.objects)
    figure = go.Figure()
    _draw_cameras(figure, drawn.views or (), step, sheet)
    if here and step:
        _draw_ring(figure, here, step, drawn, sheet)
    for spot in drawn.objects:
        is_lit = lit is None or spot.name in lit
        if spot.name in wrong:
            _draw_ghost(figure, spot, wrong[spot.name], colour_of(spot.name, names), 1.0 if is_lit else _PALE, sheet)
        _draw_thing(figure, spot, facings.get(spot.name, spot.facing), colour_of(spot.name, names), is_lit=is_lit,
                    is_step=lit is not None, sheet=sheet)
    _draw_labels(figure, drawn, step, sheet)
    axis = {"showgrid": True, "zeroline": False, "constrain": "domain", "dtick": sheet.cell, "showticklabels": False, "ticks": "",
            "showline": True, "mirror": True}
    figure.update_xaxes(range=[sheet.left, sheet.left + sheet.side], **axis)
    figure.update_yaxes(range=[sheet.top + sheet.side, sheet.top], scaleanchor="x", **axis)
    return figure.update_layout(height=HEIGHT_PX, showlegend=False, dragmode="pan", margin={"l": 4, "r": 4, "b": 6})


def _sheet(spots: Sequence[Spotted], things: Sequence[Spotted]) -> _Sheet:
    """The usual grid, or the least square that holds everything; marks are small where the scene's things nearly touch."""
    xs, ys = [0.0, SIDE, *(spot.x for spot in spots)], [0.0, SIDE, *(spot.y for spot in spots)]
    side = max(max(xs) - min(xs), max(ys) - min(ys))
    if side > SIDE:
        return _Sheet(min(xs) - 0.08 * side, min(ys) - 0.08 * side, 1.16 * side)
    return _Sheet(0.0, 0.0, SIDE, SMALL_MARK_PX if _are_close(things) else MARK_PX)


def _are_close(things: Sequence[Spotted]) -> bool:
    """Whether two nearly touch, as in a row."""
    return any(0 < hypot(one.x - other.x, one.y - other.y) < CLOSE for one, other in combinations(things, 2))


def _has_other_scale(drawn: Drawn) -> bool:
    """Whether a map is far larger than the grid: its places can then not be compared one by one."""
    return any(abs(value - SIDE / 2) > OTHER_SCALE * SIDE for spot in drawn.objects for value in (spot.x, spot.y))


def _is_elsewhere(spot: Spotted, true: Spotted) -> bool:
    return hypot(spot.x - true.x, spot.y - true.y) > ELSEWHERE


def _ahead(spot: Spotted, by: float, aside: float = 0.0) -> tuple[float, float]:
    """A point some cells ahead of a spot and to its right; y runs downwards."""
    turn = radians(HEADINGS[spot.facing])
    return spot.x + by * sin(turn) + aside * cos(turn), spot.y - by * cos(turn) + aside * sin(turn)


def _draw_thing(figure: go.Figure, spot: Spotted, truly: str, colour: str, *, is_lit: bool, is_step: bool, sheet: _Sheet) -> None:
    """A thing, which way it faces, and if that is wrong which way it truly faces."""
    facing = f", facing {said(spot.facing)}" if spot.facing else ""
    told = f"<br>it truly faces {said(truly)}" if spot.facing != truly else ""
    rim = {"color": LIT_COLOUR, "width": 4} if is_lit and is_step else {"color": VISITED_COLOUR, "width": 1.2}
    figure.add_scatter(x=[spot.x], y=[spot.y], mode="markers", opacity=1.0 if is_lit else _PALE,
                       marker={"size": sheet.mark_px, "symbol": sign_of(spot.name), "color": colour, "line": rim},
                       hovertemplate=f"{said(spot.name, 60)}: [{spot.x:g}, {spot.y:g}]{facing}{told}<extra></extra>")
    opacity = 1.0 if is_lit else _PALE
    if spot.facing:
        _draw_facing(figure, spot, VISITED_COLOUR if spot.facing == truly else WRONG_COLOUR, opacity, sheet)
    if spot.facing != truly:
        _draw_facing(figure, spot.model_copy(update={"facing": truly}), WRONG_COLOUR, opacity, sheet, is_ghost=True)


def _draw_facing(figure: go.Figure, spot: Spotted, colour: str, opacity: float, sheet: _Sheet, *, is_ghost: bool = False) -> None:
    """A small arrow head where it faces, a hollow one where it should; into and out of the sheet have the signs of a current."""
    is_flat = spot.facing in HEADINGS
    x, y = _ahead(spot, 0.72 * sheet.cell) if is_flat else (spot.x + 0.6 * sheet.cell, spot.y - 0.6 * sheet.cell)
    figure.add_scatter(x=[x], y=[y], mode="markers", opacity=opacity, hoverinfo="skip",
                       marker={"size": 12, "color": colour, "angle": HEADINGS.get(spot.facing, 0.0), "symbol": _INTO.get(
                           spot.facing, "x") if not is_flat else "triangle-up-open" if is_ghost else "triangle-up",
                               "line": {"width": 2 if is_ghost else 0}})


def _draw_ghost(figure: go.Figure, spot: Spotted, true: Spotted, colour: str, opacity: float, sheet: _Sheet) -> None:
    """A ring at the true place, and the way there."""
    figure.add_scatter(x=[spot.x, true.x], y=[spot.y, true.y], mode="lines+markers", opacity=opacity,
                       line={"color": colour, "width": 2, "dash": "dot"},
                       marker={"size": [0, sheet.mark_px], "symbol": f"{sign_of(spot.name)}-open", "color": colour,
                               "line": {"width": 2.5}},
                       hovertemplate=f"{said(spot.name, 60)} truly: [{true.x:g}, {true.y:g}]<extra></extra>")


def _draw_cameras(figure: go.Figure, views: Sequence[Spotted], step: Step | None, sheet: _Sheet) -> None:
    """A wedge for each camera; those of the images that a step speaks of in its colour."""
    for view in views:
        if view.facing not in HEADINGS:
            continue
        is_lit = step is not None and number_of(view) in step.images
        colour = LIT_COLOUR if is_lit else VISITED_COLOUR
        corners = [(view.x, view.y), *(_ahead(view, 0.85 * sheet.cell, aside * sheet.cell) for aside in (-0.5, 0.5))]
        figure.add_scatter(x=[x for x, _ in corners], y=[y for _, y in corners], mode="lines", fill="toself",
                           fillcolor=colour, line={"color": colour, "width": 1}, opacity=0.75 if is_lit else 0.4,
                           hoveron="fills", name=f"camera of {said(view.name)}", hoverinfo="name")


def number_of(view: Spotted) -> int:
    """Which image a camera took: 'Image 2' is 2; 0 where its name says none."""
    digits = "".join(letter for letter in view.name if letter.isdigit())
    return int(digits[:3]) if digits else 0


def _draw_ring(figure: go.Figure, here: tuple[float, float, float], step: Step, drawn: Drawn, sheet: _Sheet) -> None:
    """Where somebody stands and looks, and lines to what stands around."""
    x, y, heading = here
    spots = {spot.name: spot for spot in drawn.objects}
    for name in filter(None, step.ring):
        if name in spots and (spots[name].x, spots[name].y) != (x, y):
            figure.add_scatter(x=[x, spots[name].x], y=[y, spots[name].y], mode="lines", hoverinfo="skip",
                               line={"color": LIT_COLOUR, "width": 1.5, "dash": "dash"}, opacity=0.7)
    figure.add_scatter(x=[x], y=[y], mode="markers", hovertemplate="here one stands, and looks that way<extra></extra>",
                       marker={"size": 17, "symbol": "arrow", "angle": heading, "color": LIT_COLOUR,
                               "line": {"width": 1, "color": "#FFFFFF"}})


def _pose(step: Step | None, drawn: Drawn) -> tuple[float, float, float] | None:
    """Where whoever thinks stands at a step, and their heading on the map; None where step or map do not say."""
    if step is None or not any(step.ring):
        return None
    spots = {spot.name: spot for spot in drawn.objects}
    place = None
    if len(step.images) == 1:
        place = next((view for view in drawn.views or () if number_of(view) == step.images[0]), None)
    elif not step.images and step.kind == "stand" and step.objects:
        place = spots.get(step.objects[0])
    if place is None:
        return None
    for quarter, name in enumerate(step.ring):
        other = spots.get(name)
        if other and (other.x, other.y) != (place.x, place.y):
            return place.x, place.y, round((degrees(atan2(other.x - place.x, place.y - other.y)) - 90 * quarter) / 90) * 90 % 360
    return None


def _holds(step: Step, drawn: Drawn, true: Drawn) -> bool:
    """Whether what a step says stands around somebody stands so on a map, too: all in their true places, or all turned alike."""
    both = [{spot.name: spot for spot in one.objects} for one in (drawn, true)]
    names = [name for name in step.ring if all(name in spots for spots in both)]
    here, there = ([(spots[name].x - spots[names[0]].x, spots[name].y - spots[names[0]].y) for name in names] for spots in both)
    for _ in range(4):
        if here == there:
            return True
        here = [(-y, x) for x, y in here]
    return False


def _draw_labels(figure: go.Figure, drawn: Drawn, step: Step | None, sheet: _Sheet) -> None:
    """Names of things and numbers of cameras, each where it hides nothing."""
    directions = {name: IN_WORDS[direction] for name, direction in zip(step.ring, DIRECTIONS) if name} if step else {}
    taken = [_box(spot.x, spot.y, 22, 22, sheet) for spot in drawn.objects]
    taken += [_box(*_ahead(spot, 0.72 * sheet.cell), 10, 10, sheet) for spot in drawn.objects if spot.facing in HEADINGS]
    views = [view for view in drawn.views or () if view.facing in HEADINGS]
    taken += [_box(*_ahead(view, 0.5 * sheet.cell), 16, 16, sheet) for view in views]
    is_one_place = len({(view.x, view.y) for view in views}) < len(views)
    for view in views:
        x, y = _ahead(view, (1.3 if is_one_place else -0.5) * sheet.cell)
        figure.add_scatter(x=[x], y=[y], mode="text", text=[str(number_of(view) or "")], hoverinfo="skip")
        taken.append(_box(x, y, 9, 15, sheet))
    for spot in drawn.objects:
        others = [other for other in drawn.objects if other is not spot]
        told = [f"<b>{directions[spot.name]}</b>"] if spot.name in directions else []
        lines, x, y, box = _free(spot, [named + told for named in _lines(spot.name)], others, taken, sheet)
        taken.append(box)
        is_lit = step is None or spot.name in step.objects
        figure.add_scatter(x=[x], y=[y], mode="text", text=["<br>".join(lines)], hoverinfo="skip", opacity=1.0 if is_lit else 0.6)


def _lines(name: str) -> list[list[str]]:
    """A name in one line, if it is short, and in two, if it has two words; in what there is more room for comes first."""
    words = said(name, _NAME_LETTERS)
    first, _, rest = words.partition(" ")
    whole = [[words]] if len(words) <= _LINE_LETTERS or not rest else []
    return [*whole, [first, rest]] if rest else whole


Box = tuple[float, float, float, float]  # left, top, right, bottom in cells


def _box(x: float, y: float, wide_px: float, high_px: float, sheet: _Sheet) -> Box:
    wide, high = wide_px / sheet.unit_px / 2, high_px / sheet.unit_px / 2
    return x - wide, y - high, x + wide, y + high


def _free(spot: Spotted, names: Sequence[list[str]], others: Sequence[Spotted], taken: Sequence[Box], sheet: _Sheet
          ) -> tuple[list[str], float, float, Box]:
    """Where beside a spot its name hides least and is not read as another thing's: its lines, its middle, and its box.

    Args:
        names: the lines, in every way in which they can be broken.
    """
    best: tuple[float, list[str], float, float, Box] | None = None
    for lines, far in product(names, (0.0, 8.0, 20.0)):
        wide_px, high_px = max(len(line) - 7 * line.count("<b>") for line in lines) * _LETTER_PX, len(lines) * _LINE_PX
        down, across = (12 + high_px / 2 + far) / sheet.unit_px, (14 + wide_px / 2 + far) / sheet.unit_px
        for dx, dy in ((0, down), (0, -down), (across, 0), (-across, 0), (across, down), (-across, down), (across, -down),
                       (-across, -down)):
            box = _box(spot.x + dx, spot.y + dy, wide_px, high_px, sheet)
            cost = sum(_shared(box, other) for other in taken) + 3 * _outside(box, sheet) + 0.002 * far
            cost += any(_apart(box, other) < _apart(box, spot) for other in others)
            if best is None or cost < best[0] - 1e-9:
                best = (cost, lines, spot.x + dx, spot.y + dy, box)
    assert best is not None
    return best[1:]


def _apart(box: Box, spot: Spotted) -> float:
    """How far a spot is from the nearest edge of a box, in cells."""
    return hypot(max(box[0] - spot.x, 0.0, spot.x - box[2]), max(box[1] - spot.y, 0.0, spot.y - box[3]))


def _shared(one: Box, other: Box) -> float:
    """The area that two boxes share."""
    across, down = min(one[2], other[2]) - max(one[0], other[0]), min(one[3], other[3]) - max(one[1], other[1])
    return across * down if across > 0 and down > 0 else 0.0


def _outside(box: Box, sheet: _Sheet) -> float:
    right, bottom = sheet.left + sheet.side, sheet.top + sheet.side
    return sum(max(0.0, over) for over in (sheet.left - box[0], sheet.top - box[1], box[2] - right, box[3] - bottom))


def _told(drawn: Drawn, true: Drawn | None = None) -> str:
    """What stands where, in words; of a written map also what stands wrong."""
    told = listed([f"{spoken(spot.name, 20)} at [{spot.x:g}, {spot.y:g}]{f' facing {spoken(spot.facing)}' if spot.facing else ''}"
                   for spot in drawn.objects], 240) or "nothing"
    truth = {spot.name: spot for spot in true.objects} if true else {}
    wrong = [spoken(spot.name, 20) for spot in drawn.objects if spot.name in truth and _is_elsewhere(spot, truth[spot.name])]
    return f"On it: {told}.{f' Elsewhere than they truly are: {listed(wrong, 80)}.' if wrong else ''}"


def _step_told(step: Step | None) -> str:
    return f" Lit up: {listed([spoken(name, 20) for name in step.objects], 80)}." if step and step.objects else ""
