"""Image tokens on the picture: as many boxes as tokens, each view a tiling, each box where the token really looks."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import (
    CLIPImageProcessorPil,
    Gemma3ImageProcessorPil,
    GotOcr2ImageProcessorPil,
    Idefics3ImageProcessorPil,
    LlavaNextImageProcessorPil,
    LlavaOnevisionImageProcessorPil,
    SiglipImageProcessorPil,
    SmolVLMImageProcessorPil,
)
from transformers.models.got_ocr2.image_processing_pil_got_ocr2 import get_optimal_tiled_canvas

from models.attention import image_columns, prepare, token_places
from models.attention.pixels import patches_of
from tests.models.tiny_vlms import FAMILIES, MORE_FAMILIES, load_tiny

SIZES = [(640, 480), (500, 900), (160, 120), (64, 64), (300, 60), (70, 333)]
OUTPUTS = ("self_attn.out_proj", "attn.proj", "attention.projection_layer", "attention.o_proj")  # of a vision tower's attention
PLACED = [family for family in (*FAMILIES, *MORE_FAMILIES) if family != "idefics2"]  # its tokens are no places
_loaded = {}


@pytest.fixture
def vlm(checkpoints):
    def load(family):
        if family not in _loaded:
            _loaded[family] = load_tiny(checkpoints / "vlms", family).tool
        return _loaded[family]

    return load


def noise(size, seed=0):
    return np.random.default_rng(seed).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)


def placed(tool, size, pixels=None):
    """Return the inputs and places of a picture of that size."""
    inputs = prepare(tool, [[noise(size) if pixels is None else pixels]], ["where is the ball ?"])
    count = int(image_columns(tool.model, inputs["input_ids"]).sum())
    return inputs, token_places(tool, size, count, patches_of(tool.model.config, inputs, 0))


def seen_part(family, size):
    """Return the corners of what the model sees: all, but for LLaVA-1.5's crop of the middle."""
    width, height = size
    short = min(size)
    across, down = ((width - short) / 2, (height - short) / 2) if family in ("llava", "vipllava") else (0, 0)
    return across, down, width - across, height - down


@pytest.mark.parametrize("family", PLACED)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_there_are_as_many_boxes_as_image_tokens_and_each_view_tiles_the_picture(vlm, family, size):
    _, places = placed(vlm(family), size)

    assert places is not None  # which it is where the counts differ
    x1, y1, x2, y2 = seen_part(family, size)
    edge = 0.06 * max(size) if "llava" in family else 1e-6  # they round to pixels
    for view, name in enumerate(places.names):
        boxes = places.boxes[places.views == view]
        boxes = boxes[~np.isnan(boxes[:, 0])]
        assert np.allclose(boxes.min(0)[:2], (x1, y1), atol=edge) and np.allclose(boxes.max(0)[2:], (x2, y2), atol=edge), name
        area = ((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])).sum()
        corners = boxes.min(0)[:2], boxes.max(0)[2:]
        assert area == pytest.approx(np.prod(corners[1] - corners[0]), rel=1e-6)
        points = np.random.default_rng(1).uniform(*corners, (200, 2))
        holders = ((points[:, None] >= boxes[None, :, :2]) & (points[:, None] < boxes[None, :, 2:])).all(-1).sum(-1)
        assert (holders == 1).all()


@torch.inference_mode()
def features(tool, inputs):
    """Return (image tokens, hidden): what stands at the image tokens' places, as attention in the tower is off."""
    found = []
    columns = image_columns(tool.model, inputs["input_ids"])[0]

    def keep(module, positional, options):
        found.append(options["inputs_embeds"][0, columns])

    text = getattr(tool.model.model, "language_model", None) or tool.model.model.text_model
    handle = text.register_forward_pre_hook(keep, with_kwargs=True)
    tool.model(**inputs)
    handle.remove()
    return found[0]


@pytest.mark.parametrize("family", PLACED)
@pytest.mark.parametrize("size", [(640, 480), (500, 900)], ids=str)
def test_a_change_in_a_box_moves_that_boxs_token_most(checkpoints, family, size):
    tool = load_tiny(checkpoints / "vlms", family).tool  # not the shared one: its vision tower is changed here
    for name, module in tool.model.named_modules():
        if name.endswith(OUTPUTS) and "language_model" not in name and "text_model" not in name:
            module.weight.data.zero_()
            if module.bias is not None:
                module.bias.data.zero_()
    inputs, places = placed(tool, size)
    before = features(tool, inputs)
    real = np.flatnonzero(~np.isnan(places.boxes[:, 0]))

    for token in np.random.default_rng(2).choice(real, 4, replace=False):
        x1, y1, x2, y2 = places.boxes[token]
        pixels = noise(size)
        middle = (slice(int(y1 + (y2 - y1) / 4), int(y2 - (y2 - y1) / 4)), slice(int(x1 + (x2 - x1) / 4), int(x2 - (x2 - x1) / 4)))
        pixels[middle] = 255 - pixels[middle] // 4
        change = (features(tool, placed(tool, size, pixels)[0]) - before).norm(dim=-1).numpy()

        own_view = np.flatnonzero(places.views == places.views[token])
        assert own_view[change[own_view].argmax()] == token
        centre = np.array([(x1 + x2) / 2, (y1 + y2) / 2])
        for view in range(len(places.names)):
            most = np.flatnonzero(places.views == view)[change[places.views == view].argmax()]
            first, last = places.boxes[most, :2], places.boxes[most, 2:]
            assert (np.abs(centre - (first + last) / 2) < last - first).all()  # it may lie on an edge of the other view's boxes


def known(model_type, images, *, image_size=0, patch_size=14, **config):
    """Return what `token_places` reads of a checkpoint, at the sizes of the published ones."""
    vision = SimpleNamespace(model_type="", image_size=image_size, patch_size=patch_size, spatial_merge_size=2)
    config = SimpleNamespace(model_type=model_type, vision_config=vision, **config)
    return SimpleNamespace(model=SimpleNamespace(config=config), processor=SimpleNamespace(image_processor=images))


NEXT = [[336, 672], [672, 336], [672, 672], [1008, 336], [336, 1008]]
ONEVISION = [[384 * a, 384 * b] for a in range(1, 7) for b in range(1, 7)]
PUBLISHED = {
    "LLaVA-1.5": (known("llava", CLIPImageProcessorPil(size={"shortest_edge": 336}, crop_size=336), image_size=336), 576),
    "LLaVA-NeXT": (known("llava_next", LlavaNextImageProcessorPil(), image_size=336, image_grid_pinpoints=NEXT), 2340),
    "OneVision": (known("llava_onevision", LlavaOnevisionImageProcessorPil(), image_size=384, image_grid_pinpoints=ONEVISION,
                        vision_aspect_ratio="anyres_max_9"), 2929),
    "Idefics3": (known("idefics3", Idefics3ImageProcessorPil(), image_size=364, scale_factor=2), 2197),
    "SmolVLM-256M": (known("smolvlm", SmolVLMImageProcessorPil(size={"longest_edge": 2048}, max_image_size={"longest_edge": 512}),
                           image_size=512, patch_size=16, scale_factor=4), 832),
    "SmolVLM-2.2B": (known("smolvlm", SmolVLMImageProcessorPil(size={"longest_edge": 1536}, max_image_size={"longest_edge": 384}),
                           image_size=384, scale_factor=3), 1053),
    "PaliGemma-224": (known("paligemma", SiglipImageProcessorPil(), image_size=224), 256),
    "Gemma-3": (known("gemma3", Gemma3ImageProcessorPil(), image_size=896, mm_tokens_per_image=256), 256),
    "InternVL3": (known("internvl", GotOcr2ImageProcessorPil(size={"height": 448, "width": 448}, crop_to_patches=True),
                        image_size=[448, 448], patch_size=[14, 14], downsample_ratio=0.5), 3328),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_published_checkpoints_count_of_tokens_is_met(name):
    checkpoint, count = PUBLISHED[name]

    assert token_places(checkpoint, (640, 480), count) is not None
    assert token_places(checkpoint, (640, 480), count + 1) is None


@pytest.mark.parametrize(("model_type", "grid", "count"), [("qwen2_5_vl", (34, 46), 391), ("qwen3_vl", (30, 40), 300)])
def test_free_grids_are_merged_two_by_two(model_type, grid, count):
    assert token_places(known(model_type, None), (640, 480), count, grid) is not None


def test_tiles_are_as_many_as_the_processors_make_of_any_size():
    rng = np.random.default_rng(3)
    intern, idefics = PUBLISHED["InternVL3"][0], PUBLISHED["Idefics3"][0]
    sizes = [(640, 320), (896, 448), (300, 150), *rng.integers(5, 2500, (60, 2)).tolist()]  # the first ones are ties

    for width, height in sizes:
        columns, rows = get_optimal_tiled_canvas((height, width), (448, 448), 1, 12)
        tiles = columns * rows
        assert token_places(intern, (width, height), 256 * (tiles + (tiles > 1))) is not None
        tiles = idefics.processor.image_processor.get_number_of_image_patches(height, width, {})[0]
        assert token_places(idefics, (width, height), 169 * tiles) is not None


def test_onevisions_shrunken_canvas_of_24_tiles_is_met():
    places = token_places(PUBLISHED["OneVision"][0], (2000, 1500), 7309)

    assert places is not None
    assert np.nanmax(places.boxes, axis=0)[2:] == pytest.approx((2000, 1500), abs=8)


def test_llava_1_5_does_not_see_the_left_and_right_eighth_of_640_by_480():
    places = token_places(PUBLISHED["LLaVA-1.5"][0], (640, 480), 576)

    assert places.boxes.min(0)[:2] == pytest.approx((80, 0))
    assert places.boxes.max(0)[2:] == pytest.approx((560, 480))


def test_a_picture_that_the_processor_leaves_as_it_is_is_divided_evenly():
    images = CLIPImageProcessorPil(do_resize=False, do_center_crop=False)

    places = token_places(known("llava", images, image_size=48, patch_size=8), (48, 48), 36)

    assert places.boxes[7].tolist() == [8, 8, 16, 16]


def test_a_picture_of_another_size_is_brought_to_the_towers_where_the_processor_does_not(vlm):
    tool = vlm("llava")
    images = tool.processor.image_processor
    images.do_resize = images.do_center_crop = False
    try:
        inputs, places = placed(tool, (200, 100))
    finally:
        images.do_resize = images.do_center_crop = True

    assert inputs["pixel_values"].shape[-2:] == (64, 64)
    assert places.boxes.max(0)[2:] == pytest.approx((200, 100))


def test_a_family_whose_geometry_is_not_known_has_no_places():
    assert token_places(known("kosmos-2", None), (10, 10), 4) is None


def test_pictures_of_any_size_are_taken(vlm):
    for size in ((1, 1), (1, 90), (2000, 20)):
        assert placed(vlm("llava"), size)[1] is not None
    assert isinstance(Image.fromarray(noise((3, 2))), Image.Image)
