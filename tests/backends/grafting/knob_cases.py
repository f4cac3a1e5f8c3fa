"""What each knob of grafting changes: cases of `tests/backends/test_every_knob.py`."""

from pathlib import Path

import numpy as np
import pytest
import torch

from backends.grafting import choices, examples, healing, locality
from backends.grafting.results import Grafted, GraftingResult
from backends.grafting.run import run
from backends.grafting.settings import GraftingSettings
from backends.made import Made
from backends.run import Inputs, last, name_of
from models import catalogue
from models.diffusion.folders import load_folder, save_folder
from tests.backends.grafting import own_files
from tests.backends.knobs import Case
from tests.models import tiny_pipelines

QUICK = {"num_pictures": 2, "sample_steps": 2, "heals": "none"}
HEALS = QUICK | {"heals": "stage 1", "steps": 4, "num_samples": 64}
TUNES = HEALS | {"heals": "both stages", "tune_steps": 3}
TINY = QUICK | {"checkpoint": "upload:tiny.pt", "checkpoint_heads": 2}
EARLIER = GraftingSettings(**HEALS)
NAME = ""


def prepare(folder: Path, patch: pytest.MonkeyPatch) -> Inputs:
    """Another model of the same form, an earlier run, and few held-out pictures."""
    torch.set_num_threads(1)
    for module, name, number in ((examples, "HELD_OUT", 20), (examples, "TUNED_ON", 64), (healing, "TUNED_ON", 64),
                                 (choices, "WATCHED_PICTURES", 4), (locality, "STEPS", 5)):
        patch.setattr(module, name, number)
    other = load_folder(catalogue.folder_of(catalogue.find("vignettes-dit")))
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.mul_(0.9)
    save_folder(other, folder / "fainter")
    tiny_pipelines.dit(folder / "dit")
    makes = Made(lambda: folder / "made-here")
    earlier = last(run(EARLIER, Inputs(makes=makes)))
    files = {"tiny.pt": own_files.official(own_files.tiny(), folder / "tiny.pt"),
             "own.npz": own_files.npz(folder / "own.npz", 70, labels=np.arange(70) % 10)}
    return Inputs(files, {name_of(earlier): earlier, "earlier": earlier}, makes)


def of(result: GraftingResult) -> Grafted:
    assert result.grafted is not None
    return result.grafted


def same_before(before: GraftingResult, after: GraftingResult, *states: str) -> None:
    """What was painted before the knob counts is the same."""
    for name in states:
        assert np.array_equal(of(before).state(name).pictures, of(after).state(name).pictures)


def differ(before: GraftingResult, after: GraftingResult, state: str) -> bool:
    return not np.array_equal(of(before).state(state).pictures, of(after).state(state).pictures)


def other_model(before: GraftingResult, after: GraftingResult) -> None:
    assert after.model_id == "local:fainter" and of(after).layers == of(before).layers
    assert differ(before, after, "original")


def in_fewer_bits(before: GraftingResult, after: GraftingResult) -> None:
    assert (before.model_id, after.model_id) == ("local:dit", "local:dit (nf4)") and differ(before, after, "original")


def other_subjects(before: GraftingResult, after: GraftingResult) -> None:
    assert (of(before).kinds, of(after).kinds) == (("tench, Tinca tinca", "goldfish"), ("volcano", "volcano"))
    assert differ(before, after, "original")


def own_checkpoint(before: GraftingResult, after: GraftingResult) -> None:
    """A person's own stands in the place of the model."""
    assert (before.model_id, after.model_id) == ("vignettes-dit", "upload:tiny.pt")
    assert (of(before).num_layers, of(after).num_layers) == (8, own_files.LAYERS)


def own_watched(before: GraftingResult, after: GraftingResult) -> None:
    assert (len(before.locality.shares), len(after.locality.shares)) == (8, own_files.LAYERS)


def own_timed(before: GraftingResult, after: GraftingResult) -> None:
    assert (before.speed.width, after.speed.width) == (96, own_files.WIDTH)


def other_heads(before: GraftingResult, after: GraftingResult) -> None:
    """The same weights, attention cut into other heads."""
    assert of(before).before.parameters == of(after).before.parameters and differ(before, after, "original")


def own_samples(before: GraftingResult, after: GraftingResult) -> None:
    same_before(before, after, "original", "swapped")
    assert of(before).samples is None and of(after).samples.number == 70 and of(after).samples.accuracy > 0.9


def other_seed(before: GraftingResult, after: GraftingResult) -> None:
    same_before(before, after, "original")
    assert differ(before, after, "swapped")


def other_operator(before: GraftingResult, after: GraftingResult) -> None:
    same_before(before, after, "original")
    assert of(before).before == of(after).before and of(before).after.mixing_flops < of(after).after.mixing_flops
    assert differ(before, after, "swapped")


def side_by_side(before: GraftingResult, after: GraftingResult) -> None:
    """Every pair that holds a chosen layer, so both blocks of each; the merges come on top of what the blocks have."""
    same_before(before, after, "original")
    assert (of(before).layers, of(after).layers) == ((1, 3, 5, 7), tuple(range(8)))
    assert of(after).after.parameters - of(after).before.parameters == 74_112
    assert of(after).loss == "l1" and differ(before, after, "swapped")


def deep(before: GraftingResult, after: GraftingResult) -> None:
    same_before(before, after, "original")
    assert (of(before).layers, of(after).layers) == ((1, 3, 5, 7), (4, 5, 6, 7))


def by_hand(before: GraftingResult, after: GraftingResult) -> None:
    assert (of(before).layers, of(after).layers) == ((2,), (0, 6))
    same_before(before, after, "original")


def heals(before: GraftingResult, after: GraftingResult) -> None:
    same_before(before, after, "original", "swapped")
    assert [state.name for state in of(after).states] == ["original", "swapped", "stage 1"] and of(after).healed


def goes_on(before: GraftingResult, after: GraftingResult) -> None:
    """The new run keeps what the earlier one showed and adds stage 2."""
    assert of(after).healed and [state.name for state in of(after).states][-1] == "stage 2"
    assert of(after).tuned_steps == (3,) and after.made != before.made


def other_learning(before: GraftingResult, after: GraftingResult) -> None:
    """Layers begin with the same error and end with another."""
    same_before(before, after, "original", "swapped")
    was, now = of(before).healed, of(after).healed
    assert [one.errors[0] for one in was] == [one.errors[0] for one in now]
    assert [one.errors[-1] for one in was] != [one.errors[-1] for one in now]


def squares(before: GraftingResult, after: GraftingResult) -> None:
    assert (of(before).loss, of(after).loss) == ("l1", "l2")
    other_learning(before, after)


def more_steps(before: GraftingResult, after: GraftingResult) -> None:
    assert (of(before).healed[0].steps[-1], of(after).healed[0].steps[-1]) == (4, 10)
    other_learning(before, after)


def longer_tuning(before: GraftingResult, after: GraftingResult) -> None:
    same_before(before, after, "original", "swapped", "stage 1")
    assert (of(before).tuned_steps[-1], of(after).tuned_steps[-1]) == (3, 10)


def other_tuning(before: GraftingResult, after: GraftingResult) -> None:
    same_before(before, after, "original", "swapped", "stage 1")
    assert of(before).state("stage 2").held_out != of(after).state("stage 2").held_out


def other_kinds(before: GraftingResult, after: GraftingResult) -> None:
    assert (of(before).kinds, of(after).kinds) == (("house", "sunset"), ("fish", "fish"))
    assert of(before).state("original").held_out == of(after).state("original").held_out


def more_pictures(before: GraftingResult, after: GraftingResult) -> None:
    was, now = of(before).state("original").pictures, of(after).state("original").pictures
    assert (len(was), len(now)) == (2, 5)
    assert np.abs(was.astype(int) - now[:2]).max() <= 1, "the first ones begin with the same noise; sums round otherwise"


def other_painting(before: GraftingResult, after: GraftingResult) -> None:
    """Another way to paint: the model is as good as it was."""
    assert of(before).state("original").held_out == of(after).state("original").held_out
    assert differ(before, after, "original")


def more_sample_steps(before: GraftingResult, after: GraftingResult) -> None:
    assert (len(of(before).state("original").path), len(of(after).state("original").path)) == (2, 5)
    other_painting(before, after)


def judged(before: GraftingResult, after: GraftingResult) -> None:
    same_before(before, after, "original", "swapped")
    assert of(before).state("original").judgement is None
    said = of(after).state("original").judgement
    assert (said.number, said.steps, said.sampler, said.guidance) == (65, 2, "ddim", 1.0)
    assert said.proxy_fd is not None and said.floor is not None and of(after).state("swapped").judgement.proxy_fd > said.floor


def nearer(before: GraftingResult, after: GraftingResult) -> None:
    was, now = before.locality, after.locality
    assert (was.shares > now.shares).all() and was.even > now.even
    assert np.array_equal(was.maps, now.maps) and np.array_equal(was.grid_shares, now.grid_shares)


def other_watch(before: GraftingResult, after: GraftingResult) -> None:
    assert before.locality.even == after.locality.even
    assert not np.array_equal(before.locality.shares, after.locality.shares)


def other_tokens(before: GraftingResult, after: GraftingResult) -> None:
    assert {row.tokens for row in before.speed.rows} == {16} and {row.tokens for row in after.speed.rows} == {16, 32}
    assert len(after.speed.rows) == 2 * len(before.speed.rows)


def timed_alike(before: GraftingResult, after: GraftingResult) -> None:
    """Another model of the same form has the same operators."""
    assert after.model_id == "local:fainter"
    assert [(row.operator, row.tokens) for row in before.speed.rows] == [(row.operator, row.tokens) for row in after.speed.rows]


GRAFT = (
    Case("model", "fainter", other_model, QUICK, task="graft"),
    Case("quantisation", "nf4", in_fewer_bits, QUICK | {"model": "dit"}, task="graft", on_page="shown"),
    Case("subjects", "volcano", other_subjects, QUICK | {"model": "dit"}, task="graft", on_page="shown"),
    Case("seed", 1, other_seed, QUICK, task="graft"),
    Case("operator", "mha", other_operator, QUICK, task="graft"),
    Case("operator", "pairs", side_by_side, QUICK, task="graft"),
    Case("pattern", "deep", deep, QUICK, task="graft"),
    Case("layers", (6, 0), by_hand, QUICK | {"pattern": "by hand", "layers": (2,)}, task="graft"),
    Case("heals", "stage 1", heals, HEALS | {"heals": "none"}, task="graft"),
    Case("continues", "earlier", goes_on, TUNES, task="graft", on_page="elsewhere"),
    Case("loss", "l2", squares, HEALS, task="graft"),
    Case("steps", 10, more_steps, HEALS, task="graft"),
    Case("num_samples", 100, other_learning, HEALS, task="graft"),
    Case("hears", "clean", other_learning, HEALS, task="graft"),
    Case("tune_steps", 10, longer_tuning, TUNES, task="graft"),
    Case("tune_loss", "activation", other_tuning, TUNES, task="graft"),
    Case("tune_loss", "both", other_tuning, TUNES, task="graft"),
    Case("kinds", ("fish",), other_kinds, QUICK, task="graft"),
    Case("num_pictures", 5, more_pictures, QUICK, task="graft"),
    Case("sampler", "ddpm", other_painting, QUICK, task="graft"),
    Case("sampler", "dpm-solver++", other_painting, QUICK | {"sample_steps": 4}, task="graft"),
    Case("sample_steps", 5, more_sample_steps, QUICK, task="graft"),
    Case("guidance", 2.0, other_painting, QUICK, task="graft"),
    Case("noise", 1, other_painting, QUICK, task="graft"),
    Case("num_judged", 65, judged, QUICK, task="graft"),
    Case("checkpoint", "upload:tiny.pt", own_checkpoint, QUICK | {"checkpoint_heads": 2}, task="graft", on_page="elsewhere"),
    Case("checkpoint_heads", 3, other_heads, TINY, task="graft", on_page="elsewhere"),
    Case("samples", "upload:own.npz", own_samples, QUICK, task="graft", on_page="elsewhere"),
)

LOCALITY = (
    Case("near", 2, nearer, task="locality"),
    Case("seed", 1, other_watch, task="locality"),
    Case("model", "fainter", other_watch, task="locality"),
    Case("quantisation", "nf4", other_watch, {"model": "dit"}, task="locality", on_page="shown"),
    Case("subjects", "volcano", other_watch, {"model": "dit"}, task="locality", on_page="shown"),
    Case("checkpoint", "upload:tiny.pt", own_watched, {"checkpoint_heads": 2}, task="locality", on_page="elsewhere"),
)

SPEED = (
    Case("tokens", (16, 32), other_tokens, {"tokens": (16,)}, task="speed"),
    Case("model", "fainter", timed_alike, {"tokens": (16,)}, task="speed"),
    Case("checkpoint", "upload:tiny.pt", own_timed, {"tokens": (16,), "checkpoint_heads": 2}, task="speed", on_page="elsewhere"),
)

CASES = (*GRAFT, *LOCALITY, *SPEED)
