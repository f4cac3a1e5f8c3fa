"""A config is held against the headers of its weights: nothing is built of one that claims more, and real ones pass."""

import contextlib
import copy
import json
import os
import random
import shutil
import struct
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from transformers import AutoConfig, AutoProcessor, AutoTokenizer, PreTrainedConfig, PreTrainedModel
from transformers.models.auto.auto_factory import _BaseAutoModelClass

from models import checking
from models.catalogue import Role, Rung, find, local_rung
from models.checking import MAX_BLOCKS, check_config, check_skeleton, read_config
from models.loading import load
from models.shards import Held, held_in
from tests.models import tiny_checkpoints, tiny_languages, tiny_vlms
from worlds.errors import InputError

BILLION = 1_000_000_000
BLOCKS = ("num_hidden_layers", "n_layer", "depth", "encoder_layers", "decoder_layers")
PAIRS = {"clip": "similarity", "siglip": "similarity", "owlvit": "detector", "owlv2": "detector", "grounding_dino": "detector",
         "mm_grounding_dino": "detector"}
EVERY = [*PAIRS, *tiny_languages.CLASSES, *tiny_vlms.FAMILIES]


def role_of(family: str) -> Role:
    return "language" if family in tiny_languages.CLASSES else PAIRS.get(family, "vlm")  # type: ignore[return-value]


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A saved tiny checkpoint of every real class, made once."""
    root = tmp_path_factory.mktemp("originals")

    def original(family: str) -> Path:
        folder = root / family
        if not folder.exists() and family in PAIRS:
            getattr(tiny_checkpoints, family)(folder)
        elif not folder.exists() and family in tiny_languages.CLASSES:
            tiny_languages.save(folder, family)
        elif not folder.exists():
            tiny_vlms._BUILDERS[family](folder)
        return folder

    return original


@pytest.fixture
def copied(originals: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    monkeypatch.setenv("ORRERY_MODELS_DIR", str(tmp_path))
    return lambda family: Path(shutil.copytree(originals(family), tmp_path / "mine"))


@pytest.fixture
def in_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Path, Role], Rung]:
    """The folder as the hub's cache keeps it: files under their digest, links to them in a snapshot."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("models.catalogue.ladder._PACKAGES", {})  # SmolVLM's processor needs one; nothing here comes so far

    def cached(folder: Path, role: Role, architecture: str) -> Rung:
        repository = tmp_path / "hub" / "models--someone--model"
        snapshot = repository / "snapshots" / ("a" * 40)
        for part in (snapshot, repository / "blobs", repository / "refs"):
            part.mkdir(parents=True)
        (repository / "refs" / "main").write_text("a" * 40)
        for number, file in enumerate(sorted(folder.iterdir())):
            shutil.move(file, repository / "blobs" / str(number))
            (snapshot / file.name).symlink_to(f"../../blobs/{number}")
        known = next(rung for rung in (find("clip-vit-base-patch32"), find("owlvit-base-patch32"), find("pythia-160m"),
                                       find("llava-1.5-7b")) if rung.role == role)
        return replace(known, source="someone/model", architecture=architecture, dtype="float32")

    return cached  # type: ignore[return-value]


@pytest.fixture
def forbid_building(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From its call on, nothing of transformers reads a config or makes a model, a tokenizer or a processor."""
    def built(*_: object, **__: object) -> None:
        raise AssertionError("something was built")

    owners = ((PreTrainedConfig, "from_pretrained"), (PreTrainedConfig, "from_dict"), (PreTrainedModel, "from_pretrained"),
              (PreTrainedModel, "_from_config"), (_BaseAutoModelClass, "from_config"), (_BaseAutoModelClass, "from_pretrained"),
              (AutoConfig, "from_pretrained"), (AutoTokenizer, "from_pretrained"), (AutoProcessor, "from_pretrained"))

    def forbid() -> None:
        for owner, name in owners:
            monkeypatch.setattr(owner, name, built)

    return forbid


def counts_in(config: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where a config says how many layers something has."""
    for key, value in config.items() if isinstance(config, dict) else ():
        if key in BLOCKS and isinstance(value, int):
            yield (*path, key)
        yield from counts_in(value, (*path, key))


def changed(folder: Path, path: tuple[Any, ...], value: Any, file: str = "config.json") -> dict[str, Any]:
    """Write one value of a JSON file anew and return all of it."""
    config = json.loads((folder / file).read_text())
    place = config
    for key in path[:-1]:
        place = place.setdefault(key, {})
    place[path[-1]] = value
    (folder / file).write_text(json.dumps(config))
    return config


@pytest.mark.parametrize("family", EVERY)
def test_a_billion_layers_are_refused_before_anything_is_built(copied, in_the_cache, family, forbid_building):
    folder, role = copied(family), role_of(family)
    original = json.loads((folder / "config.json").read_text())
    forbid_building()
    places = list(counts_in(original))

    assert places
    for place in places:
        changed(folder, place, BILLION)
        with pytest.raises(InputError, match=rf"{place[-1]} = 1,000,000,000; its weights have \d") as refusal:
            local_rung("mine", role)
        assert "'mine'" in str(refusal.value)
        (folder / "config.json").write_text(json.dumps(original))
    changed(folder, places[0], BILLION)
    with pytest.raises(InputError, match=rf"'someone/model' claims .*{places[0][-1]} = 1,000,000,000; its weights have \d"):
        load(in_the_cache(folder, role, original["architectures"][0]))


@pytest.mark.parametrize("family", EVERY)
def test_every_real_class_as_it_is_saved_passes(originals, family):
    folder = originals(family)
    config, held = read_config(folder, name=family), held_in(folder, name=family)

    check_config(config, held, name=family)
    checking.check_files(folder, name=family)
    with torch.device("meta"):
        skeleton = getattr(transformers, config["architectures"][0])._from_config(AutoConfig.from_pretrained(folder))
    check_skeleton(skeleton, held, name=family)


@pytest.mark.parametrize("family", ["clip", "grounding_dino", "llama", "llava"])
def test_a_checkpoint_in_the_cache_of_the_hub_loads(copied, in_the_cache, family):
    folder = copied(family)
    architecture = json.loads((folder / "config.json").read_text())["architectures"][0]

    loaded = load(in_the_cache(folder, role_of(family), architecture))

    assert type(loaded.tool.model).__name__ == architecture


def test_what_may_be_fetched_is_fetched_first_and_checked_before_it_is_built(copied, in_the_cache, monkeypatch, forbid_building):
    folder = copied("llama")
    changed(folder, ("num_hidden_layers",), BILLION)
    rung = in_the_cache(folder, "language", "LlamaForCausalLM")
    asked = []

    def fetch(hub_id: str, *, allow_patterns: list[str]) -> str:
        asked.append((hub_id, allow_patterns))
        return str(Path(os.environ["ORRERY_MODELS_DIR"]) / "hub" / "models--someone--model" / "snapshots" / ("a" * 40))

    monkeypatch.setattr("models.loading.snapshot_download", fetch)
    monkeypatch.setenv("ORRERY_ALLOW_DOWNLOAD", "1")
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    forbid_building()

    with pytest.raises(InputError, match="its weights have 2"):
        load(rung)
    assert asked == [("someone/model", ["*.json", "*.jinja", "*.txt", "*.model"]), ("someone/model", ["model.safetensors"])]


@pytest.mark.parametrize(("family", "path", "value", "says"), [
    ("llama", ("num_hidden_layers",), 3, "num_hidden_layers = 3; its weights have 2"),
    ("llama", ("num_hidden_layers",), 1, "num_hidden_layers = 1; its weights have 2"),
    ("llama", ("num_hidden_layers",), 1e9, "num_hidden_layers = 1,000,000,000.0; its weights have 2"),
    ("llama", ("num_hidden_layers",), 10**400, "num_hidden_layers = a number of very many digits; its weights have 2"),
    ("llama", ("vocab_size",), 65, "vocab_size = 65; 64 words are in its weights"),
    ("clip", ("text_config", "vocab_size"), BILLION, r"text_config.vocab_size = 1,000,000,000; 200 words"),
    ("llama", ("hidden_size",), 10_001, "hidden_size = 10,001; 10,000 is the longest side in its weights"),
    ("llama", ("hidden_size",), 8_192, r"a model of [\d,.]+ million numbers; its weights have 0.1 million"),
    ("llama", ("intermediate_size",), 10_000, r"a model of [\d,.]+ million numbers"),
    ("llama", ("num_key_value_heads",), BILLION, "num_key_value_heads"),
    ("llama", ("max_position_embeddings",), 10**10, "would be the most"),
    ("gptj", ("n_positions",), 10**8, r"a model of [\d,.]+ million numbers"),
    ("clip", ("text_config", "max_position_embeddings"), 10**8, r"a model of [\d,.]+ million numbers"),
    ("clip", ("vision_config", "image_size"), 9_000, r"a model of [\d,.]+ million numbers"),
    ("clip", ("vision_config", "image_size"), 10**7, "vision_config.image_size = 10,000,000"),
    ("llama", ("num_local_experts",), 600, "num_local_experts = 600; its weights have at most 2"),
    ("qwen3_vl", ("vision_config", "deepstack_visual_indexes"), [0] * 1_025, "lists 1,025 entries"),
    ("grounding_dino", ("backbone_config", "depths"), [1, 1, 9, 1], "depths = 9; its weights have at most 4"),
    ("grounding_dino", ("num_feature_levels",), 5_000, "num_feature_levels = 5,000"),
    ("llama", ("num_labels",), BILLION, "num_labels"),
    ("llava", ("vision_config", "num_hidden_layers"), 4, r"vision_config.num_hidden_layers = 4; its weights have 3"),
    ("llava", ("image_grid_pinpoints",), [[64, 10**6]], "image_grid_pinpoints = 1,000,000"),
    ("llama", ("transformers_weights",), "../../other.safetensors", "sets transformers_weights, which is not used here"),
    ("llama", ("fusion_config",), {"patch_embeddings": True}, "sets fusion_config"),
    ("llama", ("attn_implementation",), "someone/kernel", "asks for the code 'someone/kernel'"),
], ids=lambda value: str(value)[:40] if isinstance(value, str | tuple) else None)
def test_what_the_weights_do_not_hold_is_refused_with_both_numbers(copied, monkeypatch, family, path, value, says):
    folder, role = copied(family), role_of(family)
    rung = local_rung("mine", role)
    monkeypatch.setattr(PreTrainedModel, "from_pretrained", lambda *_, **__: pytest.fail("it was built"))  # a skeleton may be
    changed(folder, path, value)

    with pytest.raises(InputError, match=says):
        load(rung)


@pytest.mark.parametrize(("family", "path", "value"), [
    ("llama", ("vocab_size",), 64), ("llama", ("rope_theta",), 10_000_000), ("llama", ("max_position_embeddings",), 10_485_760),
    ("mistral", ("sliding_window",), 131_072), ("qwen2", ("max_window_layers",), 70), ("llama", ("seed",), BILLION),
    ("llava", ("vision_config", "vocab_size"), 64), ("llama", ("id2label",), {str(i): "x" for i in range(3_000)}),
    ("idefics3", ("text_config", "perceiver_config"), {"resampler_depth": 3, "resampler_n_latents": 64}),
    ("llava", ("vision_feature_layer",), [-2, -1]), ("llama", ("image_token_index",), 257_152), ("llama", ("ignore_index",), -100),
], ids=lambda value: str(value)[:40] if isinstance(value, str | tuple) else None)
def test_what_published_configs_say_besides_passes(copied, family, path, value):
    folder = copied(family)

    check_config(changed(folder, path, value), held_in(folder, name="mine"), name="mine")


PUBLISHED: dict[str, dict[str, Any]] = {
    "LlavaForConditionalGeneration": {  # says nothing of its language model's width, and of its tower a vocabulary that is not there
        "model_type": "llava", "ignore_index": -100, "image_token_index": 32000, "pad_token_id": 32001, "tie_word_embeddings": False,
        "text_config": {"model_type": "llama", "max_position_embeddings": 4096, "vocab_size": 32064},
        "vision_config": {"model_type": "clip_vision_model", "hidden_size": 1024, "image_size": 336, "intermediate_size": 4096,
                          "num_attention_heads": 16, "num_hidden_layers": 24, "patch_size": 14, "projection_dim": 768,
                          "vocab_size": 32000}, "vision_feature_layer": -2},
    "Qwen2_5_VLForConditionalGeneration": {  # flat, tied, and with more windows than layers
        "model_type": "qwen2_5_vl", "hidden_size": 2048, "intermediate_size": 11008, "max_position_embeddings": 128000,
        "max_window_layers": 70, "num_attention_heads": 16, "num_hidden_layers": 36, "num_key_value_heads": 2, "vocab_size": 151936,
        "rope_theta": 1000000.0, "sliding_window": 32768, "tie_word_embeddings": True, "image_token_id": 151655,
        "rope_scaling": {"type": "mrope", "mrope_section": [16, 24, 24]},
        "vision_config": {"depth": 32, "hidden_size": 1280, "intermediate_size": 3420, "num_heads": 16, "out_hidden_size": 2048,
                          "window_size": 112, "fullatt_block_indexes": [7, 15, 23, 31]}},
    "GPTJForCausalLM": {  # counts its layers by another name and keeps a table of angles in each
        "model_type": "gptj", "n_embd": 4096, "n_head": 16, "n_inner": None, "n_layer": 28, "n_positions": 2048, "rotary_dim": 64,
        "vocab_size": 50400, "tie_word_embeddings": False, "task_specific_params": {"text-generation": {"max_length": 50}}},
    "GroundingDinoForObjectDetection": {  # six lists of layers, no two of them of one kind
        "model_type": "grounding-dino", "encoder_layers": 6, "decoder_layers": 6, "num_feature_levels": 4, "num_queries": 900,
        "backbone_config": {"model_type": "swin", "depths": [2, 2, 6, 2], "num_layers": 4, "out_indices": [2, 3, 4]},
        "text_config": {"model_type": "bert", "num_hidden_layers": 12, "vocab_size": 30522}},
}


@pytest.mark.parametrize("architecture", PUBLISHED)
def test_checkpoints_as_they_are_published_pass(tmp_path, architecture):
    """Real sizes: the weights' file has a header and no bytes on the disk behind it."""
    (tmp_path / "config.json").write_text(json.dumps({"architectures": [architecture], **copy.deepcopy(PUBLISHED[architecture])}))
    with torch.device("meta"):
        skeleton = getattr(transformers, architecture)._from_config(AutoConfig.from_pretrained(tmp_path))
    header, end = {}, 0
    for name, tensor in {id(tensor): (name, tensor) for name, tensor in skeleton.state_dict(keep_vars=True).items()}.values():
        header[name] = {"dtype": "BF16", "shape": list(tensor.shape), "data_offsets": [end, end + 2 * tensor.numel()]}
        end += 2 * tensor.numel()
    text = json.dumps(header).encode()
    with (tmp_path / "model.safetensors").open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + end)

    held = held_in(tmp_path, name=architecture)

    check_config(read_config(tmp_path, name=architecture), held, name=architecture)
    check_skeleton(skeleton, held, name=architecture)


def test_packed_weights_may_hold_several_parameters_in_a_byte(copied):
    folder = copied("llama")
    skeleton = torch.nn.Linear(2_000, 1_000, device="meta")
    held = held_in(folder, name="mine")  # 90,432 numbers of 4 bytes

    with pytest.raises(InputError, match=r"2\.0 million numbers; its weights have 0\.1 million"):
        check_skeleton(skeleton, held, name="mine")
    check_skeleton(skeleton, held, name="mine", is_packed=True)


def test_a_config_that_is_nested_deeply_or_no_object_is_refused(copied):
    folder = copied("llama")
    for text in ('{"a":' * 5_000, "[" * 5_000, "[]", "3", "null"):
        (folder / "config.json").write_text(text)
        with pytest.raises(InputError, match=r"config\.json of 'mine'"):
            local_rung("mine", "language")


@pytest.mark.parametrize(("file", "content", "says"), [
    ("tokenizer.json", b"[" * 100, r"tokenizer\.json of 'mine' is nested too deeply"),
    ("tokenizer.json", b"[" + b"[]," * 2_000_000 + b"[]]", "objects and lists"),
    ("special_tokens_map.json", b"[" + b"[]," * 2_000_000 + b"[]]", "objects and lists"),
    ("preprocessor_config.json", b'{"size": {"height": 100000, "width": 64}}', r"size.height = 100,000; 10,000 would be the most"),
    ("processor_config.json", b'{"image_processor": {"size": {"longest_edge": 100000}}}', "longest_edge = 100,000"),
    ("preprocessor_config.json", b'{"image_grid_pinpoints": [[336, 100000]]}', "image_grid_pinpoints = 100,000"),
    ("preprocessor_config.json", b'{"max_patches": 1001}', "max_patches = 1,001; 1,000 would be the most"),
    ("preprocessor_config.json", b'{"image_processor_type": "Qwen2VLImageProcessor", "max_pixels": 1000000000}', "max_pixels"),
])
def test_what_lies_beside_the_weights_is_bounded_too(copied, forbid_building, file, content, says):
    folder = copied("llama")
    rung = local_rung("mine", "language")
    (folder / file).write_bytes(content)
    forbid_building()

    with pytest.raises(InputError, match=says):
        load(rung)


@pytest.mark.parametrize("name", ["tokenizer.json", "merges.txt", "chat_template.jinja", "tokenizer.model", "odd.json"])
def test_a_file_at_its_limit_is_read_and_one_above_is_not(tmp_path, name):
    limit = checking.LIMITS.get(name) or checking.LIMITS[Path(name).suffix]
    (tmp_path / name).write_bytes(b"")
    os.truncate(tmp_path / name, limit)
    checking.check_files(tmp_path, name="mine")

    os.truncate(tmp_path / name, limit + 1)
    with pytest.raises(InputError, match=f"At most {limit / 1e6:g} MB are read"):
        checking.check_files(tmp_path, name="mine")


def test_a_pipe_beside_the_weights_is_refused_instead_of_waited_for(copied, forbid_building):
    folder = copied("llama")
    rung = local_rung("mine", "language")
    (folder / "tokenizer.json").unlink()
    os.mkfifo(folder / "tokenizer.json")
    forbid_building()

    with pytest.raises(InputError, match=r"'tokenizer.json' of 'mine' is no plain file"):
        load(rung)


@pytest.mark.parametrize(("file", "path", "value"), [
    ("config.json", ("use_cache",), {"a": 1}), ("config.json", ("hidden_act",), "no such"), ("config.json", ("dtype",), "load"),
    ("config.json", ("num_attention_heads",), 0), ("config.json", ("rope_parameters",), "x"), ("config.json", ("hidden_size",), None),
    ("config.json", ("model_type",), "mistral"), ("config.json", ("model_type",), ["llama"]), ("tokenizer.json", ("model",), 3),
    ("tokenizer.json", ("model", "vocab", "kim"), [1]), ("tokenizer_config.json", ("tokenizer_class",), {"a": "b"}),
    ("generation_config.json", ("eos_token_id",), "x"),
], ids=str)
def test_whatever_a_library_makes_of_odd_files_is_one_sentence(copied, file, path, value):
    folder = copied("llama")
    rung = local_rung("mine", "language")
    changed(folder, path, value, file)

    try:
        load(rung)  # some are simply not used
    except InputError as error:
        assert "mine" in str(error)
        assert "\n" not in str(error)


ODD = [0, -1, 3, 9_999, 10**5, BILLION, 10**30, 1.5, 1e300, "x", "", "../x", "a/b", None, True, [], [1], [[1]], {}, {"a": 1},
       [0] * 2_000]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where every value of a JSON text stands; of a list the first three."""
    entries = value.items() if isinstance(value, dict) else enumerate(value[:3]) if isinstance(value, list) else ()
    for key, own in entries:
        yield (*path, key)
        yield from places(own, (*path, key))


@pytest.mark.parametrize("family", ["llama", "clip", "llava"])
def test_changed_copies_of_a_checkpoint_load_or_are_one_sentence(copied, family):
    """Twenty each, the same every time. What escapes is another exception than InputError."""
    folder, rng = copied(family), random.Random(family)
    originals = {file: file.read_text() for file in sorted(folder.glob("*.json"))}
    for _ in range(20):
        file = rng.choice([folder / "config.json", *originals])
        content = json.loads(originals[file])
        place = content
        *way, key = rng.choice(list(places(content)))
        for step in way:
            place = place[step]
        place[key] = rng.choice(ODD)
        file.write_text(json.dumps(content))
        with contextlib.suppress(InputError):
            load(local_rung("mine", role_of(family)))
        file.write_text(originals[file])


@pytest.mark.parametrize(("count", "is_read"), [(MAX_BLOCKS, True), (MAX_BLOCKS + 1, False)])
def test_more_layers_than_any_model_has_are_refused_even_where_the_weights_hold_them(count, is_read):
    held = Held({f"model.layers.{number}.weight": (1, 1) for number in range(count)}, num_bytes=4 * count)

    if is_read:
        check_config({"num_hidden_layers": count}, held, name="mine")
    else:
        with pytest.raises(InputError, match=f"num_hidden_layers = {count}"):
            check_config({"num_hidden_layers": count}, held, name="mine")
