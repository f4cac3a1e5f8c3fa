"""The ladder: what is offered, what it costs, and which folders and words are refused."""

import json
from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from backends.rungs import rung_of
from models import catalogue, devices
from models.catalogue import RUNGS, availability, find, local_rung, rungs
from models.checking import MAX_CONFIG_BYTES
from models.diffusion.folders import load_folder
from models.diffusion.network import count_parameters
from tests.models import tiny_checkpoints
from worlds.errors import InputError

BATCH_STATISTICS = ("running_mean", "running_var", "num_batches_tracked")  # buffers, no parameters


@pytest.fixture
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))


def test_names_of_rungs_are_unique_and_found():
    assert len({rung.name for rung in RUNGS}) == len(RUNGS)
    assert all(find(rung.name) is rung for rung in RUNGS)


def test_every_role_has_rungs_and_every_detector_has_thresholds():
    assert {rung.role for rung in RUNGS} == {"detector", "vlm", "similarity", "language", "diffusion"}
    assert all(0 < rung.floor < rung.theta < 1 for rung in rungs("detector"))
    assert rungs("detector")[0].is_miniature
    assert rungs("language")[0].name == "coda-english"
    made_for = [rung.made_for for rung in rungs("language") if rung.is_miniature]
    assert made_for == [("coda",)] * 4 + [("ragen",)] * 3 + [("merging",)]


def test_a_ladder_of_language_models_ascends():
    sizes = [rung.parameters for rung in rungs("language") if not rung.is_miniature]

    assert sizes == sorted(sizes)
    assert {rung.architecture for rung in rungs("language")} <= set(catalogue.LANGUAGE_CLASSES)


@pytest.mark.parametrize("rung", [rung for rung in RUNGS if rung.is_miniature], ids=lambda rung: rung.name)
def test_a_shipped_miniature_is_what_its_folder_says(rung):
    folder = catalogue.folder_of(rung)
    if not folder.is_dir():
        pytest.skip(f"{rung.name} is not in this copy")
    config = json.loads((folder / "config.json").read_text())
    if rung.role == "diffusion":  # diffusers' layout, in which blocks share an embedder
        assert rung.architecture == config["_class_name"]
        assert rung.parameters == count_parameters(load_folder(folder))
        return
    index = folder / "model.safetensors.index.json"
    files = set(json.loads(index.read_text())["weight_map"].values()) if index.is_file() else {"model.safetensors"}
    sizes = {}
    for file in files:  # one may lie beside the folder: an eye that several share
        with safe_open(folder / file, framework="pt") as weights:
            sizes |= {key: weights.get_tensor(key).numel() for key in weights.keys()}  # noqa: SIM118  # not a dict

    assert rung.architecture == config["architectures"][0]
    assert rung.parameters == sum(size for key, size in sizes.items() if not key.endswith(BATCH_STATISTICS))
    assert rung.theta == config.get("confirmation")
    assert rung.floor == config.get("floor")


@pytest.mark.parametrize(("name", "command"), [
    ("canvas-detector", "python -m models.recipes.canvas_detector"), ("coda-p-law", "python -m models.recipes.coda coda-p-law")])
def test_a_miniature_that_is_missing_says_how_it_is_made(tmp_path, monkeypatch, name, command):
    monkeypatch.setattr(catalogue.ladder, "MINIATURES", tmp_path)

    assert command in availability(find(name), "cpu").reason


def test_a_state_that_is_not_shipped_says_how_it_is_made_and_where(monkeypatch, tmp_path):
    monkeypatch.setenv("ORRERY_CACHE", str(tmp_path))
    further = catalogue.at_stage(find("shapes-vlm"), "seed 1")

    reason = availability(further, "cpu").reason

    assert "python -m models.recipes.shapes_vlm --seed 1 --only-train --out " in reason
    assert catalogue.folder_of(further).as_posix().endswith("miniatures/shapes-vlm/seeds/1")
    with pytest.raises(InputError, match=r"no state 'seed 9'\. It has: seed 1, seed 2, balanced"):
        catalogue.at_stage(find("shapes-vlm"), "seed 9")


def test_a_state_that_is_not_shipped_is_made_once(monkeypatch, tmp_path):
    monkeypatch.setenv("ORRERY_CACHE", str(tmp_path))
    commands = []

    def trains(command, **options):
        commands.append(command[1:])
        folder = Path(command[-1])
        folder.mkdir(parents=True)
        for name in ("config.json", "model.safetensors"):
            (folder / name).write_text("{}")

    monkeypatch.setattr(catalogue.ladder.subprocess, "run", trains)
    further = catalogue.at_stage(find("shapes-vlm"), "balanced")

    folders = {catalogue.make(further), catalogue.make(further)}

    assert folders == {catalogue.folder_of(further)}
    (command,) = commands
    assert command[:4] == ["-m", "models.recipes.shapes_vlm", "--balanced", "--only-train"]


def test_a_miniature_is_offered_to_the_system_that_it_was_made_for_and_to_no_other():
    offered = {system: {rung.name for role in ("detector", "vlm", "language") for rung in rungs(role, system) if rung.is_miniature}
               for system in ("tstar", "coda", "adaptvis")}

    assert offered == {"tstar": {"canvas-detector"}, "adaptvis": {"shapes-vlm", "scenes-vlm"},
                       "coda": {"coda-english", "coda-p-law", "coda-p-law-low-decay", "coda-l-law"}}
    real = [{rung.name for rung in rungs("vlm", system) if not rung.is_miniature} for system in ("", "tstar", "coda")]
    assert real[0] and real[0] == real[1] == real[2]


def test_a_new_card_is_a_rung_without_any_python(tmp_path):
    card = {"rung": {"role": "vlm", "title": "Gloves", "loader": "vlm", "architecture": "LlavaModel", "licence": "apache-2.0",
            "parameters": 7, "made_for": ["adaptvis"], "stages": {"epoch 2": "two", "epoch 5": "five"},
            "stage": "epoch 5", "order": 3}}
    (tmp_path / "gloves").mkdir()
    (tmp_path / "gloves" / "card.json").write_text(json.dumps(card))

    (rung,) = catalogue.miniatures.declared_in(tmp_path)

    assert (rung.name, rung.source, rung.is_miniature, rung.made_for) == ("gloves", "gloves/five", True, ("adaptvis",))
    assert catalogue.epochs(rung) == (2, 5) and catalogue.at_epoch(rung, 2).source == "gloves/two"


def test_one_card_may_declare_rungs_of_several_roles(tmp_path):
    common = {"licence": "apache-2.0", "parameters": 7, "made_for": ["adaptvis"]}
    eyed = {"name": "gloves", "role": "vlm", "title": "Gloves", "loader": "vlm", "architecture": "LlavaModel", "order": 3,
            "stages": {"seeing": "eye"}, "stage": "seeing", **common}
    told = {"name": "gloves-told", "role": "language", "title": "Gloves, told", "loader": "language-model", "architecture": "Llama",
            "order": 4,
            "stages": {"base": "base", "tuned": {"folder": "tuned", "recipe": "gloves --tuned"}}, "stage": "base", **common}
    (tmp_path / "gloves").mkdir()
    (tmp_path / "gloves" / "card.json").write_text(json.dumps({"rungs": [eyed, told]}))

    first, second = catalogue.miniatures.declared_in(tmp_path)

    assert (first.name, first.role, first.source) == ("gloves", "vlm", "gloves/eye")
    assert (second.name, second.role, second.source) == ("gloves-told", "language", "gloves/base")
    assert catalogue.at_stage(second, "tuned").source == "gloves/tuned"


def test_an_unknown_model_is_refused_with_the_known_ones():
    with pytest.raises(InputError, match=r"'yolo'.*owlvit-base-patch32"):
        find("yolo")


def test_memory_is_parameters_times_bytes_and_shrinks_with_quantisation():
    memory = find("owlvit-base-patch32").memory_mb

    assert memory["none"] == round(153 * 4 * 1.2)
    assert memory["none"] > memory["int8"] > memory["nf4"]


def test_a_hub_model_that_is_not_cached_is_said_without_the_network(empty_cache, monkeypatch):
    def no_network(*_, **__):
        raise AssertionError("the network was asked")

    monkeypatch.setattr("socket.socket.connect", no_network)

    said = availability(find("owlvit-base-patch32"), "cpu")

    assert not said.ok
    assert "google/owlvit-base-patch32 is not in this machine's model cache" in said.reason


def test_a_hub_model_counts_as_there_only_with_every_shard(tmp_path, empty_cache, monkeypatch):
    rung = find("qwen3-vl-2b")
    repository = tmp_path / "hub" / "models--Qwen--Qwen3-VL-2B-Instruct"
    snapshot = repository / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("abc")
    monkeypatch.setattr(
        catalogue.ladder,
        "try_to_load_from_cache",
        lambda hub_id, name: str(snapshot / name) if (snapshot / name).exists() else None,
    )
    (snapshot / "config.json").write_text("{}")
    (snapshot / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": "1.safetensors", "b": "2.safetensors"}}))
    (snapshot / "1.safetensors").touch()
    assert catalogue.missing_files(rung)

    (snapshot / "2.safetensors").touch()

    assert catalogue.missing_files(rung) == ""


def test_downloads_are_allowed_only_when_asked_for_and_not_offline(monkeypatch):
    assert not catalogue.downloads_allowed()
    monkeypatch.setenv("ORRERY_ALLOW_DOWNLOAD", "1")
    assert not catalogue.downloads_allowed()  # HF_HUB_OFFLINE=1 is stronger
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    assert catalogue.downloads_allowed()


def test_what_does_not_fit_is_said_with_numbers_and_a_way_out(monkeypatch):
    monkeypatch.setattr(catalogue.ladder, "missing_files", lambda rung: "")
    monkeypatch.setattr(devices, "total_and_free_mb", lambda device: (10_000, 8_000))
    rung = find("qwen2.5-vl-7b")

    said = availability(rung, "cpu")

    assert not said.ok
    assert f"needs about {rung.memory_mb['none']:,} MB" in said.reason
    assert "6,000 MB of this machine's 10,000 MB" in said.reason
    assert "Choose" in said.reason


@pytest.mark.parametrize(("limit_mb", "fits"), [(734, True), (733, False)], ids=["at the limit", "one below"])
def test_a_model_fits_at_the_limit(monkeypatch, limit_mb, fits):
    monkeypatch.setattr(catalogue.ladder, "missing_files", lambda rung: "")
    monkeypatch.setenv("ORRERY_MODEL_MEMORY_MB", str(limit_mb))

    assert availability(find("owlvit-base-patch32"), "cpu").ok is fits


def test_a_quantisation_that_is_not_offered_is_said():
    said = availability(find("canvas-detector"), "cpu", "nf4")

    assert not said.ok
    assert "nf4" in said.reason


def test_smolvlm_says_which_package_it_needs(monkeypatch):
    monkeypatch.setattr(catalogue.ladder, "find_spec", lambda name: None)

    assert "pip install num2words" in availability(find("smolvlm2-2.2b"), "cpu").reason


def test_a_saved_folder_is_a_rung_with_its_own_class_and_count(checkpoints):
    tiny_checkpoints.clip(checkpoints / "counted")

    rung = local_rung("counted", "similarity")

    assert rung.architecture == "CLIPModel"
    assert 100_000 < rung.parameters < 300_000
    assert availability(rung, "cpu").ok


@pytest.mark.parametrize(("family", "theta", "floor"), [("owlvit", 0.15, 0.05), ("owlv2", 0.3, 0.05), ("grounding_dino", 0.35, 0.25),
                                                        ("mm_grounding_dino", 0.35, 0.25)])
def test_a_folder_of_ones_own_detector_has_the_thresholds_of_its_family(checkpoints, family, theta, floor):
    getattr(tiny_checkpoints, family)(checkpoints / f"tuned-{family}")

    rung = local_rung(f"tuned-{family}", "detector")

    assert (rung.theta, rung.floor) == (theta, floor)


def test_every_detector_class_has_a_family_with_thresholds():
    assert all(None not in catalogue.family_thresholds(name) for name in catalogue.DETECTOR_CLASSES)


def test_a_nested_folder_is_found_and_named_by_its_way_from_the_root(checkpoints):
    tiny_checkpoints.owlvit(checkpoints / "mine" / "epoch-3" / "owl")

    rung = rung_of("mine/epoch-3/owl", "detector")

    assert rung == local_rung(checkpoints / "mine" / "epoch-3" / "owl", "detector")
    assert rung.name == "local:mine/epoch-3/owl"
    assert [path.name for path in catalogue.local_folders(most=50) if path.parent.name == "epoch-3"] == ["owl"]


def test_folders_are_looked_for_three_levels_down_and_never_through_a_link(checkpoints, tmp_path):
    for folder in (checkpoints / "a" / "b" / "c", checkpoints / "a" / "b" / "c" / "d", tmp_path / "outside"):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.json").write_text("{}")
    (checkpoints / "door").symlink_to(tmp_path / "outside")

    found = {path.relative_to(checkpoints).as_posix() for path in catalogue.local_folders(most=50)}

    assert "a/b/c" in found and "a/b/c/d" not in found and "door" not in found
    assert len(catalogue.local_folders(most=1)) == 1


@pytest.mark.parametrize("name", ["../etc", "..", ".", "", "no/such", "x" * 300, "a\0b"], ids=repr)
def test_a_relative_name_that_is_no_folder_below_the_root_is_no_local_name(checkpoints, name):
    assert not catalogue.is_local_name(name)
    with pytest.raises(InputError, match=r"There is no model .*Detectors: "):
        rung_of(name, "detector")


@pytest.mark.parametrize("path", ["..", ".", "../other", "/etc", "a/../../b", "\0"], ids=repr)
def test_paths_that_lead_outside_are_refused(path):
    with pytest.raises(InputError):
        local_rung(path, "detector")


def test_a_link_that_leads_outside_is_refused(tmp_path, monkeypatch):
    outside, root = tmp_path / "outside", tmp_path / "root"
    outside.mkdir()
    root.mkdir()
    (root / "door").symlink_to(outside)
    (root / "inside").mkdir()
    (root / "inside" / "config.json").symlink_to(tmp_path / "secret")
    monkeypatch.setenv("ORRERY_MODELS_DIR", str(root))

    (root / "pipeline" / "vae").mkdir(parents=True)
    (root / "pipeline" / "vae" / "config.json").symlink_to(tmp_path / "secret")
    for name, role in (("door", "detector"), ("inside", "detector"), ("pipeline", "diffusion")):
        with pytest.raises(InputError, match=r"not below ORRERY_MODELS_DIR|links outside ORRERY_MODELS_DIR"):
            local_rung(name, role)


def test_without_an_allowed_folder_there_are_no_local_models(monkeypatch):
    monkeypatch.delenv("ORRERY_MODELS_DIR")

    with pytest.raises(InputError, match="Set ORRERY_MODELS_DIR"):
        local_rung("anything", "vlm")


def _folder(checkpoints, name, config):
    folder = checkpoints / name
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(config)
    return folder


def test_a_folder_with_pickled_weights_only_is_refused(checkpoints):
    folder = _folder(checkpoints, "pickled", '{"architectures": ["CLIPModel"]}')
    torch.save({}, folder / "pytorch_model.bin")

    with pytest.raises(InputError, match="only pickled weights"):
        local_rung("pickled", "similarity")


@pytest.mark.parametrize(
    "config",
    ['{"architectures": ["BertModel"]}', '{"architectures": []}', "{}", "[]", "not json", '{"architectures": "x"}'],
    ids=["other class", "no class", "empty", "list", "no json", "text"],
)
def test_an_unknown_class_is_refused(checkpoints, config):
    _folder(checkpoints, "unknown", config)

    with pytest.raises(InputError):
        local_rung("unknown", "similarity")


def test_a_class_of_another_role_is_refused(checkpoints):
    _folder(checkpoints, "other-role", '{"architectures": ["CLIPModel"]}')

    with pytest.raises(InputError, match="no detector here"):
        local_rung("other-role", "detector")


def test_a_config_of_more_than_a_megabyte_is_refused(checkpoints):
    _folder(checkpoints, "large", " " * (MAX_CONFIG_BYTES + 1))

    with pytest.raises(InputError, match="At most 1 MB"):
        local_rung("large", "detector")


def test_a_broken_safetensors_file_is_refused(checkpoints):
    folder = _folder(checkpoints, "broken", '{"architectures": ["CLIPModel"]}')
    (folder / "model.safetensors").write_bytes(b"\xff" * 100)

    with pytest.raises(InputError, match="not a readable safetensors"):
        local_rung("broken", "similarity")


def test_an_unknown_role_is_refused(checkpoints):
    with pytest.raises(InputError, match="no role 'cook'"):
        local_rung("x", "cook")
