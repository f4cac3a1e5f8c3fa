"""The room in 3-D, to be turned around: things, floor and low walls, cameras as pyramids, and where one stands and looks.

Meshes come from `worlds.rooms.solids`; light is plotly's. Walls are drawn low, so that one looks over them from every side; their
colours tell the heading. A step of a chain lights up the things and cameras that it speaks of, and makes the others pale.
"""

import numpy as np
import plotly.graph_objects as go

from backends.mindcube.results import Asked, Step
from visualizers.alt import described
from visualizers.mindcube.views import cameras, scene_of
from visualizers.text import listed
from visualizers.theme import VISITED_COLOUR, in_the_dark, titled
from worlds.rooms import solids
from worlds.rooms.scenes import Pose, Scene, ahead_of

HEIGHT_PX = 430
LIT_COLOUR, START_COLOUR, END_COLOUR = "#0072B2", "#0072B2", "#D55E00"
WALL_M = 0.45  # of a wall that is drawn; the whole would hide the room
PALE = 0.18
_MATTE = {"ambient": 0.62, "diffuse": 0.62, "specular": 0.06, "roughness": 0.9, "fresnel": 0.05}
_GLOSSY = _MATTE | {"specular": 0.35, "roughness": 0.4}
_LAMP = {"x": -4500, "y": -5500, "z": 9000}  # high in the south-west, as in the pictures
_HIGH = 0.35  # of the space that is shown, in widths of the room
_EYE, _AT = {"x": 0.15, "y": -1.16, "z": 1.16}, {"x": -0.03, "y": -0.04, "z": -0.14}  # from the south, above
_AT_NIGHT = 0.36  # of the floor's and the walls' colours where the page is dark: pale names stand on the floor as often as beside it
_CLOSE_M = 1.8  # of things that stand closer, names would cover one another: every other one is higher


def room(asked: Asked, step: Step | None = None) -> go.Figure | None:
    """The room of a question; None where it came from a file."""
    scene = scene_of(asked.scene)
    if scene is None:
        return None
    figure = go.Figure([*_walls(scene), *_things(scene, step), *_cameras(asked, scene, step), *_poses(asked)])
    hidden = {"visible": False, "showspikes": False}
    half = scene.room.half
    figure.update_layout(
        title=titled("The room, to be turned around", "pyramids: cameras, with their image's number"), height=HEIGHT_PX,
        showlegend=_turns(asked), margin={"l": 0, "r": 0, "b": 4}, uirevision="room",
        scene={"xaxis": hidden | {"range": [-half, half]}, "yaxis": hidden | {"range": [-half, half]},
               "zaxis": hidden | {"range": [0, _HIGH * 2 * half]}, "aspectmode": "manual",
               "aspectratio": {"x": 1, "y": 1, "z": _HIGH}, "dragmode": "turntable", "camera": {"eye": _EYE, "center": _AT}})
    return described(figure, _told(asked, scene, step))


def _walls(scene: Scene) -> list[go.Mesh3d]:
    """The floor, and the foot of each wall."""
    drawn = []
    for mesh in solids.room_meshes(scene.room):
        low = mesh.vertices.copy()
        low[:, 2] = np.minimum(low[:, 2], WALL_M)
        drawn += _meshes(solids.Mesh(mesh.name, low, mesh.faces, mesh.colours), is_round=False, light=_MATTE, at_night=_AT_NIGHT)
    return drawn


def _things(scene: Scene, step: Step | None) -> list[go.Mesh3d | go.Scatter3d]:
    drawn: list[go.Mesh3d | go.Scatter3d] = []
    for place, (thing, mesh) in enumerate(zip(scene.things, solids.things(scene))):
        is_lit = step is None or thing.name in step.objects
        drawn += _meshes(mesh, is_round=thing.is_round, light=_GLOSSY if thing.is_round else _MATTE, opacity=1.0 if is_lit else PALE,
                         hover=thing.name)
        if thing.facing is not None:
            drawn.append(_arrow_head(thing.x, thing.y, thing.facing, thing.half, 1.0 if is_lit else PALE))
        words = f"<b>{thing.name}</b>" if step and is_lit else thing.name
        is_close = any(0 < np.hypot(thing.x - other.x, thing.y - other.y) < _CLOSE_M for other in scene.things)
        above = thing.height + (1.15 if is_close and place % 2 else 0.4)
        drawn.append(_text(thing.x, thing.y, above, words))
    return drawn


def _meshes(mesh: solids.Mesh, *, is_round: bool, light: dict[str, float], opacity: float = 1.0, hover: str = "",
            at_night: float = 1.0) -> list[go.Mesh3d]:
    """A mesh as one trace per colour: a colour for each face would take more room than all vertices."""
    drawn = []
    for colour in np.unique(mesh.colours, axis=0):
        own = mesh.faces[(mesh.colours == colour).all(axis=1)]
        used, places = np.unique(own, return_inverse=True)
        x, y, z = mesh.vertices[used].astype(np.float32).round(3).T
        i, j, k = places.reshape(own.shape).astype(np.int16).T
        night = in_the_dark(color=_rgb(at_night * colour)) if at_night < 1 else {}
        drawn.append(go.Mesh3d(x=x, y=y, z=z, i=i, j=j, k=k, color=_rgb(colour), opacity=opacity, flatshading=not is_round,
                               lighting=light, lightposition=_LAMP, name=mesh.name, hoverinfo="name" if hover else "skip", **night))
    return drawn


def _rgb(colour: np.ndarray) -> str:
    """(3,) 0..255 -> #RRGGBB."""
    return "#{:02X}{:02X}{:02X}".format(*colour.astype(int))


def _arrow_head(x: float, y: float, heading: float, half: float, opacity: float) -> go.Mesh3d:
    """A triangle on the floor before a thing that faces somewhere."""
    (east, north), (aside_east, aside_north) = ahead_of(heading), ahead_of(heading + 90)
    near, far, wide = half + 0.12, half + 0.5, 0.24
    corners = [(x + near * east - wide * aside_east, y + near * north - wide * aside_north),
               (x + near * east + wide * aside_east, y + near * north + wide * aside_north), (x + far * east, y + far * north)]
    return go.Mesh3d(x=[a for a, _ in corners], y=[b for _, b in corners], z=[0.03] * 3, i=[0], j=[1], k=[2], color="#26202C",
                     opacity=opacity, hoverinfo="skip", lighting={"ambient": 1.0, "diffuse": 0.0}, **in_the_dark(color="#E6E9EF"))


def _cameras(asked: Asked, scene: Scene, step: Step | None) -> list[go.Mesh3d | go.Scatter3d]:
    """A pyramid for each image, and its number; cameras at one place are told apart by where they look."""
    drawn: list[go.Mesh3d | go.Scatter3d] = []
    for number, camera in enumerate(cameras(asked, scene), start=1):
        is_lit = step is not None and number in step.images
        colour = LIT_COLOUR if is_lit else VISITED_COLOUR
        mesh = solids.frustum(camera, length_m=0.7)
        x, y, z = mesh.vertices.astype(np.float32).round(3).T
        i, j, k = mesh.faces.astype(np.int16).T
        drawn.append(go.Mesh3d(x=x, y=y, z=z, i=i, j=j, k=k, color=colour, opacity=0.5 if is_lit else 0.14, name=f"image {number}",
                               hoverinfo="name", flatshading=True, lighting={"ambient": 1.0, "diffuse": 0.0}))
        drawn.append(_edges(solids.frustum_lines(camera, length_m=0.7), colour, 4 if is_lit else 2))
        middle = mesh.vertices[1:].mean(axis=0)
        above = float(mesh.vertices[1, 2]) + 0.28
        drawn.append(_text(float(middle[0]), float(middle[1]), above, f"<b>{number}</b>"))
    return drawn


def _edges(lines: solids.Lines, colour: str, width: float) -> go.Scatter3d:
    x, y, z = _broken(lines.segments)
    return go.Scatter3d(x=x, y=y, z=z, mode="lines", line={"color": colour, "width": width}, hoverinfo="skip", showlegend=False)


def _broken(segments: np.ndarray) -> np.ndarray:
    """(segments, 2, 3) -> (3, points) with a gap after each."""
    gaps = np.full((len(segments), 1, 3), np.nan, np.float32)
    return np.concatenate([segments.astype(np.float32).round(3), gaps], axis=1).reshape(-1, 3).T


def _turns(asked: Asked) -> bool:
    return asked.start is not None and asked.end is not None and asked.start != asked.end


def _poses(asked: Asked) -> list[go.Scatter3d]:
    """Arrows on the floor: where one stands and looks, and the same after the turn or the move."""
    if asked.start is None:
        return []
    told = [(asked.start, "before" if _turns(asked) else "asked from here", START_COLOUR)]
    told += [(asked.end, "after the turn or the move", END_COLOUR)] if _turns(asked) and asked.end else []
    drawn = []
    for (x, y, heading), words, colour in told:
        one, two, three = _broken(solids.arrow(Pose(x, y, heading), length_m=1.3, height_m=0.06).segments)
        drawn.append(go.Scatter3d(x=one, y=two, z=three, mode="lines", line={"color": colour, "width": 9}, name=words,
                                  hoverinfo="name"))
    return drawn


def _text(x: float, y: float, z: float, words: str) -> go.Scatter3d:
    return go.Scatter3d(x=[x], y=[y], z=[z], mode="text", text=[words], textfont={"size": 13}, hoverinfo="skip", showlegend=False)


def _told(asked: Asked, scene: Scene, step: Step | None) -> str:
    """What stands where and who looks, in words."""
    def place(thing_x: float, thing_y: float) -> str:
        return f"{abs(thing_x):g} m {'east' if thing_x >= 0 else 'west'}, {abs(thing_y):g} m {'north' if thing_y >= 0 else 'south'}"

    told = listed([f"{thing.name} {place(thing.x, thing.y)}" for thing in scene.things], 380)
    count = len(cameras(asked, scene))
    lit = f" Lit up: {listed(step.objects, 90)}." if step and step.objects else ""
    return f"From the middle of the room: {told}. {count} cameras look at them.{lit}"

