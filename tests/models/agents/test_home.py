"""What the home's agent is told and says, what it learns from, and how its words become actions."""

import re
from itertools import pairwise

import numpy as np
import pytest
import torch

from models.agents.acting import Acting
from models.agents.crafts import CRAFTS
from models.agents.home.craft import skill_of, spelled
from models.agents.home.lessons import ALL_OF_IT, _trajectory
from models.agents.home.speech import PLANNED, foreseen, seen, thought_of
from models.agents.learning import IGNORED, Eye, _batches, batch_of, fresh_agent, learn, loss_of
from models.agents.samples import Sample
from models.agents.samples import prior as prior_of
from models.agents.speech import MARKS, Past, heard, reply, summary, told
from models.marks import PARTS
from models.scene_words import BOS, IMAGE, PAD, SPECIAL
from worlds.minihome import catalogue
from worlds.minihome.actions import act
from worlds.minihome.expert import next_skill
from worlds.minihome.scene import draw_home
from worlds.minihome.skills import FIXED_SKILLS, skills
from worlds.minihome.subsets import SUBSETS, TRAINING

UNKNOWN = 1
HOME = CRAFTS["home"]
SIZE, BATCH = HOME.size, HOME.batch


@pytest.fixture(scope="module")
def words():
    return HOME.tokenizer


def prior(kind, seed, *, number):
    return prior_of(HOME.priors, kind, seed, number=number)


def batch(samples):
    return batch_of(samples, HOME, Eye(HOME))


def homes(number):
    """Homes of every subset while an expert works in them, and slips now and then."""
    generator = np.random.default_rng(5)
    for index in range(number):
        state, task = draw_home(TRAINING * (1 + index % len(SUBSETS)) + 500 + index, SUBSETS[index % len(SUBSETS)])
        past = []
        for _ in range(14):
            wanted = next_skill(state)
            if wanted is None:
                break
            thought = thought_of(state)
            yield task.instruction, past, state, thought, wanted
            known = skills(state)
            done = known[int(generator.integers(len(known)))] if generator.random() < 0.3 else wanted
            outcome = act(state, done)
            past, state = [Past(thought.parts[1:], done, outcome.feedback)], outcome.state


def test_no_word_of_any_home_is_unknown_and_marks_are_one_token(words):
    assert words.convert_ids_to_tokens(list(range(len(SPECIAL) + len(MARKS)))) == [*SPECIAL, *MARKS]
    for instruction, past, _, thought, wanted in homes(12):
        for text in (told(instruction, past), reply(wanted, thought)):
            assert UNKNOWN not in words(text, add_special_tokens=False)["input_ids"], text
    assert all(len(words(mark, add_special_tokens=False)["input_ids"]) == 1 for mark in MARKS)


def test_every_skill_comes_back_from_its_words(words):
    for name in (*FIXED_SKILLS, "find a Mug_2", "open the Cabinet_2"):
        ids = words(reply(name), add_special_tokens=False)["input_ids"]
        said = heard(words.decode(ids, skip_special_tokens=False))
        assert said.is_whole and skill_of(said.action, (*FIXED_SKILLS, "find a Mug_2", "open the Cabinet_2")) == name
    assert spelled("find a Mug_2") == "find a mug _ 2" and skill_of("fly away", FIXED_SKILLS) is None


def test_a_reply_is_taken_apart_into_its_three_parts(words):
    state, _ = draw_home(TRAINING, "base")
    thought = thought_of(state, failed=True)
    said = heard(words.decode(words(reply("find a Mug", thought), add_special_tokens=False)["input_ids"], skip_special_tokens=False))

    assert tuple(said.thought) == PARTS and said.thought[PARTS[1]].startswith("it failed. left: ")
    assert said.thought[PARTS[2]].count(",") == PLANNED - 1
    kept = summary(said, "find a Mug", "Last action executed successfully.")
    assert [label for label, _ in kept.thought] == list(PARTS[1:])


@pytest.mark.parametrize("text", ["", "nothing", "<|action_start|> find a mug", "<|think_start|> visual_description: a",
                                  "<|action_end|><|action_start|>", "<|action_start|> find a mug <|action_end|>"])
def test_a_reply_that_is_torn_is_not_whole(text):
    assert not heard(text).is_whole


def test_what_is_seen_says_nothing_that_is_behind_a_door_and_no_memory():
    for _, _, state, thought, _ in homes(6):
        assert "clean" not in thought.seen and "hot" not in thought.seen
        if seen(state).startswith("At closed "):
            assert ": hidden." in thought.seen


def test_no_plan_says_what_nobody_can_know():
    """Where a thing lies is known once it was looked for: only then a plan begins by opening a door."""
    opened = 0
    for _, _, state, thought, wanted in homes(40):
        told_of = foreseen(state)
        assert told_of[0] == wanted and thought.plan == ", ".join(told_of)
        for before, after in pairwise(told_of):
            assert not (before.startswith("open ") and after.startswith(("pick up", "slice")) and before != wanted), told_of
        opened += wanted.startswith("open ") and len(told_of) > 1 and told_of[1].startswith("pick up")
    assert opened > 5


def test_what_looks_alone_name_is_first_taken_for_another_of_its_class_and_then_mended():
    generator, found = np.random.default_rng(2), 0
    for number in range(40):
        seed = TRAINING * (1 + SUBSETS.index("visual_appearance")) + number
        state, _ = draw_home(seed, "visual_appearance")
        meant = catalogue.type_of(state["goal"][0]["things"][0])
        for sample in _trajectory(generator, seed, "visual_appearance", thinks=True):
            done = re.search(r"action: find a (\w+) feedback", sample.prompt)
            others = done and done.group(1) not in (meant, "Lamp") and f"Left: {done.group(1)}" in sample.prompt
            found += bool(others)
            assert not others or f"Left: {meant}" in sample.reply  # the guess is told, the mending is learned
    assert found > 8


@pytest.mark.parametrize(("kind", "has_picture"), [
    ("pictures", {True}), ("raw", {True}), ("trajectories", {True}), ("anchored", {True, False}), ("external", {False})])
def test_samples_of_every_kind_are_what_they_say(kind, has_picture):
    samples = prior(kind, 0, number=9)

    assert {one.state is not None for one in samples} == has_picture
    assert all("<|think_start|>" not in one.reply for one in samples) == (kind == "raw")
    assert prior(kind, 0, number=9) == samples and prior(kind, 1, number=9) != samples


def test_external_knowledge_knows_no_home():
    samples = prior("external", 0, number=60)
    told_of = " ".join(one.prompt + one.reply for one in samples)

    assert all("feedback" not in one.prompt and one.state is None for one in samples)  # nothing is done in any home
    assert "instruction" not in told_of and "something to drink from" in told_of and " left of " in told_of


def test_a_task_said_by_function_means_the_same_by_name():
    asked = [one for one in prior("external", 0, number=400) if any(verb in one.prompt for verb in ("wash", "rinse"))]
    functions = {**{kind.function: f"the {name.lower()}" for name, kind in catalogue.KINDS.items()},
                 **{place.function: f"the {name.lower()}" for name, place in catalogue.PLACES.items()}}
    assert len(asked) > 5
    for one in asked:
        by_name = one.prompt.removeprefix("what is ").removesuffix("?")
        for function, name in functions.items():
            by_name = by_name.replace(function, name)
        assert f"<|action_start|> {by_name} <|action_end|>" in one.reply


def test_pictures_are_asked_about_while_anything_may_have_been_done():
    samples = prior("pictures", 0, number=400)
    answers = [one.reply for one in samples if one.prompt == ALL_OF_IT]

    assert len(answers) > 290 and len(set(answers)) > 150
    for shown in ("At closed", "At open", "Hand: empty", "On: ", "sliced", "Floor: "):
        assert any(shown in answer for answer in answers), shown
    assert all(seen(one.state) in one.reply for one in samples if one.prompt == ALL_OF_IT)


def test_only_replies_are_learned_and_padding_is_none(words):
    samples = prior("trajectories", 0, number=2)[:5]
    made = batch(samples)

    assert made.pixels.shape == (5, 3, SIZE.input_px, SIZE.input_px)
    for row, one in enumerate(samples):
        prompt = words(one.prompt, add_special_tokens=False)["input_ids"]
        said = words(one.reply, add_special_tokens=False)["input_ids"]
        start = 1 + SIZE.image_tokens + len(prompt)
        assert made.ids[row, :start].tolist() == [BOS, *[IMAGE] * SIZE.image_tokens, *prompt]
        assert made.wanted[row, start:start + len(said)].tolist() == said
        assert (made.wanted[row, :start] == IGNORED).all() and (made.ids[row, start + len(said):] == PAD).all()
    text = batch(prior("external", 0, number=3))
    assert text.pixels is None and IMAGE not in text.ids


def test_the_agent_is_small_and_learns():
    agent = fresh_agent(HOME, seed=0)
    assert agent.num_parameters() <= 840_000
    few = [Sample(f"what is {index}?", reply(FIXED_SKILLS[index])) for index in range(4)]

    losses = list(learn(agent, HOME, few, updates=40))

    assert losses[0] > 4 and losses[-1] < 0.5 * losses[0]


def test_padding_changes_no_loss():
    agent = fresh_agent(HOME, seed=0)
    short, long = sorted(prior("external", 0, number=12), key=lambda one: len(one.prompt))[::11]
    alone = [float(loss_of(agent, batch([one]))) for one in (short, long)]
    sizes = [int((batch([one]).wanted != IGNORED).sum()) for one in (short, long)]
    together = float(loss_of(agent, batch([short, long])))

    assert together == pytest.approx(np.average(alone, weights=sizes), abs=1e-4)


def test_batches_hold_one_kind_and_every_sample_once_a_pass():
    samples = prior("anchored", 0, number=3 * BATCH)
    batches = _batches(samples, 0, BATCH)
    one_pass = [next(batches) for _ in range(-(-2 * BATCH // BATCH) + 1)]

    assert all(len({one.state is None for one in batch}) == 1 for batch in one_pass)
    assert sorted(id(one) for batch in one_pass for one in batch) == sorted(map(id, samples))


@torch.no_grad()
def test_an_untrained_agent_plays_and_ends_after_ten_invalid_actions():
    played = Acting(fresh_agent(HOME, seed=0).eval(), HOME).play([0, 301])

    assert [episode.ended for episode in played] == ["truncated", "truncated"]
    assert all(len(episode.turns) == 10 and episode.info["invalid"] == 10 for episode in played)
