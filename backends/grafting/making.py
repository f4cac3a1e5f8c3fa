"""Grafted models that runs make: a folder that is a rung of its session, and from which a later run goes on."""

import logging
from pathlib import Path
from typing import Literal, cast

from safetensors import SafetensorError

from backends.grafting.own import Lent
from backends.grafting.results import Grafted, GraftingResult
from backends.grafting.settings import GraftingSettings
from backends.made import name_of
from backends.run import Inputs
from models.catalogue import declare
from models.diffusion import judge as judges
from models.diffusion.choices import OPERATOR_NAMES, Loss
from models.diffusion.folders import Graft, hash_of, load_folder, save_folder
from models.diffusion.network import Transformer, count_parameters
from models.diffusion.painter import JUDGE
from models.diffusion.pipelines import save_pipeline
from worlds.errors import InputError, disk_sentence

log = logging.getLogger("orrery.grafting")

SEEN_ONLY = {"task", "kinds", "num_pictures", "noise", "num_judged", "near", "tokens", "continues", "samples", "checkpoint"}
"""Settings that the weights do not follow from: the run before counts by its name, and a checkpoint by its own weights."""
HOW_PAINTED = {"subjects", "sampler", "sample_steps", "guidance"}  # from which they follow where a model learns from its own pictures
SAME = ("model", "checkpoint", "checkpoint_heads", "operator", "pattern", "layers")  # of a run that is gone on from


def keep(grafted_model: Transformer, grafted: Grafted, settings: GraftingSettings, model: Lent, inputs: Inputs,
         notes: list[str]) -> tuple[str, ...]:
    """Keep the grafted model in its newest state; return its name, or add to `notes` why it could not be kept."""
    if inputs.makes is None:
        return ()
    if settings.quantisation != "none":
        notes.append(f"The grafted model was not kept: its other weights are in {settings.quantisation}. Run it unpacked to keep it.")
        return ()
    base = hash_of(model.painter.network)
    graft = Graft(operator=settings.operator, layers=grafted.layers, pattern=settings.pattern, stage=_stage(grafted),
                  loss=cast(Loss, grafted.loss), tune_loss=settings.tune_loss, seed=settings.seed, base=base)
    seen_only = SEEN_ONLY | HOW_PAINTED if model.painter.is_drawn else SEEN_ONLY
    name = name_of("grafting", {**graft.model_dump(mode="json"), **settings.model_dump(mode="json", exclude=seen_only),
                                "before": settings.continues, "healed": [one.steps[-1] for one in grafted.healed],
                                "tuned": grafted.tuned_steps[-1:]})
    try:
        inputs.makes.put(name, lambda folder: _write(grafted_model, graft, model, folder))
    except ValueError:
        notes.append("This model has two kinds of graft, or one from before. It was not kept, because a folder describes one.")
        return ()
    except (OSError, SafetensorError) as error:
        log.warning("%s was not kept", name, exc_info=error)
        notes.append("The grafted model could not be kept, so that no run can go on from here. "
                     f"{disk_sentence(error) or 'Its files could not be written.'}")
        return ()
    return (name,)


def earlier(settings: GraftingSettings, inputs: Inputs) -> tuple[Grafted, Transformer]:
    """The run that is gone on from, and the model that it made.

    Raises:
        InputError: it is not here, grafted something else, or its model was not kept.
    """
    before = inputs.result(settings.continues)
    if not isinstance(before, GraftingResult) or before.grafted is None:
        raise InputError(f"The run {settings.continues!r} grafted nothing. Choose one that did, or none.")
    was, now = before.settings, settings
    if differing := [name for name in SAME if getattr(was, name) != getattr(now, name)]:
        raise InputError(f"The run {settings.continues!r} had another {differing[0]}: {getattr(was, differing[0])}. Set that again "
                         "to go on with it, or start anew.")
    if not before.made:
        raise InputError(f"The model of the run {settings.continues!r} was not kept. Start anew.")
    return before.grafted, load_folder(inputs.model(before.made[0]))


def _stage(grafted: Grafted) -> Literal["swapped", "stage 1", "stage 2"]:
    reached = {state.name for state in grafted.states}
    return "stage 2" if "stage 2" in reached else "stage 1" if "stage 1" in reached else "swapped"


def _write(grafted: Transformer, graft: Graft, model: Lent, folder: Path) -> None:
    """Save the model with its graft, what it needs beside it to paint, and the card that makes it a rung."""
    painter, note = model.painter, f"Grafted here from {model.title}."
    if painter.judge is not None and painter.reference is not None:
        save_folder(grafted, folder, graft=graft)
        judges.save(painter.judge, painter.reference, folder / JUDGE, {})
    elif painter.kinds:
        save_pipeline(painter, folder, lambda place: save_folder(grafted, place, graft=graft))
    else:  # a text encoder is many times as large as what was grafted
        save_folder(grafted, folder, graft=graft)
        note += " Without its text encoder: it can be gone on from, and paints nothing by itself."
    title = f"{OPERATOR_NAMES[graft.operator]} in {len(graft.layers)} layer{'s' if len(graft.layers) > 1 else ''}, {graft.stage}"
    said = {"role": "diffusion", "title": title, "loader": "diffusion", "architecture": type(grafted).__name__,
            "licence": model.licence, "parameters": count_parameters(grafted), "quantisations": ["none"], "made_for": ["grafting"],
            "order": 0, "note": note}
    declare(folder, said)
