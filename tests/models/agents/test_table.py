"""What the table's agent is told and says, what it learns from, and how its words become actions."""

import re

import numpy as np
import pytest

from models.agents.acting import Acting
from models.agents.crafts import CRAFTS
from models.agents.learning import Eye, batch_of, fresh_agent
from models.agents.reinforcing import Practice, Reinforcement
from models.agents.samples import prior as prior_of
from models.agents.speech import MARKS, Past, heard, reply, told
from models.agents.table.craft import Spoken
from models.agents.table.lessons import ALL_OF_IT, prompt
from models.agents.table.speech import PLANNED, action_of, listed, moves, numbers, seen, thought_of
from models.scene_words import SPECIAL
from worlds.minitable import catalogue
from worlds.minitable.actions import YAW, act
from worlds.minitable.goals import is_done, visual_accuracy
from worlds.minitable.scene import draw_table
from worlds.minitable.subsets import SEEN, SUBSETS, TRAINING, is_for_training, subset_of
from worlds.minitable.understanding import named_kinds, objects

TABLE = CRAFTS["table"]
UNKNOWN = 1


def prior(kind, seed, *, number):
    return prior_of(TABLE.priors, kind, seed, number=number)


def tables(number):
    """Tables of every subset, and the expert's actions with fingers that are never turned, as far as they go."""
    for index in range(number):
        subset = SUBSETS[index % len(SUBSETS)]
        state, task = draw_table(TRAINING * (1 + index % len(SUBSETS)) + 700 + index, subset)
        for _ in range(15):
            wanted = action_of(state)
            if wanted is None:
                break
            yield task.instruction, state, wanted
            state = act(state, wanted).state
        yield task.instruction, state, None


def test_no_word_of_any_table_is_unknown_and_numbers_and_marks_are_one_token():
    words = TABLE.tokenizer
    assert words.convert_ids_to_tokens(list(range(len(SPECIAL) + len(MARKS)))) == [*SPECIAL, *MARKS]
    for instruction, state, wanted in tables(15):
        thought = thought_of(state, failed=True)
        past = [Past(thought.parts[1:], numbers(wanted or [0] * 7), act(state, [200] * 7).feedback.replace("200", "120"))]
        for text in (prompt(instruction, past, state), reply(numbers(wanted or [0] * 7), thought)):
            assert UNKNOWN not in words(text, add_special_tokens=False)["input_ids"], text
            assert len(words(text, add_special_tokens=False)["input_ids"]) < 150
    assert all(len(words(each, add_special_tokens=False)["input_ids"]) == 1 for each in (*MARKS, *map(str, range(121))))


def test_an_expert_that_never_turns_its_fingers_gets_it_done():
    for _, state, wanted in tables(40):
        assert wanted is not None or is_done(state)
        assert wanted is None or wanted[5] == YAW


def test_no_thought_is_longer_than_a_reply_may_be():
    longest = max(len(TABLE.tokenizer(reply(numbers(wanted), thought_of(state, failed=True)))["input_ids"])
                  for _, state, wanted in tables(15) if wanted)
    assert longest < TABLE.max_reply


def test_what_is_seen_is_where_things_are_and_what_they_are():
    for _, state, _ in tables(6):
        assert visual_accuracy(named_kinds(seen(state)), state) == 1
        for place in objects(state).values():
            assert f"{numbers(place)} " in seen(state) and numbers(place) in listed(objects(state))
        assert not any(kind in listed(objects(state)) for kind in catalogue.KINDS)  # what is given names nothing


def test_a_plan_begins_with_what_is_done_now():
    verbs = set()
    for _, state, wanted in tables(12):
        planned = moves(state)
        assert bool(planned) == (wanted is not None) and len(planned) <= PLANNED and thought_of(state).plan == (
            ", ".join(planned) or "stop")
        verbs |= {text.split()[0] for text in planned}
    assert verbs >= {"over", "take", "lift", "let"}


@pytest.mark.parametrize(("kind", "has_picture"), [
    ("pictures", {True}), ("raw", {True}), ("trajectories", {True}), ("anchored", {True, False}), ("external", {False}),
    ("lookups", {False})])
def test_samples_of_every_kind_are_what_they_say(kind, has_picture):
    samples = prior(kind, 0, number=6)

    assert {one.state is not None for one in samples} == has_picture
    assert all("<|think_start|>" not in one.reply for one in samples) == (kind == "raw")
    assert prior(kind, 0, number=6) == samples and prior(kind, 1, number=6) != samples


def test_pictures_are_asked_about_wherever_things_may_be():
    samples = prior("pictures", 0, number=60)

    assert all(seen(one.state) in one.reply and one.prompt.startswith(ALL_OF_IT) for one in samples)
    assert any(one.state["gripper"]["holds"] for one in samples) and len({one.prompt for one in samples}) > 25


def test_external_knowledge_knows_no_table_and_says_what_things_are_like():
    samples = prior("external", 0, number=300)
    told_of = " ".join(one.prompt + one.reply for one in samples)

    assert all("objects:" not in one.prompt and one.state is None for one in samples)
    assert "thing that is shaped like dice" in told_of and "the colour of a banana" in told_of
    for one in samples:
        if "the yellow thing that is shaped like dice" in one.prompt:
            assert "the yellow cube" in one.reply


def test_a_name_is_looked_up_where_it_stands():
    for one in prior("lookups", 0, number=20):
        name = one.prompt.partition("where is the ")[2].removesuffix("?")
        place = re.search(rf"{name} (\d+ \d+ \d+)", one.prompt)[1]
        assert f"over {name} {place} " in one.reply and f"{place.rpartition(' ')[0]} " in heard(one.reply).action


def test_a_mistake_is_gone_on_from():
    failed = [one for one in prior("trajectories", 0, number=24) if "it failed." in one.reply]

    assert failed and all("Last action is invalid." in one.prompt for one in failed)


def test_what_is_said_becomes_an_action_and_what_is_no_action_fails():
    info = {"instruction": "go", "objects": {"object 1": [40, 43, 17]}}
    assert TABLE.meant("40 43 30 0 60 90 1", info) == "[40, 43, 30, 0, 60, 90, 1]"
    assert TABLE.meant("40 43 30", info) is None and TABLE.meant("", info) is None and TABLE.meant("9999 0 0 0 0 0 0", info) is None
    said = heard(f"{reply('40 43 30 0 60 90 1', thought_of(draw_table(3, 'base')[0]))}")
    assert TABLE.done(said, info).splitlines()[-1] == "[40, 43, 30, 0, 60, 90, 1]"
    assert TABLE.told(info, [Past((), "[40, 43, 30, 0, 60, 90, 1]", "fine")]) == (
        told("go", [Past((), "40 43 30 0 60 90 1", "fine")]) + " objects: 40 43 17")


def test_words_about_the_picture_are_paid_for():
    table = Spoken(view_px=32)
    _, info = table.reset(seed=0)
    true, wanted = seen(info["state"]), numbers(action_of(info["state"]))

    _, _, _, _, after = table.step(f"{true}\n{wanted}")
    assert after["rewards"]["behaviour"] == 0.5 and after["ok"]
    _, _, _, _, after = table.step("40 43 17 red sponge\nnothing that can be done")
    assert after["rewards"]["behaviour"] == -0.5 and not after["ok"]


def test_what_the_agent_sees_shows_everything_that_lies_or_is_carried():
    """A thing that is taken away changes the picture, wherever it was."""
    for _, state, _ in tables(3):
        picture = TABLE.picture(state)
        assert picture.shape == (128, 128, 3) and picture.dtype == np.uint8
        for name in state["bodies"]:
            if name != state["gripper"]["holds"]:
                without = {**state, "bodies": {each: body for each, body in state["bodies"].items() if each != name}}
                assert np.abs(TABLE.picture(without).astype(int) - picture).max() > 20


def test_the_agent_is_small_and_batches_show_pictures():
    assert fresh_agent(TABLE).num_parameters() <= 840_000
    batch = batch_of(prior("trajectories", 0, number=1)[:2], TABLE, Eye(TABLE))
    assert batch.pixels.shape == (2, 3, 128, 128)


def test_it_is_reinforced_at_tables_of_training():
    agent = Acting(fresh_agent(TABLE).eval(), TABLE)
    practised = Reinforcement(agent, Practice(episodes=3, iterations=1, max_turns=1, critic_only=0))
    told_of = practised.learn()

    seeds = [episode.start.seed for episode in practised.newest]
    assert all(map(is_for_training, seeds)) and {subset_of(seed) for seed in seeds} == set(SEEN) and told_of.invalid == 1
