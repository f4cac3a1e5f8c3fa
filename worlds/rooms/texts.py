"""A scene as a short text and back: it becomes a part of a link.

A setting with a layout is its names, facings and order of views, from which the places follow: no text can say of such a scene what
is not so. Only of a free scene the places are written.

    {"setting":"around","things":["red box down","blue ball","green cone"],"views":[0,1,2],"cue":"described"}
    {"setting":"free","things":[["red box down",0.5,1.2,1]],"cameras":[[0,-2,1.5,0,20,62]]}
"""

import json
from dataclasses import replace
from typing import Annotated, Literal, NotRequired, TypeVar

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict

from worlds.errors import InputError
from worlds.json_text import parse
from worlds.rooms.catalogue import WALLS_OF_A_ROOM
from worlds.rooms.free import MOST_CAMERAS, MOST_THINGS, free_scene
from worlds.rooms.layouts import among, around, rotation
from worlds.rooms.scenes import HEADINGS, ON_MAP, PLAIN, Camera, Cue, Room, Rotation, Scene, Thing

MOST_CHARACTERS = 2000  # a free scene with all it may have is 900
_STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
_What = Annotated[str, Field(min_length=1, max_length=30)]  # a name, and which way it faces
_Number = Annotated[float, Field(ge=-1000, le=1000)]
_Six = tuple[_Number, _Number, _Number, _Number, _Number, _Number]
_Walls = Annotated[list[Annotated[str, Field(max_length=20)]], Field(min_length=4, max_length=4)]
_NOT = "This is not a scene. A scene is what the page writes, or a person in its form."


@with_config(_STRICT)
class _Laid(TypedDict):
    setting: Rotation | Literal["among", "around"]
    things: Annotated[list[_What], Field(min_length=2, max_length=5)]
    views: Annotated[list[Annotated[int, Field(ge=0, le=3)]], Field(min_length=2, max_length=4)]
    cue: Cue
    walls: NotRequired[_Walls]
    floor: NotRequired[Annotated[str, Field(max_length=20)]]


@with_config(_STRICT)
class _Free(TypedDict):
    setting: Literal["free"]
    things: Annotated[list[tuple[_What, _Number, _Number, _Number]], Field(min_length=1, max_length=MOST_THINGS)]
    cameras: Annotated[list[_Six], Field(min_length=1, max_length=MOST_CAMERAS)]
    half: NotRequired[_Number]
    walls: NotRequired[_Walls]
    floor: NotRequired[Annotated[str, Field(max_length=20)]]


_T = TypeVar("_T")
_LAID: TypeAdapter[_Laid] = TypeAdapter(_Laid)
_FREE: TypeAdapter[_Free] = TypeAdapter(_Free)


def write_scene(scene: Scene) -> str:
    """Return the scene as a text in ASCII, up to MOST_CHARACTERS.

    Raises:
        ValueError: it has a setting's name and is not laid out so.
    """
    value: dict[str, object] = {"setting": scene.setting}
    if scene.setting == "free":
        value["things"] = [[_said(thing), thing.x, thing.y, thing.size] for thing in scene.things]
        value["cameras"] = [[each.x, each.y, each.height, each.heading, each.pitch, each.field_of_view] for each in scene.cameras]
        if scene.room.half != PLAIN.half:
            value["half"] = scene.room.half
    else:
        value["things"] = [_said(replace(thing, is_marked=False)) for thing in scene.things]
        value |= {"views": list(scene.order), "cue": scene.cue}
    if scene.room.walls != WALLS_OF_A_ROOM:
        value["walls"] = list(scene.room.walls)
    if scene.room.floor != PLAIN.floor:
        value["floor"] = scene.room.floor
    text = json.dumps(value, separators=(",", ":"))
    if read_scene(text) != scene:
        raise ValueError(f"the scene is no {scene.setting} scene as it is laid out here; make it with that setting's function")
    return text


def read_scene(text: str) -> Scene:
    """Return the scene that a text from outside says.

    Raises:
        InputError: it says none, or one that cannot be; one sentence says why.
    """
    if len(text) > MOST_CHARACTERS:
        raise InputError(f"The scene's text has {len(text):,} characters. It has at most {MOST_CHARACTERS:,}.")
    try:
        value = parse(text, what="The scene", max_values=200, max_containers=40, max_depth=4)
    except json.JSONDecodeError as error:
        raise InputError(_NOT) from error
    if isinstance(value, dict) and value.get("setting") == "free":
        return _read_free(_checked(_FREE, value))
    return _read_laid(_checked(_LAID, value))


def _checked(adapter: TypeAdapter[_T], value: object) -> _T:
    try:
        return adapter.validate_json(json.dumps(value))  # of JSON a tuple is a list, strictly
    except ValidationError as error:
        raise InputError(_NOT) from error


def _read_free(value: _Free) -> Scene:
    things = []
    for said, x, y, size in value["things"]:
        name, facing, is_marked = _read_thing(said)
        things.append(Thing(name, x, y, size, facing, is_marked))
    room = Room(value.get("half", PLAIN.half), _walls(value), value.get("floor", PLAIN.floor))
    return free_scene(things, [Camera(*numbers) for numbers in value["cameras"]], room)


def _read_laid(value: _Laid) -> Scene:
    setting, order, cue = value["setting"], value["views"], value["cue"]
    said = [_read_thing(each) for each in value["things"]]
    names, facings = [name for name, _, _ in said], [facing for _, facing, _ in said]
    if any(is_marked for _, _, is_marked in said):
        raise InputError(_NOT)  # which things are marked is the layout's
    room = Room(walls=_walls(value), floor=value.get("floor", PLAIN.floor))
    # names and colours are refused in the words of a free scene
    free_scene([Thing(name, 1.5 * at - 3, 0.0) for at, name in enumerate(names)], [Camera(0, -4, 1.5, 0, 0, 62)], room)
    try:
        if setting == "among":
            return among(names, facings=facings, order=order, cue=cue, room=room)
        if setting == "around":
            return around(names, facings=facings, has_back=len(order) == 4, order=order, cue=cue, room=room)
        if any(facing is not None for facing in facings):
            raise ValueError("things have no facing there")
        return rotation(setting, names, order=order, cue=cue, room=room)
    except ValueError as error:
        raise InputError(f"This is not a scene of the setting {setting}: {error}.") from error


def _said(thing: Thing) -> str:
    words = [thing.name] + ([ON_MAP[thing.facing]] if thing.facing is not None else [])
    return " ".join(words + (["marked"] if thing.is_marked else []))


def _read_thing(said: str) -> tuple[str, int | None, bool]:
    """Return name, facing, and whether it is marked, of "red box down marked"."""
    words = said.split(" ")
    is_marked = len(words) > 2 and words[-1] == "marked"
    words = words[:-1] if is_marked else words
    facing = HEADINGS.get(words[-1]) if len(words) > 2 else None
    return " ".join(words if facing is None else words[:-1]), facing, is_marked


def _walls(value: _Laid | _Free) -> tuple[str, str, str, str]:
    north, east, south, west = value.get("walls", WALLS_OF_A_ROOM)
    return north, east, south, west
