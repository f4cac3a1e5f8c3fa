"""Files in MindCube's layouts: 1,050 questions with TinyBench's templates, counts and letters; answers are read off the true maps.

The geometry here knows nothing of the answer rules: it turns positions into what is ahead and what is to the right of a camera.
"""

import json
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from backends.files.archive import Files, ZipLimits, open_zip, single, zipped
from backends.files.rows import OddRows, Row
from backends.mindcube.formats.records import read_row
from backends.mindcube.grounding import grounded
from backends.mindcube.items import Answered, Item
from backends.mindcube.maps import Map, Spot, to_json

AMONG = {"1_1": 85, "1_2": 84, "2_1": 77, "2_2": 66, "2_3": 87, "5_1": 89, "5_2": 86}
GEN = {"gen_3_1": 3, "gen_3_2": 2, "gen_4_1": 6, "gen_4_2": 5, "gen_6_1": 5, "gen_6_2": 5}
AROUND = {"q1_1": 40, "q1_2": 40, "q1_3": 13, "q1_4": 12, "q2_1": 50, "q2_2": 50, "q2_5": 10, "q2_6": 10, "q2_7": 8, "q2_8": 8,
          "q4_1": 5,
          "q4_2": 4}
YES_NO_AROUND = 86  # of q2; one of them is "No"
ROW_OPTIONS = [2] * 20 + [3] * 21 + [4] * 18  # of the questions of around that ask for an object
LETTERS = {4: "D" * 137 + "C" * 137 + "A" * 145 + "B" * 146, 3: "C" * 73 + "A" * 74 + "B" * 74, 2: "A" * 123 + "B" * 141}
COLOURS = ("red", "green", "blue", "white", "black", "yellow", "pink", "grey")
THINGS = ("sofa", "lamp", "door", "plant", "table", "chair", "shelf", "bin", "piano", "mirror")
ANNOTATIONS = {"up": "back", "down": "face", "left": "left", "right": "right"}
AHEAD = {"up": (0, -1), "right": (1, 0), "down": (0, 1), "left": (-1, 0)}
COMPASS = ("up", "right", "down", "left")
SIDES = ("front", "left", "back", "right")
FOUR = ("Based on these four images (image 1, 2, 3, and 4) showing the {} from different viewpoints (front, left, back, and right), "
        "with each camera aligned with room walls and partially capturing the surroundings: ")
THREE = "Based on these three images (image 1, 2, and 3) showing the same scene from different viewpoints ({}, left, and right): "
TWO = "Based on these two views showing the same scene: in which direction did I move from the first view to the second view?"
TURNED = ("These three images (image 1, 2, and 3) show the same scene from three different viewpoints. The image 2 was taken after "
          "turning the camera 90 degrees to the right (clockwise) from the position of image 1. For image 3, the camera was turned "
          "another 90 degrees right, so it's basically facing the opposite direction of image 1. Based on these three images: ")
STAND = "If I am standing at the same spot and facing the same direction as shown in image {}, "
MOVES = ("Diagonally forward and left", "Diagonally forward and right", "Directly left", "Directly right")


def local(spot: Spot, position: Sequence[float], heading: str) -> tuple[float, float]:
    """How far a spot is ahead, and how far to the right, of somebody who looks that way."""
    dx, dy = spot.position[0] - position[0], spot.position[1] - position[1]
    ax, ay = AHEAD[heading]
    return dx * ax + dy * ay, -dx * ay + dy * ax


def beside(spots: Iterable[Spot], position: Sequence[float], heading: str) -> dict[str, list[str]]:
    """The names in each direction by what is larger, ahead or to the side; the nearest first."""
    found: dict[str, list[tuple[float, str]]] = {"front": [], "right": [], "behind": [], "left": []}
    for spot in spots:
        ahead, right = local(spot, position, heading)
        if abs(ahead) > abs(right):
            found["front" if ahead > 0 else "behind"].append((abs(ahead), spot.name))
        elif abs(right) > abs(ahead):
            found["right" if right > 0 else "left"].append((abs(right), spot.name))
    return {direction: [name for _, name in sorted(own)] for direction, own in found.items()}


def turn(heading: str, quarters: int) -> str:
    return COMPASS[(COMPASS.index(heading) + quarters) % 4]


def moved(true: Map) -> str:
    first, second = true.views[:2]
    ahead, right = local(second, first.position, first.facing)
    assert ahead > 0 and right
    return MOVES[0] if right < 0 else MOVES[1]


class Maker:
    """Makes rows; letters and names are drawn once for all."""

    def __init__(self, seed: int = 0) -> None:
        self._rng = np.random.default_rng(seed)
        self._letters = {count: list(self._rng.permutation(list(letters))) for count, letters in LETTERS.items()}
        self._rows: list[int] = list(self._rng.permutation(ROW_OPTIONS))
        self._number = 0

    def names(self, count: int) -> list[str]:
        pairs = [f"{colour} {thing}" for colour in COLOURS for thing in THINGS]
        return [pairs[place] for place in self._rng.choice(len(pairs), count, replace=False)]

    def row(self, name: str, stem: str, gold: str, others: Sequence[str], images: Sequence[str], meta: object, kind: str = "") -> Row:
        """A raw row; the right answer stands where its letter was drawn."""
        count = len(others) + 1
        letter = str(self._letters[count].pop())
        texts = [str(text) for text in self._rng.permutation(list(others))]
        texts.insert("ABCD".index(letter), gold)
        texts = [text[:1].upper() + text[1:] for text in texts]
        if set(texts) == {"Yes", "No"} and name.startswith("around"):
            texts[texts.index("No")] = "No."  # as TinyBench has it
        question = " ".join([stem, *(f"{mark}. {text}" for mark, text in zip("ABCD", texts))])
        return {"id": name, "category": ["perpendicular", "P-O"], "type": kind or 1, "meta_info": meta, "question": question,
                "images": list(images), "gt_answer": letter}

    def among(self, kind: str) -> Row:
        self._number += 1
        group, names, rng = f"group{self._number % 90:03d}", self.names(5), self._rng
        files = {side: f"other_all_image/among/{names[0].replace(' ', '_')}_{self._number:03d}/{side}_{100 + place:03d}.jpg"
                 for place, side in enumerate(SIDES)}
        image = int(rng.integers(4))
        facings: list[str | None] = [None] * 5
        if kind.startswith("gen"):
            facings[0 if kind[4] in "34" else int(rng.integers(1, 5))] = str(rng.choice(list(ANNOTATIONS.values())))
        sides = SIDES if not kind.startswith("1") else (SIDES[image], SIDES[(image + (1 if kind == "1_1" else 3)) % 4])
        images, meta = [files[side] for side in sides], [names, facings]
        name = f"among_{group}_{kind}" if kind.startswith("gen") else f"among_{group}_q{image}_{kind}"
        true = true_of(name, images, meta, "image")
        around, centre = true.objects[1:], names[0]
        if kind.startswith("1"):
            gold = moved(true)
            return self.row(name, TWO, gold, [move for move in MOVES if move != gold], images, meta)
        start = FOUR.format(centre)
        if kind.startswith("gen"):
            return self._gen(kind, name, start, true, images, meta)
        view = true.views[image]
        own = beside(around, view.position, view.facing)
        if kind == "2_1":
            return self.row(name, start + STAND.format(image + 1) + "what is behind me?", own["behind"][0],
                            [one for one in names[1:] if one != own["behind"][0]], images, meta)
        if kind in ("2_2", "2_3"):
            word, by = ("left", 3) if kind == "2_2" else ("right", 1)
            target = beside(around, view.position, turn(view.facing, by))["front"][0]
            return self.row(name,
                            f"{start}{STAND.format(image + 1)}then I turn {word} and move forward, will I get closer to the "
                            f"{target}?",
                            "yes", ["no"], images, meta)
        side = "left" if kind == "5_1" else "right"
        gold = own[side][0]
        return self.row(name, start + f"From the viewpoint presented in image {image + 1}, what is to the {side} of the {centre}?",
                        gold,
                        [one for one in names[1:] if one != gold], images, meta)

    def _gen(self, kind: str, name: str, start: str, true: Map, images: Sequence[str], meta: list) -> Row:
        centre, around = true.objects[0], true.objects[1:]
        names, side = [spot.name for spot in around], "left" if kind.endswith("_1") else "right"
        if kind[4] == "6":
            stand = next(spot for spot in around if spot.facing)
            heading = next(facing for facing in COMPASS if stand.name in beside(around, centre.position, facing)["behind"])
            gold = beside(around, centre.position, heading)[side][0]
            stem = (f"{start}If I am at the position of the {stand.name} and face as it does, what is to the {side} of the "
                    f"{centre.name}?")
            return self.row(name, stem, gold, [one for one in names if one != gold], images, meta)
        own = beside(around, centre.position, centre.facing)
        stem = f"{start}If I am at the position of the {centre.name} and face as it does, "
        if kind[4] == "3":
            return self.row(name, f"{stem}can I see the {own['front'][0]}?", "yes", ["no"], images, meta)
        return self.row(name, f"{stem}what is to my {side}?", own[side][0], [one for one in names if one != own[side][0]], images,
                        meta)

    def around(self, kind: str, wants: str = "object") -> Row:
        self._number += 1
        rng, count = self._rng, self._rows.pop() if wants == "object" else 2
        size = int(rng.integers(2, 5))
        names = self.names(size + 4)
        row, others = names[:size], names[size:]
        is_back = kind in ("q1_3", "q1_4", "q2_7", "q2_8")
        facings: list[str | None] = [None] * size
        if kind.startswith("q4"):
            facings[0] = "face" if kind == "q4_1" else "back"
        order = {"q1": [1, 2] if kind[-1] in "13" else [1, 3], "q2": [1, 2, 3], "q4": [1, 2, 3]}[kind[:2]]
        order = [4 if number == 1 and is_back else number for number in order]
        group = f"{self._number:064x}"
        images = [f"other_all_image/around/{group}/{number}_frame_{50 + number:05d}.png" for number in order]
        name, meta = f"around_{group}_{kind}", [[4 if is_back else 3], [size, row, facings, others]]
        true = true_of(name, images, meta, "image")
        if kind.startswith("q1"):
            gold = moved(true)
            return self.row(name, TWO, gold, [move for move in MOVES if move != gold], images, meta)
        start = THREE.format("back" if is_back else "front")
        if kind.startswith("q4"):
            side = "left" if kind == "q4_1" else "right"
            gold = beside(true.objects[1:], true.objects[0].position, true.objects[0].facing)[side][0]
            stem = f"{start}From the perspective of the {row[0]}, what is the nearest object to my {side}?"
            return self.row(name, stem, gold, others[:count - 1], images, meta)
        number = 2 if kind[-1] in "157" else 3
        view = true.views[number - 1]
        ahead = sorted(true.objects, key=lambda spot: local(spot, view.position, view.facing)[0])
        place = int(rng.integers(len(ahead) - 1))
        nearest, behind = ahead[place].name, ahead[place + 1].name
        stem = f"{start}From the viewpoint presented in image {number}, "
        if wants == "object":
            return self.row(name, f"{stem}what is the nearest object behind the {nearest}?", behind, others[:count - 1], images, meta)
        if wants == "no":
            nearest, behind = behind, nearest
        return self.row(name, f"{stem}is there a {behind} behind the {nearest}?", wants, ["no" if wants == "yes" else "yes"], images,
                        meta)

    def rotation(self) -> Row:
        self._number += 1
        names, rng = self.names(3), self._rng
        images = [f"other_all_image/rotation/g{self._number}/{number}.png" for number in (6, 15, 25)]
        while True:
            image, by, direction = int(rng.integers(3)), int(rng.integers(4)), str(rng.choice(["left", "right", "behind"]))
            name = f"rotation_group{self._number % 30:03d}_q{image + 1}_{1 + int(rng.integers(8))}"
            true = true_of(name, images, names, "image", "three_view")
            found = beside(true.objects, (5, 5), turn(true.views[image].facing, by))[direction]
            if found:
                break
        how = ["", "then I turn 90 degrees to the right, ", "then I turn 180 degrees around, ",
               "then I turn 90 degrees to the left, "][by]
        stem = f"{TURNED}{STAND.format(image + 1)}{how}what is to my {direction}?"
        return self.row(name, stem, found[0], [one for one in names if one != found[0]], images, names, "three_view")


def true_of(name: str, images: Sequence[str], meta: object, question: str, kind: str = "") -> Map:
    row: Row = {"id": name, "question": question, "images": list(images), "meta_info": meta, "gt_answer": "A", "type": kind}
    return grounded(read_row(row, 1, "raw", OddRows()).item)


def tinybench(seed: int = 0) -> list[Row]:
    """1,050 raw rows."""
    maker = Maker(seed)
    rows = [maker.among(kind) for kind, count in {**AMONG, **GEN}.items() for _ in range(count)]
    asked = ["yes"] * (YES_NO_AROUND - 1) + ["no"] + ["object"] * (136 - YES_NO_AROUND)
    for kind, count in AROUND.items():
        rows += [maker.around(kind, asked.pop(0) if kind.startswith("q2") else "object" if kind.startswith("q4") else "movement")
                 for _ in range(count)]
    return rows + [maker.rotation() for _ in range(200)]


def items(rows: Iterable[Row]) -> list[Item]:
    return [read_row(row, 1, "raw", OddRows()).item for row in rows]


def answered(rows: Iterable[Row], reply: Callable[[Item], str | None], **more: str) -> list[Answered]:
    return [Answered(item, reply(item), **more) for item in items(rows)]


def right(item: Item) -> str:
    """A reply that is right, and has its tag."""
    return f"<answer>{item.answer}. {item.right.text}</answer>"


def with_map(item: Item, written: Map | None = None) -> str:
    return f"<cogmap>```json\n{to_json(written or grounded(item))}\n```</cogmap>{right(item)}"


def lines(rows: Iterable[Row]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def alone(name: str, content: bytes) -> Files:
    return single(name, content)


def opened(files: dict[str, bytes], limits: ZipLimits | None = None) -> Files:
    return open_zip(zipped(files), limits=limits)
