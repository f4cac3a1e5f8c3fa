"""Results of MindCube made by hand: drawn rooms with maps and chains, replies that err in known ways, evaluations, trainings."""

import numpy as np

from backends.mindcube.maps import Map, Spot, moved, rotated, swapped, without
from backends.mindcube.replies import drawn, likeness
from backends.mindcube.results import (
    Asked,
    Earned,
    Followed,
    Gaze,
    MapCounts,
    MindCubeResult,
    Part,
    Picture,
    Replied,
    Report,
    Step,
    Trained,
    Training,
)
from backends.mindcube.rooms import Posed, posed
from backends.mindcube.settings import CONFIGS, Config, MindCubeSettings, Way
from backends.mindcube.similarity import compared
from backends.statistics import wilson
from worlds.pictures import encode_jpeg
from worlds.rooms.generator import scene_at
from worlds.rooms.questions import questions_of
from worlds.rooms.scenes import Setting
from worlds.rooms.texts import write_scene

WORDS = ("<cogmap>", "the", "red", "ball", "is", "in", "front", "</cogmap>", "<think>", "I", "turn", "left", "</think>", "<answer>",
         "B", "</answer>")


def room(setting: Setting = "among", template: str = "among_2_1", *, place: int = 0, number: int = 0) -> Posed:
    """A drawn room and the question of that number among those of a template."""
    scene = scene_at(place, subset="test", seed=0, settings=(setting,), cue="shuffled")
    return posed(scene, [one for one in questions_of(scene, seed=0) if one.template == template][number])


def replied(configuration: Config, true: Map, written: Map | None, *, given: Map | None = None, is_right: bool = True,
            gaze: Gaze | None = None) -> Replied:
    both = compared(written, true) if written else None
    return Replied(
        configuration=configuration, text="<answer>A</answer>", letter="A" if is_right else "B", is_right=is_right, has_tag=True,
        answer="red ball" if is_right else "diagonally forward and right", is_cut=False, map=drawn(written) if written else None,
        given=drawn(given) if given else None, is_true_given=given == true, tokens=40, gaze=gaze,
        official=likeness(both.official) if both else None, exact=likeness(both.exact) if both else None)


def gaze(num_words: int = len(WORDS), num_images: int = 4, *, has_map: bool = True) -> Gaze:
    """Each word looks at one image more than at the others."""
    share = np.full((num_words, num_images), 0.04)
    share[np.arange(num_words), np.arange(num_words) % num_images] = 0.3
    own_map = np.linspace(0, 0.4, num_words) if has_map else np.zeros(num_words)
    return Gaze(words=tuple(WORDS[place % len(WORDS)] for place in range(num_words)), images=share, own_map=own_map)


def replies(true: Map) -> tuple[Replied, ...]:
    """Without a map; with one where two are swapped, one that is only turned, the true one given, one that lacks and misplaces."""
    first, last = true.objects[0].name, true.objects[-1].name
    return (replied("Raw-QA", true, None, is_right=False),
            replied("Plain-CGMap-Out", true, swapped(true, first, last).plain, is_right=False),
            replied("FFR", true, None),
            replied("Plain-CGMap-FFR-Out", true, rotated(true, 1).plain, gaze=gaze()),
            replied("CGMap-In-FFR-Out", true, None, given=true),
            replied("Aug-CGMap-FFR-Out", true, moved(without(true, first), last, (8.0, 7.5)), is_right=False))


def asked(of: Posed | None = None, *, has_replies: bool = True) -> Asked:
    of = of or room()
    question, scene, true = of.question, of.scene, drawn(of.true)
    beside = [camera for camera in question.cameras if camera not in scene.cameras]
    steps = tuple(Step(kind=step.kind, text=step.text, images=step.images, objects=step.objects, ring=step.ring or ())
                  for step in of.steps)
    return Asked(
        scene=write_scene(scene), id=question.id, template=question.template, family=scene.family, question=question.text,
        options=question.options, right=question.letter, true=true, steps=steps, replies=replies(of.true) if has_replies else (),
        images=tuple([*scene.cameras, *beside].index(camera) for camera in question.cameras),
        beside=tuple((one.x, one.y, one.height, one.heading, one.pitch, one.field_of_view) for one in beside),
        start=(question.start.x, question.start.y, question.start.heading),
        end=(question.pose.x, question.pose.y, question.pose.heading))


def of_file() -> Asked:
    """A question of a file: photographs, names that nobody drew here, long ones too, a map without truth."""
    true = Map((Spot("Coffee machine (old)", (5, 5), "inner"), Spot("TV", (5, 8)), Spot("<b>door</b>", (2, 5), "outer"),
                Spot("hand-painted grandfather clock from Vienna", (5, 2), "left"), Spot("sofa", (8, 5))))
    wide = Map((Spot("sofa", (640.0, 300.0), "up"), Spot("TV", (90.0, 480.0), "left"), Spot("cat", (300.0, 20.0))))
    photograph = Picture(name="front_1.jpg", jpeg=encode_jpeg(np.full((60, 80, 3), 120, np.uint8)))
    return Asked(id="among_group1_q0_2_1", template="among 2_1", family="among", question="What is behind me?",
                 options=("TV", "sofa"), right="A", pictures=(photograph, photograph), true=drawn(true),
                 replies=(replied("Plain-CGMap-Out", true, wide), replied("Raw-QA", true, None)))


def result(of: Asked | None = None) -> MindCubeResult:
    return MindCubeResult(settings=MindCubeSettings(), seed=0, model_id="mindcube-mappers", is_miniature=True, asked=of or asked())


def part(kind: str, name: str, correct: int, count: int, *, tagged: int | None = None, chance: float = 0.3) -> Part:
    tagged = count if tagged is None else tagged
    return Part(kind=kind, name=name, count=count, correct=correct, official=wilson(correct, count), num_tagged=tagged,
                tagged=wilson(min(correct, tagged), tagged) if tagged else None, balanced=wilson(correct, count), cut=0.0,
                untagged=1 - tagged / count, chance=chance, text_only=chance + 0.18)


def report(configuration: str, correct: int, *, shape: int | None = None, tagged: int = 90, model: str = "mappers") -> Report:
    """Of 120 questions so many are answered correctly; of their maps so many are isomorphic."""
    settings = [part("setting", name, correct // 3 + by, 40, chance=chance)
                for name, by, chance in (("among", 3, 0.28), ("around", 0, 0.4), ("rotation", -3, 0.33))]
    templates = [part("template", name, correct // 12, 10 + number) for number, name in enumerate(
        ("among 1_1", "among 2_1", "among 2_2", "among 5_1", "among gen_4_1", "around q1_1", "around q2_5", "rotation"))]
    likeness = wilson((shape or 0) + 15, 135)
    maps = None if shape is None else MapCounts(
        count=120, parsable=118, valid=115, isomorphic=max(0, shape - 12), exactly_isomorphic=shape, official=(likeness,) * 3,
        exact=(likeness,) * 3, coverage=0.97, turns=(("identity", 100), ("z_rot_90", 15)))
    follows = Followed(pairs=120, letter=wilson(120 - correct, 120), answer=wilson(correct, 120))
    return Report(configuration=configuration, model=model, source="drawn rooms", unfiltered=120, maps=maps, following=follows,
                  parts=(part("overall", "overall", correct, 120, tagged=tagged), *settings, *templates))


def reports() -> tuple[Report, ...]:
    return (report("Raw-QA", 40), report("Plain-CGMap-Out", 44, shape=80), report("FFR", 55, tagged=60),
            report("Plain-CGMap-FFR-Out", 104, shape=96))


def brought() -> Report:
    """As an evaluation tells it: of 120 maps 108 are valid and 54 isomorphic, 70 % alike; nothing of the exact metric."""
    maps = MapCounts(count=120, parsable=None, valid=108, isomorphic=54, exactly_isomorphic=None, official=((0.7,), None, None),
                     exact=None, coverage=None)
    overall = Part(kind="overall", name="overall", count=120, correct=60, official=wilson(60, 120), tagged=None, num_tagged=0,
                   balanced=None, untagged=None, cut=None, chance=None, text_only=None)
    return Report(configuration="", model="", source="x_eval.json", unfiltered=120, parts=(overall,), maps=maps)


def all_ways() -> tuple[Report, ...]:
    return tuple(report(name, 30 + 8 * number, shape=10 * number if "CGMap" in name and "In" not in name else None)
                 for number, name in enumerate(CONFIGS))


def evaluated(of: tuple[Report, ...] | None = None) -> MindCubeResult:
    return replace_task(result(), "evaluate", reports=of or reports())


def trained(way: Way = "map_reason", *, steps: int = 450, rounds: int = 60, ends: float = 0.98) -> Training:
    """Maps at once, answers late; then rounds that mend what is left."""
    along = range(0, steps + 1, 25) if steps else ()
    points = tuple(Trained(step=step, loss=2.5 * float(np.exp(-step / 120)) + 0.05, answers=0.25 + (ends - 0.25) * (step / steps)**3,
                           maps=min(1.0, step / 150) if "map" in way and "in" not in way else None,
                           thoughts=min(1.0, step / 200) if "reason" in way else None) for step in along)
    earned = tuple(Earned(iteration=number, reward=2 + 3.5 * number / rounds, valid=min(1.0, 0.9 + 0.002 * number),
                          answers=0.6 + 0.3 * number / rounds if number % 10 == 0 else None,
                          maps=0.95 if number % 10 == 0 else None) for number in range(1, rounds + 1))
    return Training(way=way, points=points, rounds=earned, chance=0.25, went_on_from=150)


def taught(of: Training | None = None) -> MindCubeResult:
    return replace_task(result(), "train", training=of or trained())


def replace_task(of: MindCubeResult, task: str, **parts: object) -> MindCubeResult:
    settings = of.settings.model_copy(update={"task": task})
    return of.model_copy(update={"settings": settings, "asked": None, **parts})

