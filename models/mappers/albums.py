"""Scenes with questions, each picture drawn once: what eyes and mappers learn from and are asked about."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from transformers import PreTrainedModel

from models.mappers.examples import Example
from models.mappers.learning import Task
from models.mappers.scenes import example_of
from models.mappers.towers import HEADS, Look, look, read_off
from models.mappers.words import COMPASS, FACES, LOOKS, NUMBERS, word_of
from worlds.rooms.catalogue import COLOURS, SHAPES
from worlds.rooms.generator import SETTINGS, Subset, scene_at
from worlds.rooms.layouts import MOST_IN_A_ROW
from worlds.rooms.questions import Question, draw_question
from worlds.rooms.scenes import Camera, Cue, Scene, Setting


@dataclass(frozen=True)
class Page:
    """A question about a scene.

    Attributes:
        looks: the places of its images in the album.
    """

    scene: Scene
    question: Question
    example: Example
    looks: tuple[int, ...]


@dataclass(frozen=True)
class Album:
    """Pictures, and questions about them."""

    looks: tuple[Look, ...]
    pages: tuple[Page, ...]


def draw_album(subset: Subset, count: int, *, seed: int, questions: int, settings: Sequence[Setting] = SETTINGS, cue: Cue = "shuffled"
               ) -> Album:
    """Draw the first scenes of a subset; equal arguments give equal albums.

    Args:
        count: of scenes.    questions: about each, their templates drawn evenly.
    """
    looks: list[Look] = []
    pages = []
    for place in range(count):
        scene = scene_at(place, subset=subset, seed=seed, settings=settings, cue=cue)
        rng, seen = np.random.default_rng([seed, place, 1]), dict[Camera, int]()
        for _ in range(questions):
            question = draw_question(rng, scene)
            assert question is not None  # of every setting something can be asked
            for camera in question.cameras:
                if camera not in seen:
                    seen[camera] = len(looks)
                    looks.append(look(scene, camera))
            pages.append(Page(scene, question, example_of(scene, question), tuple(seen[camera] for camera in question.cameras)))
    return Album(tuple(looks), tuple(pages))


def looking_tasks(album: Album, tower: PreTrainedModel, *, seed: int = 0) -> list[Task]:
    """A question for each page that asks what its images show, one after another in any order.

    The thought is, of each image, its number, the way it looks, and what is seen, the nearest first, and whose face; the answer is
    the way the last one looks. A mapper that was taught this knows which image is which.
    """
    rng, found = np.random.default_rng([seed, 4]), []
    for page, task in zip(album.pages, tasks_of(album, tower)):
        order = [int(place) for place in rng.permutation(len(page.looks))]
        headings = [int(page.question.cameras[place].heading) // 90 for place in order]
        told = [word for place, heading in zip(order, headings)
                for word in (NUMBERS[place], *_seen(album.looks[page.looks[place]].labels, heading))]
        asked = (LOOKS, *(NUMBERS[place] for place in order))
        found.append(Task(Example(page.example.views, (), asked, tuple(told), COMPASS[headings[-1]]), task.seen))
    return found


def _seen(labels: np.ndarray, heading: int) -> Iterator[str]:
    """The words of what a picture shows: the way it looks, and its things with the faces that are seen."""
    by_name = dict(zip(HEADS, labels.tolist()))
    yield COMPASS[heading]
    for slot in range(MOST_IN_A_ROW):
        if by_name[f"colour {slot}"]:
            yield word_of(f"{list(COLOURS)[by_name[f'colour {slot}'] - 1]} {list(SHAPES)[by_name[f'shape {slot}'] - 1]}")
            if by_name[f"face {slot}"]:
                yield from (FACES, COMPASS[(heading + 2) % 4])


def tasks_of(album: Album, tower: PreTrainedModel) -> list[Task]:
    """The questions of an album as a tower sees their pictures."""
    seen = read_off(tower, [one.picture for one in album.looks])
    return [Task(page.example, seen[list(page.looks)]) for page in album.pages]
