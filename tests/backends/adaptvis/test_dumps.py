"""Logit dumps of the released code: masses and entropies at every alpha, without a model."""

import zipfile
from io import BytesIO

import numpy as np
import pytest

from backends.adaptvis.run import run
from backends.adaptvis.settings import AdaptVisSettings
from backends.run import Inputs, last
from worlds.errors import InputError


def npy(values: np.ndarray) -> bytes:
    buffer = BytesIO()
    np.save(buffer, values)
    return buffer.getvalue()


def result_of(path, files, **settings):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return last(run(AdaptVisSettings(model="no-such-model", picture="upload:d.zip", **settings), Inputs({"d.zip": path})))


def row(seed: int) -> np.ndarray:
    values = np.random.default_rng(seed).normal(-3, 2, (1, 3, 9)).astype(np.float32)
    values[..., :2] = np.finfo(np.float32).min  # padding on the left
    return values


def test_a_dump_is_rescaled_layer_by_layer(tmp_path):
    files = {f"x/diff_{layer}_start3_end6.npy": npy(row(layer)) for layer in (1, 0)} | {"x/diff_0_start-1_end-1.npy": npy(row(9))}

    result = result_of(tmp_path / "d.zip", files)
    looked = result.looked
    half = next(at for at in looked.at if at.alpha == 0.5)

    scaled = row(1)[0, :, 2:].astype(float)
    scaled[:, 1:5] *= 0.5
    by_hand = np.exp(scaled) / np.exp(scaled).sum(-1, keepdims=True)
    assert np.allclose(half.maps[1], by_hand[:, 1:5].mean(0), atol=1e-6)
    assert half.reads.first_mass[1] == pytest.approx(by_hand[:, 0].mean())
    assert np.allclose(half.reads.image_mass + half.reads.text_mass + half.reads.first_mass, 1)
    assert looked.at[0].reads.entropy == pytest.approx([np.log(4)] * 2)
    assert looked.head_maps.shape == (2, 3, 4) and looked.token_boxes.shape == (4, 4)
    assert "no model" in result.notes[0] and result.summary()["looked"]["branch"]["confidence"] is None


@pytest.mark.parametrize(("files", "says"), [
    ({"diff_0_start3_end9.npy": npy(row(0))}, "inside the prompt"), ({"diff_0_start3_end6.npy": b"junk"}, "no array"),
    ({"diff_0_start3_end6.npy": npy(row(0)[0])}, "no row"),
    ({"diff_0_start3_end6.npy": npy(row(0)), "diff_1_start2_end6.npy": npy(row(0))}, "2 places"),
], ids=["outside", "junk", "shape", "two questions"])
def test_what_is_wrong_with_a_dump_is_one_sentence(tmp_path, files, says):
    with pytest.raises(InputError, match=says):
        result_of(tmp_path / "d.zip", files)


def test_dumps_of_several_questions_are_not_mixed(tmp_path):
    """The released code writes one folder per question, with the same file names in each."""
    def question(seed):
        return {f"run/{seed}/diff_{layer}_start3_end6.npy": npy(row(10 * seed + layer)) for layer in (0, 1)}

    others = {"run/2/diff_0_start-1_end-1.npy": npy(row(9)), "run/a.txt": b"x"}
    mixed = result_of(tmp_path / "d.zip", question(10) | question(2) | others)
    alone = result_of(tmp_path / "d.zip", question(2))

    assert np.array_equal(mixed.looked.head_maps, alone.looked.head_maps)
    assert "Dumps of 2 questions are there; those in 'run/2' were read." in mixed.notes
    assert "Passed over, because they are no dumps of a prompt's last row: 2 files." in mixed.notes


def test_a_missing_layer_is_told(tmp_path):
    result = result_of(tmp_path / "d.zip", {f"diff_{layer}_start3_end6.npy": npy(row(layer)) for layer in (0, 2)})

    assert any("of 0 to 2 only 2 are there" in note for note in result.notes)


def test_a_header_that_claims_more_than_the_file_has_is_refused(tmp_path):
    claimed = npy(row(0)).replace(b"(1, 3, 9)", b"(9, 3, 9)")

    with pytest.raises(InputError, match="claims 972 bytes of numbers and has 108"):
        result_of(tmp_path / "d.zip", {"diff_0_start3_end6.npy": claimed})
