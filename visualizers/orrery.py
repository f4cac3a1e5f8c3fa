"""The orrery: a brass machine with a ring for each thing that systems do, and a ball on it for each system; as SVG.

The plate is a circle that is seen from the side: everything on it is drawn round, then squashed by `tilt`. A ball turns on its
ring by a rotation inside the squashed plate and the same rotation backwards around itself, so that it stays upright. Turning is
CSS, which is still where a person asks for less motion; what is drawn then is the first moment. Colours are the page's where it
has some (Streamlit's variables), else those of the reader's light or dark screen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import cos, hypot, radians, sin
from typing import Final

TURN_S: Final = (140, 200, 280, 380)  # once around, the inner ring first: slow enough to be clicked
NEAR, FAR = 1.12, 0.88  # size of a ball in front and at the back
NAMED_DEG = 90  # of a ring, where it comes nearest and its name is engraved


@dataclass(frozen=True)
class Body:
    """A system as a ball."""

    name: str  # of its page
    label: str  # short, beside the ball
    title: str  # what a screen reader says
    ring: str


@dataclass(frozen=True)
class Table:
    """What is drawn where; lengths in the units of the drawing."""

    radii: tuple[int, ...]  # of the rings, from the inside
    plate: int  # radius
    tilt: float  # height of the plate to its width
    sun: int  # radii
    ball: int
    pin: int  # on which a ball stands
    rim: int  # thickness of the plate
    type: int  # size of the letters

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the whole drawing."""
        return 2 * self.plate + 24, round(2 * self.plate * self.tilt) + self.rim + 32


WIDE = Table(radii=(190, 282, 374, 462), plate=512, tilt=0.42, sun=30, ball=17, pin=24, rim=14, type=20)
TALL = Table(radii=(92, 136, 180, 222), plate=250, tilt=0.86, sun=30, ball=17, pin=16, rim=8, type=26)
MARK = Table(radii=(25, 35, 45, 55), plate=63, tilt=1.0, sun=14, ball=7, pin=0, rim=0, type=0)

STYLE = """
.orrery { display: block; width: 100%; height: auto;
  --paper: var(--st-background-color, #FCFCFA); --ink: var(--st-text-color, #0B1216);
  --plate: color-mix(in srgb, var(--paper) 94%, #B8862D); --line: color-mix(in srgb, #B8862D 72%, var(--paper));
  --name: color-mix(in srgb, var(--ink) 76%, #B8862D); font-family: var(--st-font, "Source Sans", "Source Sans 3", sans-serif); }
@media (prefers-color-scheme: dark) {
  .orrery { --paper: var(--st-background-color, #14191D); --ink: var(--st-text-color, #E8ECEE); }
}
.orrery .plate { fill: var(--plate); }
.orrery .line { fill: none; stroke: var(--line); vector-effect: non-scaling-stroke; }
.orrery .ring { stroke-width: 2.2; }
.orrery .scale { stroke-width: 1.2; }
.orrery .arm { stroke: #B8862D; stroke-width: 2.4; stroke-linecap: round; opacity: .55; vector-effect: non-scaling-stroke; }
.orrery .pin { stroke: #8A6420; stroke-width: 3; stroke-linecap: round; }
.orrery .shadow { fill: #000; opacity: .22; }
.orrery text { paint-order: stroke; stroke: var(--plate); stroke-width: .5em; stroke-linejoin: round; }
.orrery .name { fill: var(--name); font-size: .76em; letter-spacing: .22em; font-weight: 600; }
.orrery .label { fill: var(--ink); font-weight: 600; }
.orrery a { cursor: pointer; text-decoration: none; outline: none; }
.orrery .reach { fill: transparent; }
.orrery .halo { fill: none; stroke: var(--st-primary-color, #00659E); stroke-width: 4; opacity: 0; }
.orrery a:hover .label, .orrery a:focus-visible .label { text-decoration: underline; }
.orrery a:hover .halo { opacity: .45; }
.orrery a:focus-visible .halo { opacity: 1; }
.orrery .turn { animation: orrery-turn var(--once) linear infinite; }
.orrery .back { animation: orrery-back var(--once) linear infinite; }
.orrery .near { transform: scale(var(--still)); animation: orrery-near var(--once) ease-in-out var(--since) infinite; }
.orrery:hover :is(.turn, .back, .near), .orrery:focus-within :is(.turn, .back, .near),
.orrery.is-held :is(.turn, .back, .near) { animation-play-state: paused; }
@keyframes orrery-turn { to { transform: rotate(360deg); } }
@keyframes orrery-back { to { transform: rotate(-360deg); } }
@keyframes orrery-near { 0%, 100% { transform: scale(.88); } 50% { transform: scale(1.12); } }
@media (prefers-reduced-motion: reduce) { .orrery :is(.turn, .back, .near) { animation: none; } }
"""
BRASS = (
    '<radialGradient id="orrery-brass" cx=".36" cy=".3" r=".78"><stop offset="0" stop-color="#FFF6D6"/>'
    '<stop offset=".28" stop-color="#EFCB78"/><stop offset=".68" stop-color="#B8862D"/><stop offset="1" stop-color="#684410"/>'
    '</radialGradient>'
    '<linearGradient id="orrery-rim"><stop offset="0" stop-color="#6B4712"/><stop offset=".3" stop-color="#E3BC66"/>'
    '<stop offset=".46" stop-color="#B8862D"/><stop offset=".72" stop-color="#D9AE55"/><stop offset="1" stop-color="#5E3D0E"/>'
    '</linearGradient>'
    '<radialGradient id="orrery-glow"><stop offset="0" stop-color="#FFD98A" stop-opacity=".7"/>'
    '<stop offset=".45" stop-color="#FFD98A" stop-opacity=".3"/>'
    '<stop offset="1" stop-color="#FFD98A" stop-opacity="0"/></radialGradient>')


def drawing(bodies: Sequence[Body], rings: Sequence[str], table: Table = WIDE, *, query: str = "", is_linked: bool = True) -> str:
    """Return the machine as SVG: every ring named, a ball for each body.

    Args:
        bodies: in the order in which they stand around the plate.
        rings: names, from the inside; those without a ball are drawn too.
        query: behind the address of each link, with its question mark.
        is_linked: whether a ball is a link; a picture in a document has none.
    Raises:
        ValueError: a body is on no ring, or there are not as many rings as the table has.
    """
    if lost := [body.name for body in bodies if body.ring not in rings]:
        raise ValueError(f"{', '.join(lost)} is on no ring. The rings are {', '.join(rings)}")
    width, height = table.size
    radius = dict(zip(rings, table.radii, strict=True))
    said = "An orrery. " + " ".join(_told(ring, bodies) for ring in rings)
    degrees_of = placed(bodies, rings, table)
    stands = [(body, radius[body.ring], degrees_of[body.name], TURN_S[rings.index(body.ring)]) for body in bodies]
    box, role = f"{-width // 2} {table.rim // 2 - height // 2} {width} {height}", "group" if is_linked else "img"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="orrery" viewBox="{box}" width="{width}" height="{height}" '
        f'font-size="{table.type}" role="{role}" aria-label="{escape(said)}">'
        f'<style>{STYLE}</style><defs>{BRASS}</defs>{_plate(table)}'
        + "".join(_ring(name, radius[name], table) for name in rings)
        + "".join(_arm(radius_, degrees, once, table) for _, radius_, degrees, once in stands)
        + f'<circle r="{3 * table.sun}" fill="url(#orrery-glow)"/>'
        f'<circle r="{table.sun}" cy="{-table.pin // 2}" fill="url(#orrery-brass)"/>'
        + "".join(_ball(body, (radius_, degrees, once), table, query if is_linked else None)
                  for body, radius_, degrees, once in stands)
        + "</svg>\n")


def mark() -> str:
    """Return the machine from above, small and without letters, one ball on each ring, as SVG on a dark disc."""
    table, size = MARK, 2 * MARK.plate + 4
    balls = []
    for radius, degrees in zip(table.radii, (150, 20, 262, 62)):
        balls.append(f'<circle cx="{radius}" r="{table.ball}" transform="rotate({degrees})" fill="url(#orrery-ball)"/>')
    rings = "".join(f'<circle r="{radius}" fill="none" stroke="#C9A254" stroke-width="2" opacity=".85"/>' for radius in table.radii)
    ball = ('<radialGradient id="orrery-ball"><stop offset="0" stop-color="#FFE9B0"/><stop offset="1" stop-color="#D39A35"/>'
            '</radialGradient>')  # lit from the middle: it is turned with its ring
    box = f"{-size // 2} {-size // 2} {size} {size}"
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" width="{size}" height="{size}">'
            f'<defs>{BRASS}{ball}</defs><circle r="{table.plate}" fill="#14191D" stroke="#C9A254" stroke-width="2.5"/>'
            f'{rings}'
            f'<circle r="26" fill="url(#orrery-glow)"/><circle r="{table.sun}" fill="url(#orrery-brass)"/>'
            f'{"".join(balls)}</svg>\n')


def _told(ring: str, bodies: Sequence[Body]) -> str:
    on_it = ", ".join(body.label for body in bodies if body.ring == ring)
    return f"On the ring {ring}: {on_it or 'no system yet'}."


def placed(bodies: Sequence[Body], rings: Sequence[str], table: Table) -> dict[str, float]:
    """Return the degrees at which each ball stands at first, by name; 0 is at the right, 90 in front.

    The balls of a ring are even around it; each ring in its turn is put where it is farthest from those that stand already and
    from the rings' names. Outer rings have most room, and are put last.
    """
    taken = [_at(NAMED_DEG, radius, table) for radius in table.radii]
    found: dict[str, float] = {}
    for ring, radius in zip(rings, table.radii):
        names = [body.name for body in bodies if body.ring == ring]
        choices = [[(first + 360 * number / len(names)) % 360 for number in range(len(names))] for first in range(5, 365, 10)]
        if names:
            best = max(choices, key=lambda degrees: min(_apart(_at(own, radius, table), other, table)
                                                        for own in degrees for other in taken))
            found |= dict(zip(names, best))
            taken += [_at(degrees, radius, table) for degrees in best]
    return found


def _at(degrees: float, radius: int, table: Table) -> tuple[float, float]:
    """A place on the plate as it is seen."""
    return radius * cos(radians(degrees)), radius * table.tilt * sin(radians(degrees))


def _apart(one: tuple[float, float], other: tuple[float, float], table: Table) -> float:
    """How far two balls with their names are apart: a name is about five letters wide, a ball with it three high."""
    return hypot((one[0] - other[0]) / (5 * table.type), (one[1] - other[1]) / (3 * table.type))


def _plate(table: Table) -> str:
    """The disc with its rim, and a scale of 180 strokes around its edge."""
    wide, high, rim = table.plate, round(table.plate * table.tilt), table.rim
    edge, stroke = round(0.975 * wide), 2 * 3.14159 * round(0.975 * wide) / 180
    return (
        f'<path d="M{-wide} 0A{wide} {high} 0 0 0 {wide} 0v{rim}A{wide} {high} 0 0 1 {-wide} {rim}z" fill="url(#orrery-rim)"/>'
        f'<ellipse class="plate" rx="{wide}" ry="{high}"/><ellipse class="line scale" rx="{wide}" ry="{high}"/>'
        f'<g transform="scale(1 {table.tilt})"><circle r="{edge}" fill="none" stroke="#B8862D" stroke-opacity=".5" stroke-width="9" '
        f'stroke-dasharray="1.2 {stroke - 1.2:.3f}"/></g>')


def _ring(name: str, radius: int, table: Table) -> str:
    """A ring, its name engraved where it comes nearest."""
    high = radius * table.tilt
    return (f'<ellipse class="line ring" rx="{radius}" ry="{high:.1f}"/>'
            f'<path id="orrery-{name}" d="M{-radius} 0A{radius} {high:.1f} 0 0 0 {radius} 0" fill="none"/>'
            f'<text class="name" dy=".32em" text-anchor="middle"><textPath href="#orrery-{name}" startOffset="50%">'
            f'{escape(name.upper())}</textPath></text>')


def _arm(radius: int, degrees: float, once: int, table: Table) -> str:
    """The rod that carries a ball."""
    return (f'<g transform="scale(1 {table.tilt}) rotate({degrees:.1f})"><g class="turn" style="--once:{once}s">'
            f'<line class="arm" x2="{radius}"/></g></g>')


def _ball(body: Body, orbit: tuple[int, float, int], table: Table, query: str | None) -> str:
    """A ball on its pin with its name, upright wherever it is; a link where `query` is no None."""
    radius, degrees, once = orbit
    still = 1 + (NEAR - FAR) / 2 * sin(radians(degrees))
    since = -((degrees - 270) % 360) / 360 * once  # the animation of its size begins at the back
    drawn = (f'<ellipse class="shadow" rx="{table.ball * .8:.1f}" ry="{table.ball * .3:.1f}"/>'
             f'<line class="pin" y2="{-table.pin}"/><circle class="halo" cy="{-table.pin}" r="{table.ball + 5}"/>'
             f'<circle cy="{-table.pin}" r="{table.ball}" fill="url(#orrery-brass)"/>'
             f'<text class="label" y="1.15em" text-anchor="middle">{escape(body.label)}</text>')
    if query is not None:
        reach = f'<circle class="reach" cy="{-table.pin // 2}" r="{2.1 * table.ball:.0f}"/>'
        drawn = (f'<a href="{escape(body.name + query)}" data-system="{escape(body.name)}" aria-label="{escape(body.title)}">'
                 f'{drawn}{reach}</a>')
    return (f'<g transform="scale(1 {table.tilt}) rotate({degrees:.1f})"><g class="turn" style="--once:{once}s">'
            f'<g transform="translate({radius} 0)"><g class="back" style="--once:{once}s">'
            f'<g transform="rotate({-degrees:.1f}) scale(1 {1 / table.tilt:.5f})">'
            f'<g class="near" style="--once:{once}s;--since:{since:.1f}s;--still:{still:.3f}">{drawn}</g></g></g></g></g></g>')
