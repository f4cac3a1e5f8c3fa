"""How each kind of vignette is painted: large shapes, few of them, so that a network of a megabyte can learn to paint them."""

from math import cos, pi, sin

import numpy as np

from worlds.vignettes.painter import CANVAS_PX, Painter, shade

GREENS = ((86, 152, 72), (120, 170, 70))
BROWNS = ((122, 78, 48), (140, 92, 54))
SKIES = ((120, 184, 236), (146, 202, 244), (172, 214, 238))
WHITE = (248, 248, 244)


def sunset(paint: Painter) -> None:
    """A sun over the sea."""
    horizon = paint.between(66, 84)
    glow = paint.about((255, 214, 110))
    paint.gradient(paint.one_of(((196, 66, 84), (120, 74, 160), (236, 120, 60))), glow, 0, horizon)
    sea = paint.one_of(((40, 76, 130), (70, 60, 120), (30, 96, 120)))
    paint.gradient(shade(sea, 0.35), sea, horizon, CANVAS_PX)
    x, radius = paint.between(38, 90), paint.between(16, 23)
    sun, above = paint.about((255, 244, 190)), paint.between(0, 14)
    rise = np.arccos(np.clip(-above / radius, -1, 1))  # what of the disc is above the horizon
    paint.disc(sun, (x, horizon - above), radius, arc=(90 + float(np.degrees(np.pi - rise)), 450 - float(np.degrees(np.pi - rise))))
    for number in range(4):
        half, y = radius * (1 - 0.2 * number), horizon + 6 + 11 * number
        paint.box(shade(sun, -0.08), x - half, y, x + half, y + 5)


def tree(paint: Painter) -> None:
    """A tree in a meadow."""
    ground = paint.between(92, 104)
    paint.gradient(paint.one_of(SKIES), paint.about((226, 240, 248)), 0, ground)
    paint.gradient(paint.one_of(GREENS), paint.about((74, 124, 60)), ground, CANVAS_PX)
    x, top, half = paint.between(50, 78), paint.between(52, 60), paint.between(5, 8)
    paint.box(paint.one_of(BROWNS), x - half, top, x + half, ground + 6)
    radius, crown = paint.between(19, 24), paint.one_of((*GREENS, (232, 150, 60), (204, 76, 60)))
    paint.disc(shade(crown, -0.18), (x + 0.75 * radius, top + 2), 0.85 * radius)
    paint.disc(crown, (x - 0.75 * radius, top + 2), 0.85 * radius)
    paint.disc(crown, (x, top - 0.55 * radius), radius)


def house(paint: Painter) -> None:
    """A house with a roof, a door and a window."""
    ground = paint.between(96, 106)
    paint.gradient(paint.one_of(SKIES), paint.about((230, 242, 248)), 0, ground)
    paint.gradient(paint.one_of(GREENS), paint.about((80, 130, 62)), ground, CANVAS_PX)
    x, half, top = paint.between(56, 72), paint.between(28, 36), paint.between(60, 68)
    wall = paint.one_of(((240, 222, 186), (238, 238, 230), (226, 160, 130), (170, 200, 214)))
    roof = paint.one_of(((178, 66, 52), (120, 74, 60), (84, 96, 122), (206, 120, 60)))
    paint.box(wall, x - half, top, x + half, ground + 5)
    paint.polygon(roof, [(x - half - 7, top + 1), (x, top - paint.between(28, 36)), (x + half + 7, top + 1)])
    side = paint.side()
    paint.box(paint.one_of(BROWNS), x + side * 0.5 * half - 7, ground - 23, x + side * 0.5 * half + 7, ground + 5)
    pane = paint.about((120, 190, 230))
    paint.box(shade(pane, 0.8), x - side * 0.45 * half - 11, top + 9, x - side * 0.45 * half + 11, top + 29)
    paint.box(pane, x - side * 0.45 * half - 8, top + 12, x - side * 0.45 * half + 8, top + 26)


def flower(paint: Painter) -> None:
    """One blossom on its stem."""
    back = paint.one_of(((206, 230, 244), (250, 236, 204), (222, 240, 214), (244, 220, 230)))
    paint.gradient(back, shade(back, 0.4))
    x, y, radius = paint.between(54, 74), paint.between(46, 56), paint.between(20, 24)
    green = paint.one_of(GREENS)
    paint.box(green, x - 3.5, y, x + 3.5, CANVAS_PX)
    side = paint.side()
    paint.polygon(green, [(x, 112), (x + side * 14, 88), (x + side * 32, 84), (x + side * 26, 102)])
    petal = paint.one_of(((222, 70, 84), (236, 130, 176), (150, 96, 200), (250, 250, 246), (246, 156, 50)))
    number, phase = paint.count(5, 6), paint.between(0, 2 * pi)
    for index in range(number):
        angle = phase + 2 * pi * index / number
        paint.disc(petal, (x + radius * cos(angle), y + radius * sin(angle)), 0.66 * radius)
    paint.disc(paint.about((250, 206, 70)), (x, y), 0.6 * radius)


def fish(paint: Painter) -> None:
    """A fish in the water."""
    water = paint.one_of(((120, 200, 226), (90, 170, 214), (110, 208, 196)))
    paint.gradient(shade(water, 0.25), shade(water, -0.3))
    x, y, side = paint.between(58, 70), paint.between(56, 72), paint.side()
    length, height = paint.between(32, 37), paint.between(20, 24)
    body = paint.one_of(((246, 140, 50), (248, 206, 70), (226, 84, 90), (250, 250, 240)))
    fin = shade(body, -0.2)
    tail = x - side * length * 0.8
    paint.polygon(fin, [(tail, y), (tail - side * 24, y - 20), (tail - side * 17, y), (tail - side * 24, y + 20)])
    paint.polygon(fin, [(x - side * 16, y - height * 0.8), (x, y - height - 13), (x + side * 12, y - height * 0.8)])
    paint.disc(body, (x, y), length, height)
    eye = (x + side * length * 0.58, y - height * 0.22)
    paint.disc(paint.about(WHITE), eye, 7)
    paint.disc(np.array((24.0, 28.0, 36.0)), (eye[0] + side * 1.5, eye[1]), 4)


def boat(paint: Painter) -> None:
    """A sailing boat."""
    line = paint.between(80, 92)
    paint.gradient(paint.one_of(SKIES), paint.about((232, 242, 248)), 0, line)
    sea = paint.one_of(((56, 122, 178), (40, 104, 150), (52, 140, 160)))
    paint.gradient(shade(sea, 0.2), sea, line, CANVAS_PX)
    x, half, side = paint.between(56, 72), paint.between(28, 34), paint.side()
    top = line - paint.between(58, 66)
    sail = paint.one_of((WHITE, (222, 76, 70), (250, 206, 84)))
    paint.polygon(sail, [(x + side * 2, top), (x + side * 2, line - 5), (x + side * half * 1.05, line - 5)])
    paint.polygon(shade(sail, -0.14), [(x - side * 3, top + 12), (x - side * 3, line - 5), (x - side * half * 0.8, line - 5)])
    paint.box(paint.one_of(BROWNS), x - 2, top - 3, x + 2, line + 4)
    hull = paint.one_of((*BROWNS, (150, 50, 50)))
    paint.polygon(hull, [(x - half, line), (x + half, line), (x + half * 0.7, line + 17), (x - half * 0.7, line + 17)])


def mountain(paint: Painter) -> None:
    """Three mountains with snow."""
    paint.gradient(paint.one_of(SKIES), paint.about((236, 240, 246)))
    rock = paint.one_of(((106, 116, 136), (130, 114, 106), (96, 110, 122)))
    base = paint.between(100, 110)
    peaks = ((paint.between(18, 34), 46, 44), (paint.between(94, 110), 54, 42), (paint.between(54, 74), paint.between(70, 82), 52))
    for number, (x, height, half) in enumerate(peaks):
        own = shade(rock, 0.22 if number < 2 else 0)
        top = base - height
        paint.polygon(own, [(x, top), (x + half, base), (x - half, base)])
        snow, width = top + 0.34 * height, 0.34 * half
        paint.polygon(paint.about(WHITE), [(x, top), (x + width, snow), (x + width * 0.4, snow - 6), (x, snow + 4),
                                           (x - width * 0.4, snow - 6), (x - width, snow)])
    paint.gradient(paint.one_of(GREENS), paint.about((70, 120, 60)), base, CANVAS_PX)


def mushroom(paint: Painter) -> None:
    """A mushroom with white dots."""
    ground = paint.between(100, 110)
    back = paint.one_of(((196, 222, 190), (222, 230, 200), (204, 220, 226)))
    paint.gradient(back, shade(back, 0.35), 0, ground)
    paint.gradient(paint.about((70, 104, 58)), paint.about((48, 78, 42)), ground, CANVAS_PX)
    x, width, height = paint.between(56, 72), paint.between(34, 40), paint.between(34, 40)
    y = paint.between(66, 72)
    stem = paint.about((244, 234, 214))
    paint.polygon(stem, [(x - 11, y - 2), (x + 11, y - 2), (x + 15, ground + 6), (x - 15, ground + 6)])
    cap = paint.one_of(((208, 56, 50), (226, 120, 56), (150, 96, 66)))
    paint.disc(cap, (x, y), width, height, arc=(180, 360))
    for left, up, radius in ((-0.52, 0.34, 5.5), (0.02, 0.66, 6.5), (0.5, 0.3, 5.5), (-0.04, 0.2, 4.5)):
        paint.disc(paint.about(WHITE), (x + left * width, y - up * height), radius)


def night(paint: Painter) -> None:
    """A moon over a hill."""
    sky = paint.one_of(((22, 26, 66), (40, 26, 74), (16, 44, 74)))
    paint.gradient(sky, shade(sky, 0.28))
    side, radius = paint.side(), paint.between(18, 23)
    x, y = 64 + side * paint.between(10, 24), paint.between(34, 46)
    for star_x, star_y in ((20, 24), (104, 18), (30, 66), (108, 70), (64, 10)):
        if (star_x - x) ** 2 + (star_y - y) ** 2 > (radius + 8) ** 2:
            paint.disc(paint.about((250, 246, 220)), (star_x + paint.between(-8, 8), star_y + paint.between(-6, 6)), 2.6)
    paint.disc(paint.about((250, 238, 170)), (x, y), radius)
    paint.disc(shade(sky, 0.07), (x + side * radius * 0.55, y - radius * 0.2), radius * 0.86)
    hill = paint.between(92, 104)
    paint.disc(np.array((14.0, 20.0, 30.0)), (paint.between(40, 88), 190), 130, 190 - hill)


def balloon(paint: Painter) -> None:
    """A hot-air balloon."""
    sky = paint.one_of(SKIES)
    paint.gradient(sky, shade(sky, 0.55))
    cloud_x, cloud_y = paint.between(8, 120), paint.between(86, 112)
    for offset, size in ((-16, 9), (0, 13), (17, 9)):
        paint.disc(paint.about(WHITE), (cloud_x + offset, cloud_y), size, size * 0.7)
    x, y, radius = paint.between(54, 74), paint.between(44, 52), paint.between(29, 34)
    outer, inner = paint.one_of(((222, 70, 66), (64, 112, 190), (70, 160, 96))), paint.one_of(((250, 214, 90), (250, 246, 236)))
    for colour, share in ((outer, 1.0), (inner, 0.62), (outer, 0.26)):
        paint.disc(colour, (x, y), radius * share, radius)
    paint.polygon(shade(outer, -0.15), [(x - radius * 0.8, y + radius * 0.62), (x + radius * 0.8, y + radius * 0.62),
                                        (x + 8, y + radius + 15), (x - 8, y + radius + 15)])
    paint.box(paint.one_of(BROWNS), x - 9, y + radius + 17, x + 9, y + radius + 30)


PAINTERS = {painter.__name__: painter for painter in (sunset, tree, house, flower, fish, boat, mountain, mushroom, night, balloon)}
