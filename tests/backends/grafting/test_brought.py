"""What is brought is told by its content; what is none of it, or hostile, is one sentence."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from backends.grafting import brought
from backends.grafting.brought import check_checkpoint, check_head, check_samples, folder_in, is_configuration, kind_of, read_samples
from tests.backends.grafting import own_files
from tests.visualizers.grafting import made
from visualizers.grafting import files
from worlds.errors import InputError

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40


def archive(file: Path, **entries: bytes) -> Path:
    with zipfile.ZipFile(file, "w") as packed:
        for name, content in entries.items():
            packed.writestr(name.replace("__", "/"), content)
    return file


def npy(array: np.ndarray, **options: object) -> bytes:
    content = io.BytesIO()
    np.save(content, array, **options)
    return content.getvalue()


@pytest.mark.parametrize("name", ["a.safetensors", "a.pt", "a.zip", "a.npz", "a.yaml"])
@pytest.mark.parametrize("stored", ["0.bin", "0"])
def test_a_file_is_what_its_content_says_whatever_it_is_called(tmp_path, name, stored):
    file = tmp_path / name
    if name in ("a.safetensors", "a.pt"):
        own_files.official(own_files.tiny(), file)
    elif name == "a.zip":
        own_files.zipped(own_files.tiny(), file)
    elif name == "a.npz":
        own_files.npz(file, 3)
    else:
        file.write_text(own_files.STAGE_2)
    other = file.rename(tmp_path / stored)

    assert kind_of(other, "a") == {"a.safetensors": "safetensors", "a.pt": "torch", "a.zip": "folder", "a.npz": "npz",
                                   "a.yaml": "configuration"}[name]


def test_a_length_that_looks_like_a_picture_is_still_a_safetensors():
    head = (0x4D42).to_bytes(8, "little") + b'{"a"'  # "BM"

    check_head(head, "a.safetensors")
    check_checkpoint(head, "a.safetensors")
    assert not is_configuration(head)


@pytest.mark.parametrize(("check", "head", "says"), [
    (check_head, PNG, "'x' is a PNG picture. A checkpoint (.pt, .safetensors, or a folder as .zip), a configuration"),
    (check_head, b"", "'x' is an empty file"), (check_checkpoint, b"operator: 1\n", "'x' is a text. A checkpoint"),
    (check_checkpoint, PNG, "'x' is a PNG picture"),
    (check_samples, b"\x80\x02}q\0.", "is a file of no known kind. Pictures as .npz"),
    (check_samples, b"a text", "'x' is a text. Pictures as .npz would be right")])
def test_the_wrong_kind_is_told_from_its_first_bytes(check, head, says):
    with pytest.raises(InputError) as error:
        check(head, "x")

    assert says in str(error.value)


@pytest.mark.parametrize(("entries", "says"), [
    ({"readme.txt": b"nothing"}, "is a zip archive with neither config.json nor arrays in it"),
    ({}, "is a zip archive with neither config.json nor arrays in it"), ({"..__config.json": b"{}"}, "leads outside its folder")])
def test_a_zip_of_something_else_is_one_sentence(tmp_path, entries, says):
    with pytest.raises(InputError, match=says):
        kind_of(archive(tmp_path / "a.zip", **entries), "a.zip")


def test_a_zip_that_unpacks_to_more_than_is_read_is_refused_before_anything_of_it_is(tmp_path, monkeypatch):
    monkeypatch.setattr(brought, "LIMITS", brought.ZipLimits(files=10, total_mb=1, file_mb=1))
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("dit/config.json", "{}")
        packed.writestr("dit/diffusion_pytorch_model.safetensors", b"\0" * 2_000_000)

    with pytest.raises(InputError, match=r"'bomb.zip' unpacks to 2 MB in 2 files\. At most 1 MB"):
        kind_of(tmp_path / "bomb.zip", "bomb.zip")


@pytest.mark.parametrize(("names", "found"), [
    (["config.json", "model.safetensors", "graft.json"], ""), (["a/b/config.json", "a/b/model.safetensors", "a/x.txt"], "a/b"),
    (["p/model_index.json", "p/vae/config.json", "p/vae/diffusion_pytorch_model.safetensors", "p/transformer/config.json",
      "p/transformer/diffusion_pytorch_model.safetensors"], "p/transformer"),
    (["__MACOSX/a/._config.json", "a/config.json", "a/model.safetensors"], "a")])
def test_the_model_of_a_zip_is_found_wherever_it_lies(names, found):
    assert folder_in(names, "a.zip") == found


@pytest.mark.parametrize(("names", "says"), [
    (["config.json"], "holds no model"), (["config.json", "pytorch_model.bin"], "holds no model"),
    (["a/config.json", "a/model.safetensors", "b/config.json", "b/model.safetensors"], "holds 2 models")])
def test_none_or_several_are_one_sentence(names, says):
    with pytest.raises(InputError, match=rf"{says}\. It must hold one folder with config\.json and diffusion_pytorch_model"):
        folder_in(names, "a.zip")


def test_pictures_and_kinds_are_read_as_they_were_written(tmp_path):
    labels = np.arange(12) % 10
    found = read_samples(own_files.npz(tmp_path / "a.npz", 12, labels=labels), "a.npz")
    unnamed = read_samples(own_files.npz(tmp_path / "b.npz", 12), "b.npz")

    assert found.pictures.shape == (12, 32, 32, 3) and np.array_equal(found.labels, labels) and not found.note
    assert np.array_equal(found.pictures, unnamed.pictures) and unnamed.labels is None


def test_pictures_that_the_page_gives_away_come_back(tmp_path):
    state = made.state("stage 1")
    (tmp_path / "grafting-stage-1.npz").write_bytes(files.npz(state))

    assert kind_of(tmp_path / "grafting-stage-1.npz", "x") == "npz"
    assert np.array_equal(read_samples(tmp_path / "grafting-stage-1.npz", "x").pictures, state.pictures)


@pytest.mark.parametrize("labels", [np.full(3, 10), np.full(3, -1), np.zeros((3, 1), int), np.zeros(3), np.zeros(2, int)])
def test_labels_that_are_none_are_left_out_with_a_sentence(tmp_path, labels):
    found = read_samples(own_files.npz(tmp_path / "a.npz", 3, labels=labels), "a.npz")

    assert found.labels is None and "does not say the kind of each picture, 0 to 9" in found.note


@pytest.mark.parametrize("pictures", [np.zeros((3, 16, 16, 3), np.uint8), np.zeros((3, 32, 32), np.uint8),
                                      np.zeros((3, 32, 32, 3), np.float32), np.zeros((0, 32, 32, 3), np.uint8),
                                      np.zeros((3, 3, 32, 32), np.uint8)])
def test_arrays_of_something_else_are_refused_with_what_would_be_right(tmp_path, pictures):
    with pytest.raises(InputError, match=r"arr_0 of 'a.npz' holds .*It must hold uint8 of the shape \(n, 32, 32, 3\)\."):
        read_samples(own_files.npz(tmp_path / "a.npz", 3, pictures=pictures), "a.npz")


@pytest.mark.parametrize(("entries", "says"), [
    ({"other.npy": npy(np.zeros(3))}, "has no arr_0"), ({"arr_0.npy": b"no array"}, "is no array that can be read"),
    ({"arr_0.npy": npy(np.array([print], object), allow_pickle=True)}, "is no array that can be read"),
    ({"arr_0.npy": npy(np.zeros((1, 32, 32, 3), np.uint8))[:-9]}, "claims 3,072 bytes of numbers and has 3,063")])
def test_an_npz_that_is_not_one_is_one_sentence(tmp_path, entries, says):
    with pytest.raises(InputError, match=says):
        read_samples(archive(tmp_path / "a.npz", **entries), "a.npz")


def test_a_file_that_is_no_zip_is_no_npz(tmp_path):
    (tmp_path / "a.npz").write_bytes(b"PK and no more")

    with pytest.raises(InputError, match=r"'a.npz' cannot be read. It must be an npz of pictures"):
        read_samples(tmp_path / "a.npz", "a.npz")


def test_more_pictures_than_are_judged_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(brought, "MAX_SAMPLES", 4)

    with pytest.raises(InputError, match=r"'a.npz' holds 5 pictures. At most 4 are judged"):
        read_samples(own_files.npz(tmp_path / "a.npz", 5), "a.npz")


def test_a_length_beyond_what_the_format_allows_is_no_safetensors():
    at_most = brought.MAX_HEADER_BYTES
    check_head(at_most.to_bytes(8, "little") + b"{", "a.safetensors")
    with pytest.raises(InputError, match="would be right"):
        check_head((at_most + 1).to_bytes(8, "little") + b"{\x00\x01", "a.safetensors")
