from tests.worlds.minihome.homes import home, thing
from worlds.minihome.scene import draw_home
from worlds.minihome.skills import FIXED_SKILLS, MAX_SKILLS, parsed, skills
from worlds.minihome.subsets import SUBSETS, evaluation_seeds


def test_skills_have_the_benchmarks_words_in_its_order() -> None:
    verbs = [parsed(skill).verb for skill in FIXED_SKILLS]

    assert len(FIXED_SKILLS) == len(set(FIXED_SKILLS)) == 54
    assert FIXED_SKILLS[:2] == ("find a Apple", "find a Bread")  # the benchmark's article, also before a vowel
    assert FIXED_SKILLS[20:23] == ("find a Faucet", "find a Lamp", "pick up the Apple")
    assert FIXED_SKILLS[34:38] == ("put down the object in hand", "drop the object in hand", "open the Fridge", "close the Fridge")
    assert FIXED_SKILLS[44:46] == ("turn on the Microwave", "turn off the Microwave")
    assert FIXED_SKILLS[50:] == ("slice the Potato", "slice the Tomato", "slice the Apple", "slice the Bread")
    first = [verbs.index(verb) for verb in ("find", "pick up", "put down", "drop", "open", "close", "turn on", "turn off", "slice")]
    assert first == sorted(first)


def test_second_instances_come_last_by_name() -> None:
    state = home(thing("Vase", "Table"), thing("Vase_2", "Table", 1), thing("Mug_2", "Shelf"))

    assert skills(state) == (*FIXED_SKILLS, "find a Cabinet_2", "open the Cabinet_2", "close the Cabinet_2", "find a Mug_2",
                             "find a Vase_2")


def test_no_scene_has_more_skills_than_there_are_ids() -> None:
    lengths = [len(skills(draw_home(seed, subset)[0])) for subset in SUBSETS for seed in evaluation_seeds(subset)]

    assert max(lengths) <= MAX_SKILLS
    assert min(lengths) == len(FIXED_SKILLS)
