"""What the recipe of the parents makes: three folders that the ladder loads, and a card that says what they score."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from transformers import LlamaForCausalLM, LlavaForConditionalGeneration

from models import catalogue
from models.adders.answering import answers, sheet
from models.adders.lessons import PLAN, Lesson
from models.adders.networks import SIZE
from models.adders.scores import KINDS
from models.loading import load
from tests.models.recipes.recipe import recipe
from worlds.sums.drawing import picture
from worlds.sums.scenes import LOOKUPS, draw_items


def short(lesson: Lesson) -> Lesson:
    return replace(lesson, steps=1, lookups=2, sums=2, bare=min(lesson.bare, 1))


@pytest.fixture(scope="module")
def plan():
    torch.set_num_threads(1)
    lessons = {part: short(getattr(PLAN, part)) for part in ("base", "reasoner", "eye", "vlm")}
    return replace(PLAN, size=replace(SIZE, vision=16, text=16, vision_layers=1, text_layers=2, feed_forward=24),
                   sight=replace(PLAN.sight, steps=1, batch=4), **lessons)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, plan) -> Path:
    """What a training of two seeds that learned next to nothing writes."""
    out = tmp_path_factory.mktemp("merging-parents")
    recipe("merging_parents.__main__").miniature(plan, [3, 4], out, count=10)
    return out


@pytest.fixture
def rungs(folder, monkeypatch):
    monkeypatch.setattr(catalogue.ladder, "MINIATURES", folder.parent)
    text = (folder / "card.json").read_text()
    assert folder.name != "merging-parents" and json.loads(text)["name"] == "merging-parents"
    return {rung.role: rung for rung in catalogue.miniatures.declared_in(folder.parent) if rung.source.startswith(folder.name)}


def test_the_card_is_a_rung_of_each_role_whose_further_state_is_made_when_it_is_asked_for(rungs, folder):
    seer, language = rungs["vlm"], rungs["language"]

    assert (seer.source, language.source) == (f"{folder.name}/vlm", f"{folder.name}/reasoner")
    assert seer.made_for == language.made_for == ("merging",)
    assert list(language.stages) == ["base", "reasoner", "reasoner b"]
    assert {name: stage.recipe for name, stage in language.stages.items() if stage.recipe} == {
        "reasoner b": "merging_parents --reasoner b"}
    assert LlamaForCausalLM.from_pretrained(folder / "base").num_parameters() == language.parameters
    assert LlavaForConditionalGeneration.from_pretrained(folder / "vlm").num_parameters() == seer.parameters


def test_what_the_ladder_loads_says_what_the_folder_says(rungs, folder):
    seer, language = load(rungs["vlm"]).vlm, load(catalogue.at_stage(rungs["language"], "base")).tool
    items = draw_items((*LOOKUPS, "+"), 6, subset="test", seed=0)
    models = (LlavaForConditionalGeneration, folder / "vlm", True), (LlamaForCausalLM, folder / "base", False)

    for kind, where, shows in models:
        told = answers(kind.from_pretrained(where, dtype=torch.float32), sheet(items, shows=shows))
        for item, said in zip(items, told):
            question = " ".join(item.question)
            reply = (seer.say(picture(item.scene)[None], question, max_tokens=6) if shows
                     else language.say(" ".join(item.words), max_tokens=6))
            assert reply == " ".join(word for word in said.words if not word.startswith("<"))


def test_the_card_says_of_each_seed_and_parent_what_it_scores(folder):
    card, text = json.loads((folder / "card.json").read_text()), (folder / "README.md").read_text()

    assert [seed["seed"] for seed in card["seeds"]] == [3, 4] and card["questions"] == 10
    for seed in card["seeds"]:
        assert {who: list(right) for who, right in seed["right"].items()} == {
            "base": ["text_lookups", "text_seen", "text_unseen"], "reasoner": ["text_lookups", "text_seen", "text_unseen"],
            "vlm": list(KINDS)}
        assert all(0 <= share <= 1 for right in seed["right"].values() for share in right.values())
        assert list(seed["losses"]) == list(seed["cpu_minutes"]) == ["base", "reasoner", "sight", "eye", "vlm"]
    assert card["bytes"] == sum(path.stat().st_size for path in folder.rglob("*.safetensors"))
    assert card["script"] in text and all(sentence in text for sentence in card["cannot"])


def test_the_other_reasoner_alone_is_written_whole(tmp_path, plan, folder, monkeypatch):
    main = recipe("merging_parents.__main__")
    monkeypatch.setattr(main, "PLAN", plan)
    monkeypatch.setattr("sys.argv", ["merging_parents", "--reasoner", "b", "--seed", "3", "--out", str(tmp_path / "made")])

    main.main()

    made, base, a = (LlamaForCausalLM.from_pretrained(where).state_dict() for where in (tmp_path / "made", folder / "base",
                                                                                        folder / "reasoner"))
    assert torch.equal(made["model.embed_tokens.weight"], base["model.embed_tokens.weight"])
    name = "model.layers.0.self_attn.q_proj.weight"
    assert not torch.equal(made[name], base[name]) and not torch.equal(made[name], a[name])
