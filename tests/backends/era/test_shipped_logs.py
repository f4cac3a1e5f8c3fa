"""The logs that come with the app: the shipped agents in the fixed scenes of their world, read as anybody's are."""

import json
import lzma

import pytest

from backends.era import evaluated, shipped_logs
from backends.era.environments import ENVIRONMENTS, of_world
from backends.era.formats import episode, found
from backends.era.run import run
from backends.era.settings import SHIPPED, EraSettings
from backends.files.archive import open_zip
from backends.run import Inputs, last
from models.catalogue.miniatures import MINIATURES
from tests.backends.era import made_logs
from worlds.subsets import EPISODES

MOST_BYTES = 2_000_000  # of all of them


def test_who_brings_nothing_replays_the_shipped_agents():
    result = last(run(EraSettings(task="replay"), Inputs()))

    assert result.settings.file == SHIPPED["home"] and result.is_miniature and result.model_id.startswith("home-agent")
    assert result.logs[0].title.startswith("Drawn home · home-agent") and not result.notes and not result.episode.notes
    assert result.counted.whole.episodes == EPISODES == len(result.lines)
    assert all(turn.state for turn in result.episode.turns) and of_world(result.episode.world) is ENVIRONMENTS["home"]


@pytest.mark.parametrize("world", SHIPPED)
def test_they_say_what_the_cards_of_these_agents_say(world):
    runs = found(open_zip(shipped_logs.place_of(SHIPPED[world]))).runs

    done = {(run.head.model, run.head.subset): [bool(entry.success) for entry in run.entries] for run in runs}
    assert {len(known) for known in done.values()} == {EPISODES}
    told = {(model, scored["subset"]): scored["success"] for model in {model for model, _ in done}
            for scored in json.loads((MINIATURES / model / "card.json").read_text(encoding="utf-8"))["measured"]}
    assert done.keys() == told.keys()
    # the card's were played all at once: a padded batch rounds otherwise, and a word or two of 300 episodes are others
    assert all(abs(sum(known) / EPISODES - told[key]) <= 0.04 for key, known in done.items())


def test_they_are_small():
    assert sum(shipped_logs.packed(world).stat().st_size for world in SHIPPED) < MOST_BYTES


def test_what_is_played_is_what_is_read_back(tmp_path):
    made = list(evaluated.played("table", "expert", range(1)))
    path = tmp_path / "logs.zip"
    path.write_bytes(lzma.decompress(evaluated.together({"expert": iter(made)})))

    files = open_zip(path)
    runs = found(files).runs
    assert [run.head.subset for run in runs] == sorted(one.group for one in made) and {run.head.model for run in runs} == {"expert"}
    for shown in runs:
        (first,) = shown.entries
        read = episode(files, first)
        played = next(one for one in made if one.group == shown.head.subset)
        assert [action.state for _, action in read.steps()] == [action.state for _, action in played.steps()]
        assert read.success and played.success


def test_an_upload_of_that_name_is_not_mistaken_for_them(tmp_path):
    path = tmp_path / "own.zip"
    path.write_bytes(made_logs.zipped(made_logs.alfred((1,))))

    result = last(run(EraSettings(task="replay", file=f"upload:{SHIPPED['home']}"), Inputs({SHIPPED["home"]: path})))

    assert not result.is_miniature and [log.num_episodes for log in result.logs] == [1]


def test_own_logs_stand_beside_them(tmp_path):
    path = tmp_path / "own.zip"
    path.write_bytes(made_logs.zipped(made_logs.alfred((1,))))

    result = last(run(EraSettings(task="replay", beside="upload:own.zip"), Inputs({"own.zip": path})))

    assert [log.is_second for log in result.logs] == [False] * (len(result.logs) - 1) + [True]
    with_own = last(run(EraSettings(task="replay", beside="upload:own.zip", log=len(result.logs) - 1), Inputs({"own.zip": path})))
    assert result.is_miniature and not with_own.is_miniature
