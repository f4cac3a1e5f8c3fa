"""Task "ask": one room, one question, and what each way of answering makes of it."""

from collections.abc import Iterator
from functools import cache, partial

from backends.mindcube import chains, ladder, mappers
from backends.mindcube.edits import changed_map
from backends.mindcube.ladder import Asking
from backends.mindcube.maps import Map
from backends.mindcube.prompts import BY_NAME
from backends.mindcube.replies import MAX_NAME, drawn, replied, unique
from backends.mindcube.results import MAX_TEXT, Asked, Replied, Step
from backends.mindcube.rooms import REAL_PX, Posed, posed_by
from backends.mindcube.settings import EVALUATED, Config, MindCubeSettings
from backends.run import Progress
from models.catalogue import Rung
from models.memory import budget
from worlds.errors import InputError
from worlds.rooms.scenes import Camera, Pose
from worlds.rooms.texts import write_scene


def ask(settings: MindCubeSettings, rung: Rung, notes: list[str]) -> Iterator[Progress | Asked]:
    """Yield the question, then the same with one reply more after another.

    Raises:
        InputError: the room, the map by hand or the model cannot be used.
    """
    posed = posed_by(settings)
    changed = changed_map(posed, settings)
    notes += [*posed.notes, *_strange(posed, changed)]
    asked = asked_of(posed)
    yield asked
    says = _of_miniature if rung.name == mappers.MINIATURE else _of_ladder
    for event in says(settings, rung, posed, changed, notes):
        if isinstance(event, Replied):
            asked = asked.model_copy(update={"replies": (*asked.replies, event)})
        yield asked if isinstance(event, Replied) else event


def _strange(posed: Posed, changed: Map | None) -> list[str]:
    """Say which things of a map by hand are none that the images show."""
    known = {spot.name for spot in posed.true.objects}
    names = [spot.name for spot in changed.objects if spot.name not in known] if changed else []
    if not names:
        return []
    told = f"{', '.join(repr(name[:40]) for name in names[:5])} {'is' if len(names) == 1 else 'are'}"
    return [f"On the map by hand {told} in none of the images."]


def _of_miniature(settings: MindCubeSettings, rung: Rung, posed: Posed, changed: Map | None, notes: list[str]
                  ) -> Iterator[Progress | Replied]:
    able = able_of(rung, settings.configurations, notes)
    with mappers.lent(rung, able, settings.quantisation) as models:
        shown = mappers.shown_to(models[able[0]], [posed])
        for place, configuration in enumerate(able):
            yield _progress(configuration, place, len(able))
            how = BY_NAME[configuration]
            own = changed if how.given or how.form else None
            said = mappers.ask(models[configuration], configuration, [posed], shown, changed=own, looks=settings.looks)[0]
            yield replied(posed.item, posed.true, configuration, said)


def able_of(rung: Rung, configurations: tuple[Config, ...], notes: list[str]) -> tuple[Config, ...]:
    """Return the configurations in which the miniature is asked, and note why it is not in the others.

    Raises:
        InputError: it is asked in none.
    """
    why = {configuration: mappers.why_not(rung, configuration) for configuration in configurations}
    able = tuple(configuration for configuration, reason in why.items() if not reason)
    if not able:
        raise InputError(" ".join(unique(tuple(why.values()))))
    notes += unique(tuple(why.values()))
    return able


def _of_ladder(settings: MindCubeSettings, rung: Rung, posed: Posed, changed: Map | None, notes: list[str]
               ) -> Iterator[Progress | Replied]:
    # as an evaluation asks, so that a question of one is replied to as it was there
    asking = Asking(settings.max_new_tokens, settings.seed + (settings.index if settings.scene == EVALUATED else 0), changed,
                    settings.looks)
    with budget().borrow(rung, settings.quantisation) as loaded:
        vlm, views = loaded.vlm, cache(partial(posed.pictures, REAL_PX))  # most configurations are shown the same
        for place, configuration in enumerate(settings.configurations):
            yield _progress(configuration, place, len(settings.configurations))
            pictures = views(ladder.frames_of(configuration))
            said = ladder.ask(vlm, configuration, posed.item, posed.true, pictures, asking)
            if settings.looks and said.gaze is None:
                notes.append("Where this model looked is not known: it wrote nothing, or its images cannot be told apart.")
            yield replied(posed.item, posed.true, configuration, said)


def _progress(configuration: Config, place: int, count: int) -> Progress:
    return Progress(0.1 + 0.9 * place / count, f"Asking: {configuration}")


def asked_of(posed: Posed) -> Asked:
    """Return a question before anybody was asked."""
    scene, question, item = posed.scene, posed.question, posed.item
    beside = [camera for camera in question.cameras if camera not in scene.cameras]
    places = [*scene.cameras, *beside]
    return Asked(
        scene=write_scene(scene), id=item.id, template=item.template, family=scene.family, question=item.stem,
        options=question.options, right=question.letter, start=_pose(question.start), end=_pose(question.pose),
        true=drawn(posed.true), steps=tuple(step_of(step) for step in posed.steps),
        images=tuple(places.index(camera) for camera in question.cameras),
        beside=tuple(_numbers(camera) for camera in beside))


def step_of(step: chains.Step) -> Step:
    """Return a step as results keep it."""
    return Step(kind=step.kind, text=step.text[:MAX_TEXT], images=step.images,
                objects=tuple(name[:MAX_NAME] for name in step.objects), ring=step.ring or ())


def _pose(pose: Pose) -> tuple[float, float, float]:
    return pose.x, pose.y, float(pose.heading)


def _numbers(camera: Camera) -> tuple[float, float, float, float, float, float]:
    return camera.x, camera.y, camera.height, float(camera.heading), camera.pitch, camera.field_of_view
