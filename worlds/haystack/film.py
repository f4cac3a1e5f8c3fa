"""Generated haystack videos: up to two hours of rooms in which a small needle shows for a few seconds (T*, section 4 setting).

A camera pans slowly through eight furnished rooms that are visited again and again; toys come and go, and one or two
needles (a colour and a shape that no other object of the video has) appear once each. Every picture follows from
(spec, t) alone, so frames can be drawn lazily, in any order and at any size; boxes and answers are exact.
It is not a physical scene: toys appear where they are and nothing casts a shadow on anything else.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from worlds.haystack.questions import LETTERS, Needle, Question, questions_of
from worlds.haystack.rooms import ROOM_SIDE, Placed, Room, crop, draw_room_picture, furnish, visible_box
from worlds.haystack.spec import HaystackSpec
from worlds.kit import COLOURS, FURNITURE, SHAPES, WALLS, draw_object, object_box, object_name

_TOY_LIFE_S = 3  # a toy stays for three seconds, so that people can watch the video
_TOYS_PER_FRAME = 0.8
_NEEDLE_RADII = (5.5 / 128, 8.0 / 128)  # of the view width
_TOY_RADII = (5.0 / 128, 8.0 / 128)


@dataclass(frozen=True)
class Visit:
    """The camera is in one room for start_s <= t < end_s."""

    room: int
    start_s: float
    end_s: float


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
        return questions_of(self.needles, self.rooms, seed=self.spec.seed)

    def to_item(self, *, question: int = 0, video_path: str | None = None, frame_rate: float = 2.0) -> dict[str, object]:
        """Return the question as one LV-Haystack item with the T* input keys (`gt_frame_index` counts at frame_rate)."""
        asked = self.questions[question]
        options = dict(zip(LETTERS, asked.options))
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
