"""Generated haystack videos: up to two hours of rooms in which a small needle shows for a few seconds (T*, section 4 setting).

A camera pans slowly through eight furnished rooms that are visited again and again; toys come and go, and one or two
needles (a colour and a shape that no other object of the video has) appear once each. Every picture follows from
(spec, t) alone, so frames can be drawn lazily, in any order and at any size; boxes and answers are exact.
It is not a physical scene: toys appear where they are and nothing casts a shadow on anything else.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from worlds.errors import InputError
from worlds.kit import COLOURS, FLOORS, FURNITURE, SHAPES, WALLS, draw_object, draw_room, object_box, object_name

PREFIX = "generated:"
ROOM_SIDE = 1.375  # side of a room in view widths: 176 px of room for 128 px of view
_HORIZON = 0.56  # of the room's height
_TOY_LIFE_S = 3  # a toy stays for three seconds, so that people can watch the video
_TOYS_PER_FRAME = 0.8
_NEEDLE_RADII = (5.5 / 128, 8.0 / 128)  # of the view width
_TOY_RADII = (5.0 / 128, 8.0 / 128)
_FURNITURE_RADII = (12.0 / 128, 19.0 / 128)
Box = tuple[float, float, float, float]


class HaystackSpec(BaseModel):
    """Everything that decides a generated video."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    minutes: float = Field(default=15.0, ge=1.0, le=120.0, description="Length of the video in minutes")
    seed: int = Field(default=0, ge=0, le=2**31 - 1, description="Seed of everything that is drawn by chance")
    needles: int = Field(default=1, ge=1, le=2, description="Number of needles; two make a question about their order")
    cues: bool = Field(default=True, description="Furniture stands in the needle's room, so cue objects can guide the search")
    needle_s: float = Field(default=6.0, ge=2.0, le=30.0, description="Seconds for which a needle is visible")
    decoys: bool = Field(default=True, description="Look-alikes appear: the needle's shape in another colour and the reverse")

    @classmethod
    def from_id(cls, video_id: str) -> "HaystackSpec":
        """Return the spec that an id such as "generated:minutes=15,seed=7" names; missing parts take their defaults.

        Raises:
            InputError: the id has another prefix, an unknown or repeated part, or a value out of bounds.
        """
        known = ", ".join(cls.model_fields)
        if not video_id.startswith(PREFIX):
            raise InputError(f"{video_id[:80]!r} is not a generated video. Its id starts with {PREFIX!r}.")
        values: dict[str, str] = {}
        for part in filter(None, video_id[len(PREFIX) :].split(",")):
            key, equals, value = part.partition("=")
            key = key.strip()
            if key not in cls.model_fields or not equals:
                raise InputError(f"{part[:80]!r} is no part of a generated video. The parts are name=value with {known}.")
            if key in values:
                raise InputError(f"{key!r} stands twice in {video_id[:80]!r}. Each part may stand once.")
            values[key] = value.strip()
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            first = error.errors()[0]
            name = first["loc"][0]
            raise InputError(f"{name}={values.get(str(name), '')[:80]!r} cannot be used. {first['msg']}.") from error

    @property
    def id(self) -> str:
        """Return the id that names exactly this video: every part in one order."""
        parts = []
        for name in type(self).model_fields:
            value = getattr(self, name)
            text = ("yes" if value else "no") if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else value
            parts.append(f"{name}={text}")
        return PREFIX + ",".join(parts)


@dataclass(frozen=True)
class Needle:
    """One thing to find: visible for start_s <= t < end_s and at no other time."""

    name: str
    start_s: float
    end_s: float
    room: int
    neighbour: str  # the toy beside it


@dataclass(frozen=True)
class Visit:
    """The camera is in one room for start_s <= t < end_s."""

    room: int
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Question:
    """A question with exact answer; key_seconds are all whole seconds at which a target is visible."""

    question: str
    options: tuple[str, ...]
    answer: str  # letter
    targets: tuple[str, ...]
    cues: tuple[str, ...]
    key_seconds: tuple[int, ...]


@dataclass(frozen=True)
class Placed:
    """An object in a picture; positions in view widths."""

    name: str
    x: float
    y: float
    radius: float
    rotation: float = 0.0


@dataclass(frozen=True)
class Room:
    """One of the rooms; furniture is placed in room coordinates, in view widths."""

    wall: str
    floor: str
    window_x: float | None
    rug: str | None
    furniture: tuple[Placed, ...]


def furnish(rng: np.random.Generator, wall: str, names: list[str]) -> Room:
    """Return a room with the named furniture side by side: clocks on the wall, everything else on the floor."""
    standing = [name for name in names if not name.endswith("clock")]
    slots = (np.arange(len(standing)) + 0.5) / max(1, len(standing)) * (ROOM_SIDE - 0.2) + 0.1
    placed = []
    for name, slot in zip(standing, slots):
        radius = float(rng.uniform(*_FURNITURE_RADII))
        _, _, _, foot = object_box(name, centre_xy=(0, 0), radius_px=radius)
        ground = _HORIZON * ROOM_SIDE + rng.uniform(0.05, 0.3)
        placed.append(Placed(name, float(slot + rng.uniform(-0.06, 0.06)), float(ground - foot), radius))
    placed.sort(key=lambda thing: thing.y)
    for name in sorted(set(names) - set(standing)):
        radius = float(rng.uniform(_FURNITURE_RADII[0], 0.115))
        placed.append(Placed(name, float(rng.uniform(0.3, ROOM_SIDE - 0.3)), float(rng.uniform(0.2, 0.32)), radius))
    window = float(rng.choice([0.3, 0.5, 0.7])) if rng.random() < 0.6 and not any("clock" in name for name in names) else None
    rug = str(rng.choice(list(COLOURS))) if rng.random() < 0.5 else None
    return Room(wall, str(rng.choice(list(FLOORS))), window, rug, tuple(placed))


def draw_room_picture(room: Room, view_px: int) -> np.ndarray:
    """Return the whole furnished room, (side, side, 3) uint8 with side = ROOM_SIDE views."""
    side = round(ROOM_SIDE * view_px)
    picture = draw_room(side, wall=room.wall, floor=room.floor, horizon=_HORIZON, window_x=room.window_x, rug=room.rug)
    for thing in room.furniture:
        draw_object(picture, thing.name, centre_xy=(thing.x * view_px, thing.y * view_px), radius_px=thing.radius * view_px)
    return picture


class Haystack:
    """One generated video."""

    def __init__(self, spec: HaystackSpec) -> None:
        self.spec = spec
        self.duration_s = round(spec.minutes * 60)
        self._pictures: dict[tuple[int, int], np.ndarray] = {}
        rng = np.random.default_rng([spec.seed, 1])
        pairs = [(colour, shape) for colour in COLOURS for shape in SHAPES]
        chosen = [pairs[index] for index in rng.permutation(len(pairs))[: spec.needles]]
        self._needle_names = [object_name(*pair) for pair in chosen]
        self.visits = self._plan_visits(rng)
        self.needles = self._place_needles(rng)
        self.rooms = self._furnish_rooms(rng)
        self.decoys = self._plan_decoys(rng) if spec.decoys else []

    @classmethod
    def from_id(cls, video_id: str) -> "Haystack":
        """Return the video of a "generated:..." id; raises InputError as `HaystackSpec.from_id` does."""
        return cls(HaystackSpec.from_id(video_id))

    def _plan_visits(self, rng: np.random.Generator) -> list[Visit]:
        visits: list[Visit] = []
        start = 0
        order: list[int] = []
        while start < self.duration_s:
            if not order:
                order = list(rng.permutation(len(WALLS)))
                if visits and order[0] == visits[-1].room:
                    order.reverse()
            length = int(rng.integers(20, 91))
            if self.duration_s - start - length < 20:  # the last visit takes what is left
                length = self.duration_s - start
            visits.append(Visit(int(order.pop(0)), float(start), float(start + length)))
            start += length
        return visits

    def _place_needles(self, rng: np.random.Generator) -> list[Needle]:
        margin = 2
        long_enough = [visit for visit in self.visits if visit.end_s - visit.start_s >= self.spec.needle_s + 2 * margin]
        long_enough = long_enough or sorted(self.visits, key=lambda visit: visit.start_s - visit.end_s)[:1]
        needles: list[Needle] = []
        for name in self._needle_names:
            elsewhere = [visit for visit in long_enough if all(visit.room != needle.room for needle in needles)]
            free = elsewhere or [v for v in long_enough if all(n.end_s <= v.start_s or n.start_s >= v.end_s for n in needles)]
            visit = (free or long_enough)[int(rng.integers(len(free or long_enough)))]
            latest = max(visit.start_s, visit.end_s - margin - self.spec.needle_s)
            start = float(rng.integers(int(min(visit.start_s + margin, latest)), int(latest) + 1))
            end = min(start + self.spec.needle_s, float(self.duration_s))
            shape = name.split()[1]
            near = [object_name(c, s) for c in COLOURS for s in SHAPES if s != shape and object_name(c, s) not in self._needle_names]
            needles.append(Needle(name, start, end, visit.room, str(near[int(rng.integers(len(near)))])))
        return needles

    def _furnish_rooms(self, rng: np.random.Generator) -> list[Room]:
        walls = [list(WALLS)[index] for index in rng.permutation(len(WALLS))]
        names = [object_name(colour, kind) for kind in FURNITURE for colour in COLOURS]
        order = iter(rng.permutation(len(names)))
        rooms = []
        for index, wall in enumerate(walls):
            number = int(rng.integers(2, 5))
            bare = not self.spec.cues and any(needle.room == index for needle in self.needles)
            furniture: list[str] = []
            while len(furniture) < number:  # no piece stands in two rooms, so each is a cue for one room
                name = names[next(order)]
                if name.split()[1] not in {other.split()[1] for other in furniture}:
                    furniture.append(name)
            rooms.append(furnish(rng, wall, [] if bare else furniture))
        return rooms

    def _plan_decoys(self, rng: np.random.Generator) -> list[tuple[str, float, float]]:
        """Return (name, start_s, end_s) of look-alikes, about one in a minute, away from the needles in time."""
        decoys = []
        for _ in range(max(2, self.duration_s // 60)):
            colour, shape = self._needle_names[int(rng.integers(len(self._needle_names)))].split()
            if rng.random() < 0.5:
                alike = [object_name(other, shape) for other in COLOURS if other != colour]
            else:
                alike = [object_name(colour, other) for other in SHAPES if other != shape]
            alike = [name for name in alike if name not in self._needle_names]
            start = float(rng.integers(0, max(1, self.duration_s - 6)))
            end = start + float(rng.integers(3, 7))
            if all(end + 1 < needle.start_s or start > needle.end_s + 1 for needle in self.needles):
                decoys.append((alike[int(rng.integers(len(alike)))], start, end))
        return decoys

    def visit_at(self, t: float) -> Visit:
        """Return the visit during which t lies; times outside the video belong to the first or last visit."""
        starts = [visit.start_s for visit in self.visits]
        return self.visits[max(0, int(np.searchsorted(starts, t, side="right")) - 1)]

    def _camera(self, t: float) -> tuple[float, float]:
        """Return the upper left corner of the view in room coordinates: a slow ellipse."""
        half = (ROOM_SIDE - 1) / 2
        phase = self.spec.seed % 97
        return half * (1 + np.sin(t / 7.3 + phase)), half * (1 + np.cos(t / 11.9 + phase))

    def _objects(self, t: float) -> Iterator[Placed]:
        """Yield what is in the view at time t from back to front, in view coordinates."""
        visit = self.visit_at(t)
        left, top = self._camera(t)
        for thing in self.rooms[visit.room].furniture:
            yield Placed(thing.name, thing.x - left, thing.y - top, thing.radius, thing.rotation)
        taken = list(self._special(t))
        for born in range(int(np.floor(t)) - _TOY_LIFE_S + 1, int(np.floor(t)) + 1):
            rng = np.random.default_rng([self.spec.seed, 2, born + 10])
            for _ in range(rng.poisson(_TOYS_PER_FRAME / _TOY_LIFE_S)):
                toy = self._toy(rng, born)
                clear = all(np.hypot(toy.x - left - n.x, toy.y - top - n.y) > 1.3 * (toy.radius + n.radius) for n in taken)
                if born >= visit.start_s and clear and toy.name not in self._needle_names:
                    yield Placed(toy.name, toy.x - left, toy.y - top, toy.radius, toy.rotation)
        yield from taken

    def _toy(self, rng: np.random.Generator, born: int) -> Placed:
        left, top = self._camera(born + _TOY_LIFE_S / 2)
        name = object_name(list(COLOURS)[rng.integers(len(COLOURS))], SHAPES[rng.integers(len(SHAPES))])
        x, y = rng.uniform(0.1, 0.9), rng.uniform(0.14, 0.9)
        return Placed(name, left + x, top + y, float(rng.uniform(*_TOY_RADII)), float(rng.uniform(-0.3, 0.3)))

    def _special(self, t: float) -> Iterator[Placed]:
        """Yield decoys, then the needle with its neighbour in front of everything; they jitter within the view."""
        shown: list[tuple[str, float, float, str | None]] = [(name, start, end, None) for name, start, end in self.decoys]
        shown += [(needle.name, needle.start_s, needle.end_s, needle.neighbour) for needle in self.needles]
        for index, (name, start, end, neighbour) in enumerate(shown):
            if not start <= t < end:
                continue
            rng = np.random.default_rng([self.spec.seed, 3, index])
            x, y = rng.uniform(0.3, 0.7), rng.uniform(0.3, 0.8)
            radius = float(rng.uniform(*_NEEDLE_RADII))
            phase, tilt, side = rng.uniform(0, 6.28), rng.uniform(-0.2, 0.2), rng.choice([-1.0, 1.0])
            x += 0.03 * np.sin(1.7 * t + phase)
            y += 0.02 * np.cos(2.3 * t + phase)
            if neighbour is not None:
                yield Placed(neighbour, float(x + side * 0.17), float(y + 0.02), radius, float(-tilt))
            yield Placed(name, float(x), float(y), radius, float(tilt + 0.1 * np.sin(2 * t)))

    def frame(self, t: float, size_px: int, *, noise: float = 0.0) -> np.ndarray:
        """Return the picture at t seconds as (size, size, 3) uint8 RGB.

        Args:
            t: any time; equal times give equal bytes.
            size_px: side of the square picture.
            noise: standard deviation of pixel noise in steps of 255; 0 for what people see or a file holds.
        """
        visit = self.visit_at(t)
        key = (visit.room, size_px)
        if key not in self._pictures:
            if len(self._pictures) > 16:
                self._pictures.clear()
            self._pictures[key] = draw_room_picture(self.rooms[visit.room], size_px)
        canvas = crop(self._pictures[key], self._camera(t), size_px)
        for thing in list(self._objects(t))[len(self.rooms[visit.room].furniture) :]:
            centre = (thing.x * size_px, thing.y * size_px)
            draw_object(canvas, thing.name, centre_xy=centre, radius_px=thing.radius * size_px, rotation=thing.rotation)
        if noise > 0:
            rng = np.random.default_rng([self.spec.seed, 4, round(t * 1000) + 10_000])
            canvas = np.clip(canvas + rng.normal(0, noise, canvas.shape), 0, 255).astype(np.uint8)
        return canvas

    def boxes(self, t: float) -> list[tuple[str, float, float, float, float]]:
        """Return (name, x1, y1, x2, y2) of everything in view at t, cut at the border, as parts of the width, 0..1.

        Objects of which less than a quarter is inside the view are left out.
        """
        found = []
        for thing in self._objects(t):
            box = object_box(thing.name, centre_xy=(thing.x, thing.y), radius_px=thing.radius, rotation=thing.rotation)
            inside = visible_box(box)
            if inside is not None:
                found.append((thing.name, *inside))
        return found

    @cached_property
    def questions(self) -> list[Question]:
        """Return the questions with exact answers; the first one is the question of the item."""
        rng = np.random.default_rng([self.spec.seed, 5])
        questions = []
        if len(self.needles) == 2:
            first, second = self.needles
            text = f"Did the {first.name} appear before the {second.name}?"
            options = ("Yes, before", "No, after", "Both at the same time", f"There was no {first.name}")
            correct = options[0] if first.start_s < second.start_s else options[1]
            if first.start_s == second.start_s:
                correct = options[2]
            questions.append(self._question(text, options, correct, self.needles))
        for needle in self.needles:
            room = self.rooms[needle.room]
            walls = _options(rng, room.wall, list(WALLS))
            questions.append(
                self._question(f"Which room colour was around when the {needle.name} appeared?", walls, room.wall, [needle])
            )
            shape, own = needle.neighbour.split()[1], needle.name.split()[1]
            shapes = _options(rng, shape, [kind for kind in SHAPES if kind != own])
            questions.append(self._question(f"What shape stood next to the {needle.name}?", shapes, shape, [needle]))
            counts = ("0", "2", "3", "4")
            text = f"How many pieces of furniture are in the room where the {needle.name} appeared?"
            questions.append(self._question(text, counts, str(len(room.furniture)), [needle]))
        return questions

    def _question(self, text: str, options: tuple[str, ...], correct: str, needles: list[Needle]) -> Question:
        seconds = {s for n in needles for s in range(int(np.ceil(n.start_s)), int(np.ceil(n.end_s)))}
        targets = tuple(needle.name for needle in needles)
        cues = dict.fromkeys(thing.name for needle in needles for thing in self.rooms[needle.room].furniture)
        letter = "ABCDE"[options.index(correct)]
        return Question(text, options, letter, targets, tuple(cues), tuple(sorted(seconds)))

    def to_item(self, *, question: int = 0, video_path: str | None = None, frame_rate: float = 2.0) -> dict[str, object]:
        """Return the question as one LV-Haystack item with the T* input keys (`gt_frame_index` counts at frame_rate)."""
        asked = self.questions[question]
        letters = "ABCDE"
        options = dict(zip(letters, asked.options))
        frames = [round(second * frame_rate) for second in asked.key_seconds]
        return {
            "video_id": self.spec.id,
            "video_path": video_path or self.spec.id,
            "question": asked.question,
            "options": "\n".join(f"{letter}) {text}" for letter, text in options.items()),
            "choices": options,
            "answer": asked.answer,
            "gt_answer": asked.answer,
            "gt_frame_index": frames,
            "frame_indexes_video": frames,
            "video_metadata": {
                "frame_rate": frame_rate,
                "video_duration": float(self.duration_s),
                "video_frame_count": round(self.duration_s * frame_rate),
            },
            "grounding_objects": {"target_objects": list(asked.targets), "cue_objects": list(asked.cues)},
        }


def _options(rng: np.random.Generator, correct: str, words: list[str]) -> tuple[str, ...]:
    others = [word for word in words if word != correct]
    chosen = [correct] + [others[index] for index in rng.permutation(len(others))[:4]]
    return tuple(chosen[index] for index in rng.permutation(5))


def crop(picture: np.ndarray, corner: tuple[float, float], size_px: int) -> np.ndarray:
    """Return the view (size, size, 3) of a room picture whose upper left corner lies at `corner` view widths."""
    shift = np.array([[1, 0, corner[0] * size_px], [0, 1, corner[1] * size_px]], dtype=np.float32)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(picture, shift, (size_px, size_px), flags=flags, borderMode=cv2.BORDER_REPLICATE)


def visible_box(box: Box) -> Box | None:
    """Return the box cut to 0..1, or None if less than a quarter of its area is left."""
    x1, y1, x2, y2 = (min(1.0, max(0.0, value)) for value in box)
    if (x2 - x1) * (y2 - y1) < 0.25 * (box[2] - box[0]) * (box[3] - box[1]):
        return None
    return x1, y1, x2, y2
