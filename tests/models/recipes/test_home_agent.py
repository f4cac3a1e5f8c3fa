"""What the recipe of an agent writes is found again, whatever stage made it."""

import json

import pytest

from models.agents.acting import Acting
from models.agents.crafts import CRAFTS
from models.agents.learning import fresh_agent
from models.agents.reinforcing import Practice
from models.agents.training import STAGES, Scored, Training, reinforced, train
from models.recipes.home_agent import card


@pytest.mark.parametrize("world", CRAFTS)
@pytest.mark.parametrize("stage", card.STAGES)
def test_the_card_says_which_agent_it_is_and_which_stage_made_it(stage, world, tmp_path):
    craft = CRAFTS[world]
    scored = [Scored("base", 50, 0.5, 0.25, 9.0)]
    card.write(tmp_path, Acting(fresh_agent(craft), craft), stage=stage, training={"seed": 3}, scored=scored, minutes=(2.0, 1.0))
    told = json.loads((tmp_path / "card.json").read_text())

    assert told["name"] == card.name_of(world, stage) and told["training"] == {"seed": 3} and told["measured"][0]["success"] == 0.5
    assert ("--stage" in told["script"]) == (stage != "epl") and told["rung"]["title"].startswith(card.WORDS[world].capitalize())
    assert f"`{told['script']}`" in (tmp_path / "README.md").read_text()


@pytest.mark.parametrize("world", CRAFTS)
def test_a_stage_learns_its_priors_and_reinforcement_goes_on_from_a_folder(world, tmp_path, capsys):
    craft = CRAFTS[world]
    small = Training(pictures=6, anchored=6, external=6, trajectories=3, picture_updates=1, lookups=6, lookup_updates=1,
                     anchored_updates=1, external_updates=1, trajectory_updates=1)
    agent = train(craft, small, STAGES["raw"])
    said = capsys.readouterr().out
    assert "pictures, update 1 of 1" in said and "raw, update 1 of 1" in said and "anchored" not in said
    train(craft, small)
    assert "anchored and external, update 2 of 2" in capsys.readouterr().out
    agent.model.save_pretrained(tmp_path)

    after, iterations = reinforced(craft, tmp_path, Practice(iterations=1, episodes=3, max_turns=1))

    assert [one["index"] for one in iterations] == [0] and after.temperature == 0.0
