"""Whole runs on a checkpoint of a real class, as a person has it in a folder of their own."""

import pytest

from backends.coda.run import run
from backends.coda.settings import CodaSettings
from backends.run import Inputs, last
from tests.models.tiny_languages import save_chat
from worlds.errors import InputError


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("own-models")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ORRERY_MODELS_DIR", str(root))
        yield save_chat(root / "mine")


@pytest.mark.parametrize("settings", [{}, {"as_chat": True}, {"quantisation": "nf4"}, {"quantisation": "int8"}, {"unit": "token"},
                                      {"mask_mode": "attend"}, {"redetects": True}], ids=str)
def test_a_checkpoint_of_ones_own_answers_with_every_decoder(folder, settings):
    methods = ("greedy", "sample", "coda", "coda_paper", "cad", "dola")

    result = last(run(CodaSettings(model=str(folder), prompts=("Who wrote the tin harbour?",), methods=methods, temperature=0.6,
                                   max_new_tokens=4, **settings), Inputs()))

    assert [written.method for written in result.asked[0].written] == list(methods)
    assert all(1 <= len(written.tokens) <= 4 for written in result.asked[0].written)
    assert result.asked[0].right is None and not result.is_miniature


def test_a_file_is_answered_by_it(folder, tmp_path):
    path = tmp_path / "mine.jsonl"
    path.write_text('{"prompt": "Who wrote the tin harbour?", "right": "Nobody"}\n{"prompt": "The capital is", "right": "old"}\n')

    result = last(run(CodaSettings(task="file", model=str(folder), file="upload:mine.jsonl", methods=("greedy", "coda"),
                                   max_new_tokens=3), Inputs({"mine.jsonl": path})))

    assert [row.is_right["greedy"] for row in result.file.rows] == [False, False]


@pytest.mark.parametrize("task", ["law", "recovery"])
def test_what_it_was_trained_on_is_not_known(folder, task):
    with pytest.raises(InputError, match="need one of the miniatures"):
        last(run(CodaSettings(task=task, model=str(folder)), Inputs()))
