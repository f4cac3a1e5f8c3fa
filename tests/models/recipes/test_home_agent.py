"""What the recipe of the home's agent writes is found again, whatever stage made it."""

import json

import pytest

from models.home_agent.acting import Acting
from models.home_agent.learning import fresh_agent
from models.home_agent.reinforcing import Practice
from models.home_agent.training import STAGES, Scored, Training, reinforced, train
from models.home_agent.words import tokenizer
from models.recipes.home_agent import card


@pytest.mark.parametrize("stage", card.NAMES)
def test_the_card_says_which_stage_made_it(stage, tmp_path):
    words = tokenizer()
    scored = [Scored("base", 50, 0.5, 0.25, 9.0)]
    card.write(tmp_path, Acting(fresh_agent(words), words), stage=stage, training={"seed": 3}, scored=scored, minutes=(2.0, 1.0))
    told = json.loads((tmp_path / "card.json").read_text())

    assert told["name"] == card.NAMES[stage] and told["training"] == {"seed": 3} and told["measured"][0]["success"] == 0.5
    assert ("--stage" in told["script"]) == (stage != "epl") and told["rung"]["title"] == card.TITLES[stage][0]
    assert f"`{told['script']}`" in (tmp_path / "README.md").read_text()


def test_a_stage_learns_its_priors_and_reinforcement_goes_on_from_a_folder(tmp_path, capsys):
    small = Training(pictures=6, anchored=6, external=6, trajectories=3, picture_updates=1, anchored_updates=1, external_updates=1,
                     trajectory_updates=1)
    agent = train(small, STAGES["raw"])
    said = capsys.readouterr().out
    assert "pictures, update 1 of 1" in said and "raw, update 1 of 1" in said and "anchored" not in said
    train(small)
    assert "anchored and external, update 2 of 2" in capsys.readouterr().out
    agent.model.save_pretrained(tmp_path)

    after, iterations = reinforced(tmp_path, Practice(iterations=1, episodes=3, max_turns=1))

    assert [one["index"] for one in iterations] == [0] and after.temperature == 0.0
