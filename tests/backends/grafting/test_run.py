"""Runs of grafting on the miniature: what comes in which order, what is refused, and what a stop keeps."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from backends.files.saved import load_result, save_result
from backends.grafting import measuring, painting
from backends.grafting import speed as timing
from backends.grafting.choices import KINDS, layers_of
from backends.grafting.measured import Measured, Row, measured, read, write
from backends.grafting.results import Grafted, GraftingResult
from backends.grafting.run import run
from backends.grafting.settings import PRESETS, GraftingSettings
from backends.grafting.system import SYSTEM
from backends.made import Made
from backends.run import Inputs, Progress, RunStopped, code_version, last, name_of
from models.catalogue.miniatures import MINIATURES
from models.diffusion.latency import PairTook, Took
from models.diffusion.network import fresh_miniature
from models.diffusion.painter import painter_of
from worlds import vignettes
from worlds.errors import InputError

RECORDED = Path(measuring.__file__).parent / "recorded"
QUICK = {"num_pictures": 2, "sample_steps": 3}


def test_the_kinds_are_those_of_the_world_in_its_order():
    assert KINDS == vignettes.KINDS


def test_patterns_of_28_layers_are_the_papers():
    assert layers_of("interleaved", 28) == tuple(range(1, 28, 2))
    assert layers_of("deep", 28) == tuple(range(14, 28)) and layers_of("all", 28) == tuple(range(28))
    assert len(layers_of("three quarters", 28)) == 21
    shares = tuple(float(share) for share in np.random.default_rng(0).random(28))
    top, low = layers_of("top-local", 28, shares), layers_of("low-local", 28, shares)
    assert len(top) == len(low) == 14 and not set(top) & set(low)
    assert min(shares[layer] for layer in top) > max(shares[layer] for layer in low)


def test_half_of_the_attention_heals_in_stage_1_and_pictures_come_back():
    """The recipe on a quarter of its pictures: every layer learns, and the model's error falls most of the way back."""
    events = list(run(GraftingSettings(**QUICK, steps=100, num_samples=500), Inputs()))
    result, parts = events[-1], [event for event in events if isinstance(event, Grafted)]
    grafted = result.grafted
    original, swapped, healed = (grafted.state(name) for name in ("original", "swapped", "stage 1"))

    assert [one.layer for one in grafted.healed] == [1, 3, 5, 7] and grafted.loss == "l1"
    assert all(0.9 < one.errors[0] < 1.15 and one.errors[-1] < 0.45 for one in grafted.healed)
    assert np.mean([one.errors[-1] for one in grafted.healed]) < 0.36
    assert original.held_out < healed.held_out < 0.6 * swapped.held_out
    far = [np.abs(state.pictures.astype(int) - original.pictures).mean() for state in (swapped, healed)]
    assert far[1] < far[0]
    assert len(parts) > 8 and parts[0].states[-1].name == "original"
    assert [len(state.path) for state in grafted.states] == [3, 3, 3]
    fractions = [event.fraction for event in events if isinstance(event, Progress) and event.stage.startswith("Stage 1: step")]
    assert fractions == sorted(fractions)


def test_equal_settings_give_equal_results_and_a_saved_one_comes_back():
    settings = GraftingSettings(**QUICK, heals="none", operator="mlp-3")
    one, same = (last(run(settings, Inputs())) for _ in range(2))
    again = load_result(save_result(one), GraftingResult)

    for state, other, opened in zip(one.grafted.states, same.grafted.states, again.grafted.states):
        assert np.array_equal(state.pictures, other.pictures) and np.array_equal(state.pictures, opened.pictures)
        assert state.held_out == other.held_out == opened.held_out
    assert one.grafted.loss == "l2" and not one.made


def test_the_cost_is_that_of_the_replaced_operators():
    grafted = last(run(GraftingSettings(**QUICK, heals="none"), Inputs())).grafted

    assert grafted.before.parameters == 1_401_648
    assert grafted.after.parameters - grafted.before.parameters == 4 * (38_688 - 37_248)
    assert grafted.after.mixing_flops / grafted.before.mixing_flops == pytest.approx(2 / (4 * 64))


def test_pairs_heal_in_both_stages_and_the_run_goes_on_from_stage_1(tmp_path, monkeypatch):
    """Depth to width through the settings: each pair learns alone, what was made is a rung, and stage 2 takes it from there."""
    monkeypatch.setattr("backends.grafting.healing.TUNED_ON", 64)
    monkeypatch.setattr("backends.grafting.examples.HELD_OUT", 20)
    makes, asked = Made(lambda: tmp_path), {**QUICK, "operator": "pairs", "pattern": "deep", "steps": 6, "num_samples": 64}
    first = last(run(GraftingSettings(**asked), Inputs(makes=makes)))
    original, swapped, healed = (first.grafted.state(name) for name in ("original", "swapped", "stage 1"))

    assert first.grafted.layers == (4, 5, 6, 7) and [one.layer for one in first.grafted.healed] == [4, 6]
    assert all(one.errors[-1] < one.errors[0] < 1 for one in first.grafted.healed)
    assert original.held_out < healed.held_out < swapped.held_out
    name = name_of(first)
    further = GraftingSettings(**asked, heals="both stages", tune_steps=2, continues=name)
    second = last(run(further, Inputs(results={name: first}, makes=makes)))
    assert [state.name for state in second.grafted.states][-1] == "stage 2" and len(second.made) == 1 and not second.notes


def test_a_model_that_says_no_numbers_keeps_its_pictures_so_far(monkeypatch):
    real = painting.sample

    def breaking(model, kinds, noise, **options):
        for step in real(model, kinds, noise, **options):
            yield step
            if step.number == 2:
                for parameter in model.parameters():
                    parameter.data.fill_(float("nan"))

    monkeypatch.setattr(painting, "sample", breaking)
    state = last(run(GraftingSettings(**QUICK, heals="none"), Inputs())).grafted.states[0]

    assert "step 3 of 3" in state.broke and len(state.path) == 2 and state.held_out is None
    assert state.pictures.any()


@pytest.mark.parametrize(("settings", "says"), [
    ({"pattern": "by hand", "layers": (8,)}, "There is no layer 8. The layers of this model are numbered 0 to 7."),
    ({"continues": "nothing", "heals": "both stages"}, "not in this session"),
    ({"model": "nothing"}, "There is no model 'nothing'"),
    ({"model": "coda-english"}, "is a language model. This setting takes a diffusion transformer"),
])
def test_what_cannot_be_is_one_sentence(settings, says):
    with pytest.raises(InputError, match=says.replace(".", r"\.")):
        last(run(GraftingSettings(**QUICK, **settings), Inputs()))


@pytest.mark.parametrize(("settings", "says"), [
    ({"pattern": "by hand"}, "no layer is named"), ({"layers": (1,)}, "layers are named, but the pattern is 'interleaved'"),
    ({"pattern": "by hand", "layers": (1, 1)}, "named twice"), ({"sample_steps": 0}, "greater than or equal to 1"),
    ({"kinds": ("dragon",)}, "sunset"), ({"guidance": -1}, "greater than or equal to 0"),
    ({"continues": "x", "heals": "stage 1"}, "going on from an earlier run is stage 2"), ({"num_judged": 2001}, "2000"),
    ({"operator": "pairs", "quantisation": "nf4"}, "pairs learn with all weights of their blocks, and those in nf4")])
def test_settings_out_of_range_are_refused(settings, says):
    with pytest.raises(ValidationError, match=says):
        GraftingSettings(**settings)


def test_a_stop_keeps_what_there_is_and_another_run_goes_on_from_it(tmp_path, monkeypatch):
    monkeypatch.setattr("backends.grafting.healing.TUNED_ON", 64)
    makes = Made(lambda: tmp_path)
    settings = GraftingSettings(**QUICK, steps=10, num_samples=64)
    going = run(settings, Inputs(makes=makes))
    for event in going:
        if isinstance(event, Grafted) and event.healed:
            break
    stopped = going.throw(RunStopped())

    assert stopped.ended == "stopped" and stopped.grafted.states[-1].name == "stage 1" and len(stopped.made) == 1
    name = name_of(stopped)
    further = GraftingSettings(**QUICK, steps=10, num_samples=64, heals="both stages", tune_steps=2, continues=name)
    result = last(run(further, Inputs(results={name: stopped}, makes=makes)))
    assert [state.name for state in result.grafted.states] == ["original", "swapped", "stage 1", "stage 2"]
    assert result.made and result.made != stopped.made

    with pytest.raises(InputError, match="had another operator: hyena-x"):
        last(run(further.model_copy(update={"operator": "swa"}), Inputs(results={name: stopped}, makes=makes)))
    with pytest.raises(InputError, match="had another pattern: interleaved"):
        last(run(further.model_copy(update={"pattern": "deep"}), Inputs(results={name: stopped}, makes=makes)))
    with pytest.raises(InputError, match="was not kept"):
        last(run(further, Inputs(results={name: stopped.model_copy(update={"made": ()})}, makes=makes)))


def test_a_made_model_is_a_rung_and_paints_what_it_painted(tmp_path):
    makes = Made(lambda: tmp_path)
    first = last(run(GraftingSettings(**QUICK, heals="none", operator="swa"), Inputs(makes=makes)))
    inputs = Inputs(results={name_of(first): first}, makes=makes)
    second = last(run(GraftingSettings(**QUICK, heals="none", operator="mlp-3", model=first.made[0]), inputs))

    assert np.array_equal(second.grafted.state("original").pictures, first.grafted.state("swapped").pictures)
    assert not second.made and "two kinds of graft" in second.notes[0]
    with pytest.raises(InputError, match="no attention to look at"):
        last(run(GraftingSettings(task="locality", model=first.made[0]), inputs))


def test_attention_is_watched_and_patterns_follow_from_it(monkeypatch):
    monkeypatch.setattr("backends.grafting.choices.WATCHED_PICTURES", 4)
    seen = last(run(GraftingSettings(task="locality"), Inputs())).locality

    assert seen.even == pytest.approx(0.248, abs=1e-3) and seen.shares.shape == (8,) and seen.head_shares.shape == (8, 6)
    assert np.allclose(seen.head_shares.mean(1), seen.shares, atol=1e-5) and (seen.shares > seen.even).all()
    assert seen.maps.shape == (5, 8, 6, 64, 64) and (seen.maps.max(-1) == 255).all()
    picked = {one.pattern: one.layers for one in seen.picked}
    assert set(picked["top-local"]) == set(np.argsort(-seen.shares)[:4].tolist())


def test_pictures_that_are_more_than_a_run_keeps_are_made_smaller_and_it_says_so(monkeypatch):
    monkeypatch.setattr(painting, "KEPT_BYTES", 2 * 16 * 16 * 3)
    result = last(run(GraftingSettings(heals="none", **QUICK), Inputs()))

    assert [state.pictures.shape for state in result.grafted.states] == [(2, 16, 16, 3)] * 2
    assert [state.painted_px for state in result.grafted.states] == [32, 32]
    assert "2 pictures of 32 x 32 pixels are more than a run keeps of each state" in result.notes[0]


def test_a_smaller_picture_is_the_mean_of_every_four_pixels_and_a_small_one_stays_as_it_is():
    pictures = np.arange(2 * 5 * 4 * 3, dtype=np.uint8).reshape(2, 5, 4, 3)
    assert painting.as_kept(pictures) is pictures

    large = np.zeros((1, 4001, 4002, 3), np.uint8)
    large[:, ::2] = 100
    smaller = painting.as_kept(large)
    assert smaller.shape == (1, 2000, 2001, 3) and (smaller == 50).all()


def test_operators_are_timed_at_every_number_of_tokens():
    speed = last(run(GraftingSettings(task="speed", tokens=(32, 16)), Inputs())).speed

    assert [row.tokens for row in speed.rows] == [16] * 7 + [32] * 7
    assert all(0 < row.least_ms <= row.median_ms and row.times >= 3 for row in speed.rows)
    assert [pair.tokens for pair in speed.pairs] == [16, 32] and all(pair.sequence_ms > 0 for pair in speed.pairs)
    assert (speed.device, speed.dtype) == ("cpu", "float32")


def test_operators_are_timed_where_the_model_is_and_as_precisely_as_it_computes(monkeypatch):
    asked = []

    def took(operator, shape, tokens, **how):
        asked.append(how)
        return Took(operator, tokens, 1.0, 1.0, 3)

    def pair_took(shape, tokens, **how):
        asked.append(how)
        return PairTook(tokens, 1, (1, 1), (1, 1), None)

    monkeypatch.setattr(timing, "took", took)
    monkeypatch.setattr(timing, "pair_took", pair_took)
    *_, speed = timing.time_them(fresh_miniature(seed=0).to("meta", torch.bfloat16), GraftingSettings(task="speed", tokens=(16,)))

    assert asked == [{"device": "meta", "dtype": torch.bfloat16}] * 8
    assert (speed.device, speed.dtype, speed.where) == ("meta", "bfloat16", "a GPU in bfloat16")


def test_presets_are_what_they_say_and_wait_where_they_belong():
    assert [SYSTEM.lane(settings) for settings, _ in PRESETS.values()] == ["long", "short", "long", "short"]
    assert [SYSTEM.lane(GraftingSettings(operator=name)) for name in ("hyena-x", "pairs")] == ["short", "long"]
    assert len({settings.permalink() for settings, _ in PRESETS.values()}) == len(PRESETS)


def test_every_state_was_measured_and_heals_in_order():
    found = measured()
    assert found is not None and found.judged >= 1000
    for one in {row for row in found.rows if row.state == "stage 2" and row.graft != "control" and not row.otherwise}:
        swapped, first, second = (found.row(one.graft, state, one.seed) for state in ("swapped", "stage 1", "stage 2"))
        assert swapped.held_out > first.held_out > second.held_out > found.row("control", "stage 2", one.seed).held_out
        if one.seed == 0:
            assert swapped.proxy_fd > 5 * second.proxy_fd and second.proxy_fd < first.proxy_fd + 3


def test_what_was_measured_is_as_good_as_it_should_be():
    """The original paints what it is asked for, every operator learns in stage 1, half a self-graft costs little and all much."""
    found = measured()
    original = found.row("original", "original")
    assert original.accuracy >= 0.98 and original.proxy_fd <= 5 and original.held_out <= 0.05

    learned = {row.graft: row.stage_1_error for row in found.rows if row.state == "stage 1" and not row.otherwise and not row.seed}
    most = {graft: 0.2 if graft.startswith(("mlp-3", "mlp-6")) else 0.3 for graft in learned}
    assert len(learned) >= 14 and not {graft: error for graft, error in learned.items() if error >= most[graft]}
    assert learned["mha, interleaved"] < learned["hyena-x, interleaved"]

    assert found.above_control(found.row("mha, interleaved", "stage 2")) <= 0.12
    assert found.above_control(found.row("hyena-x, all", "stage 2")) >= 0.3


def test_recorded_times_show_what_many_tokens_cost_full_attention():
    rows = load_result((RECORDED / "speed.orrery").read_bytes(), GraftingResult).speed.rows
    times = {(row.operator, row.tokens): row for row in rows}

    assert all(row.times >= 3 and row.least_ms <= row.median_ms for row in rows)
    assert times["mha", 4096].median_ms >= 5 * times["hyena-x", 4096].median_ms


def test_measuring_goes_on_with_what_was_measured(tmp_path, monkeypatch):
    """A row that is there is not measured again."""
    asked: list[object] = []
    kept = Row("control", "", "", "stage 2", 0.04, None, None, None, 0.0, 0, code=code_version())

    class Pool:
        def __init__(self, *_args: object, **_named: object) -> None: ...
        def __enter__(self) -> "Pool":
            return self

        def __exit__(self, *_args: object) -> None: ...
        def map(self, _function: object, wanted: list[object]) -> list[tuple[list[Row], float]]:
            asked.extend(wanted)
            return [([replace(kept, graft="mha, interleaved")], 0.1)]

    monkeypatch.setattr(measuring, "ProcessPoolExecutor", Pool)
    write(Measured((kept,), 2000, 0.0, "2026-12-01"), tmp_path / "states.json")

    found = measuring.measure([(GraftingSettings(operator="mha"), "")], tmp_path / "states.json", io.StringIO())

    assert [one[0].operator for one in asked] == ["mha"]
    assert [row.graft for row in found.rows] == ["control", "mha, interleaved"] and found.floor == 0.1
    assert read(tmp_path / "states.json") == found
    write(Measured((replace(kept, code="another version"),), 2000, 0.0, "2026-12-01"), tmp_path / "states.json")
    asked.clear()
    older = measuring.measure([(GraftingSettings(operator="mha"), "")], tmp_path / "states.json", io.StringIO(), keeps_older=True)
    assert len(asked) == 1 and [row.code for row in older.rows] == ["another version", code_version()]
    asked.clear()
    write(Measured((replace(kept, code="another version"),), 2000, 0.0, "2026-12-01"), tmp_path / "states.json")
    again = measuring.measure([(GraftingSettings(operator="mha"), "")], tmp_path / "states.json", io.StringIO())
    assert asked[0] == 0 and len(asked) == 2 and [row.graft for row in again.rows] == ["mha, interleaved"]  # the control anew, too


def test_what_is_measured_of_a_graft_and_of_the_control(monkeypatch):
    monkeypatch.setattr("backends.grafting.healing.TUNED_ON", 64)
    monkeypatch.setattr("backends.grafting.examples.HELD_OUT", 20)
    monkeypatch.setattr(measuring, "TUNE_STEPS", 1)
    painter = painter_of(MINIATURES / "vignettes-dit", "cpu")
    settings = GraftingSettings(**QUICK, heals="both stages", steps=2, num_samples=64, tune_steps=1, seed=1)
    rows, _ = measuring._graft(painter, (settings, ""))
    control, _ = measuring._control(painter, 1)

    assert [(row.graft, row.state, row.seed) for row in rows] == [
        ("hyena-x, interleaved", state, 1) for state in ("swapped", "stage 1", "stage 2")]
    assert rows[0].stage_1_error is None and rows[1].stage_1_error == rows[2].stage_1_error > 0
    assert [(row.graft, row.state, row.seed) for row in control] == [("control", "stage 2", 1)]  # the original is beside seed 0
