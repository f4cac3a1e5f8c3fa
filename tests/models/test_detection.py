"""Detectors of the real classes, tiny and random: the same call, the same pixels, the same scores as the full forward."""

import numpy as np
import pytest
import torch

from models.boxes import Box
from models.canvas_detector import CanvasDetectorConfig
from models.catalogue import find
from models.detection import ImageGuidedDetector, MiniatureDetector, zero_shot_detector
from worlds.errors import InputError

FAMILIES = ["owlvit", "owlv2", "grounding_dino", "mm_grounding_dino"]
OWLS = ["owlvit", "owlv2"]
NAMES = ["red ball", "cat"]


@pytest.fixture
def canvases():
    return np.random.default_rng(3).integers(0, 255, (3, 48, 80, 3), dtype=np.uint8)


def _as_rows(boxes):
    return np.array([[box.x1, box.y1, box.x2, box.y2, box.label, box.score] for box in boxes])


@pytest.mark.parametrize("family", FAMILIES)
def test_a_batch_finds_what_its_canvases_alone_find(tiny, canvases, family):
    detector = tiny(family).tool
    detector.text_threshold = 0.0

    together = detector.detect(canvases, NAMES, floor=0.0)
    alone = [detector.detect(canvas[None], NAMES, floor=0.0)[0] for canvas in canvases]

    assert len(together) == 3
    for some, other in zip(together, alone):
        assert len(some) > 0
        np.testing.assert_allclose(_as_rows(some), _as_rows(other), atol=2e-3)


@pytest.mark.parametrize("family", FAMILIES)
def test_more_canvases_than_one_batch_holds_make_no_difference(tiny, canvases, family):
    detector = tiny(family).tool
    detector.text_threshold = 0.0
    whole = detector.detect(canvases, NAMES, floor=0.0)

    detector.batch = 2

    for some, other in zip(detector.detect(canvases, NAMES, floor=0.0), whole, strict=True):
        np.testing.assert_allclose(_as_rows(some), _as_rows(other), atol=2e-3)


@pytest.mark.parametrize("family", OWLS)
def test_kept_text_embeddings_give_the_scores_and_boxes_of_the_full_forward(tiny, canvases, family):
    detector = tiny(family).tool
    texts = [[detector.template.format(name) for name in NAMES]] * 3
    inputs = detector.processor(text=texts, images=list(canvases), return_tensors="pt", truncation=True, max_length=32)
    with torch.inference_mode():
        outputs = detector.model(**inputs)
    expected = detector.processor.post_process_grounded_object_detection(
        outputs, threshold=0.0, target_sizes=torch.tensor([[48, 80]] * 3)
    )

    first = detector.detect(canvases, NAMES, floor=0.0)
    from_cache = detector.detect(canvases, NAMES, floor=0.0)

    assert first == from_cache
    assert len(detector._texts) == 1
    for found, wanted in zip(first, expected):
        order = wanted["scores"].argsort(descending=True, stable=True)
        boxes = wanted["boxes"][order].clamp(min=0).minimum(torch.tensor([80.0, 48.0, 80.0, 48.0]))
        np.testing.assert_allclose([box.score for box in found], wanted["scores"][order], atol=1e-5)
        np.testing.assert_allclose(_as_rows(found)[:, :4], boxes, atol=1e-2)
        assert [box.label for box in found] == wanted["labels"][order].tolist()


def test_owlv2_scales_boxes_by_the_longer_side_because_it_pads_to_a_square(tiny):
    detector = tiny("owlv2").tool
    centre_and_size = torch.tensor([[[0.25, 0.25, 0.5, 0.5]]])

    wide = detector._to_pixels(centre_and_size, np.zeros((1, 40, 80, 3), np.uint8))

    assert wide.tolist() == [[[0, 0, 40, 40]]]


def test_owlvit_scales_each_side_by_itself_because_it_squashes(tiny):
    detector = tiny("owlvit").tool
    centre_and_size = torch.tensor([[[0.25, 0.25, 0.5, 0.5]]])

    assert detector._to_pixels(centre_and_size, np.zeros((1, 40, 80, 3), np.uint8)).tolist() == [[[0, 0, 40, 20]]]


@pytest.mark.parametrize("family", OWLS)
def test_only_the_last_sixteen_lists_of_names_are_kept(tiny, canvases, family):
    detector = tiny(family).tool

    for i in range(20):
        detector.detect(canvases[:1], [f"cat {i}"], floor=0.5)

    assert len(detector._texts) == 16
    assert ("cat 0",) not in detector._texts


@pytest.mark.parametrize("family", ["grounding_dino", "mm_grounding_dino"])
def test_grounding_dino_agrees_with_its_processor_on_boxes_and_phrases(tiny, canvases, family):
    detector = tiny(family).tool
    inputs = detector.processor(text=["red ball . cat ."] * 3, images=list(canvases), return_tensors="pt", return_token_type_ids=True)
    with torch.inference_mode():
        outputs = detector.model(**inputs)
    scores = outputs.logits.sigmoid()[..., : inputs["input_ids"].shape[1]]
    spans = {0: slice(1, 3), 1: slice(4, 5)}  # [CLS] red ball . cat . [SEP]
    detector.text_threshold = 0.0  # every token counts: all shares are 1, so that the surer name wins

    found = detector.detect(canvases, NAMES, floor=0.0)

    for boxes, tokens, centre_and_size in zip(found, scores, outputs.pred_boxes):
        by_name = torch.stack([tokens[:, span].amax(dim=-1) for span in spans.values()], dim=-1)
        assert sorted(box.score for box in boxes) == pytest.approx(sorted(by_name.amax(dim=-1).tolist()), abs=1e-4)
        best = int(by_name.amax(dim=-1).argmax())
        assert float(by_name[best][boxes[0].label]) == pytest.approx(float(by_name[best].max()), abs=2e-3)
        middle_x, middle_y, width, height = centre_and_size[best].tolist()
        corners = [(middle_x - width / 2) * 80, (middle_y - height / 2) * 48]
        assert [boxes[0].x1, boxes[0].y1] == pytest.approx([max(0, x) for x in corners], abs=0.05)


def test_grounding_dino_drops_boxes_that_cover_no_name(tiny, canvases):
    detector = tiny("grounding_dino").tool
    detector.text_threshold = 1.0

    assert detector.detect(canvases, NAMES, floor=0.0) == [[], [], []]


def test_grounding_dino_spans_know_which_tokens_are_whose(tiny):
    text, spans = tiny("grounding_dino").tool._tokenise(("Red Ball", "traffic light.", "cat"))

    # [CLS] red ball . traffic light . cat . [SEP]
    assert text["input_ids"].shape == (1, 10)
    assert spans.nonzero()[:, 1].tolist() == [1, 2, 4, 5, 7]
    assert spans.sum(dim=1).tolist() == [2, 2, 1]


def test_grounding_dino_refuses_more_names_than_it_reads(tiny, canvases):
    with pytest.raises(InputError, match="at most 64"):
        tiny("grounding_dino").tool.detect(canvases, ["cat"] * 40, floor=0.1)


@pytest.mark.parametrize("family", FAMILIES)
def test_floor_and_max_boxes_cut_the_end_of_the_same_list(tiny, canvases, family):
    detector = tiny(family).tool
    detector.text_threshold = 0.0
    everything = detector.detect(canvases, NAMES, floor=0.0)[0]
    middle = everything[len(everything) // 2].score

    assert detector.detect(canvases, NAMES, floor=0.0, max_boxes=3, grid=2)[0] == everything[:3]
    assert detector.detect(canvases, NAMES, floor=middle)[0] == [box for box in everything if box.score >= middle]


@pytest.mark.parametrize("family", FAMILIES)
def test_no_names_or_no_canvases_find_nothing(tiny, canvases, family):
    detector = tiny(family).tool

    assert detector.detect(canvases, [], floor=0.0) == [[], [], []]
    assert detector.detect(canvases[:0], NAMES, floor=0.0) == []


@pytest.mark.parametrize("shape", [(48, 80, 3), (1, 48, 80, 4), (1, 0, 80, 3)], ids=["one picture", "alpha", "no rows"])
def test_canvases_of_another_shape_are_refused(tiny, shape):
    with pytest.raises(ValueError, match="canvases are"):
        tiny("owlvit").tool.detect(np.zeros(shape, np.uint8), NAMES, floor=0.1)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("quantisation", ["int8", "nf4"])
def test_quantised_detectors_load_smaller_and_run_on_a_cpu(tiny, canvases, family, quantisation):
    plain, packed = tiny(family), tiny(family, quantisation)
    packed.tool.text_threshold = 0.0

    found = packed.tool.detect(canvases, NAMES, floor=0.0)

    assert packed.footprint_mb < 0.6 * plain.footprint_mb
    assert all(0 <= box.score <= 1 for boxes in found for box in boxes)
    assert len(found[0]) > 0


@pytest.mark.parametrize("family", OWLS)
def test_image_guided_detection_agrees_with_the_processor(tiny, canvases, family):
    owl = tiny(family).tool
    example = canvases[0, :40, :40]
    pixels = owl.processor.image_processor(images=list(canvases), return_tensors="pt")["pixel_values"]
    query = owl.processor.image_processor(images=[example] * 3, return_tensors="pt")["pixel_values"]
    with torch.inference_mode():
        outputs = owl.model.image_guided_detection(pixel_values=pixels, query_pixel_values=query)
    scores = outputs.logits.sigmoid().amax(dim=-1)

    found = ImageGuidedDetector(owl, example).detect(canvases, ["anything"], floor=0.0)

    for boxes, wanted in zip(found, scores):
        assert boxes[0].score == pytest.approx(float(wanted.max()), abs=1e-5)
        assert {box.label for box in boxes} == {0}
        assert len(boxes) <= len(wanted)


@pytest.mark.parametrize("family", OWLS)
def test_the_query_of_a_marked_frame_is_the_patch_whose_own_box_overlaps_the_mark_best(tiny, monkeypatch, family):
    owl, frame = tiny(family).tool, np.random.default_rng(4).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    # random weights predict no box worth the name: here patch i sees a square of 24 pixels around its own middle
    middles = [(8 + 16 * (i % 4), 8 + 16 * (i // 4)) for i in range(16)]
    boxes = torch.tensor([[[x / 64, y / 64, 24 / 64, 24 / 64] for x, y in middles]])
    monkeypatch.setattr(owl.model, "box_predictor", lambda *_: boxes)
    with torch.inference_mode():
        feature_map = owl.model.image_embedder(pixel_values=owl._pixels(frame[None])["pixel_values"])[0]
        embeds = owl.model.class_predictor(feature_map.flatten(1, 2))[1][0]

    for wanted in (0, 6, 15):
        x, y = middles[wanted]
        detector = ImageGuidedDetector(owl, frame, (max(0, x - 12), max(0, y - 12), x + 11, y + 12))

        assert detector.uses_frame
        torch.testing.assert_close(detector._query[0, 0], embeds[wanted])


@pytest.mark.parametrize("family", OWLS)
def test_a_mark_that_no_patch_sees_falls_back_to_the_crop(tiny, canvases, family):
    owl, frame = tiny(family).tool, canvases[0]

    marked = ImageGuidedDetector(owl, frame, (0, 0, 6, 6))

    assert not marked.uses_frame
    assert torch.equal(marked._query, ImageGuidedDetector(owl, frame[:6, :6])._query)


def test_only_what_can_be_shown_an_example_makes_a_detector_of_it(tiny, canvases):
    shown = tiny("owlv2").tool.shown(canvases[0, :40, :40])

    assert isinstance(shown, ImageGuidedDetector) and not shown.uses_frame
    assert tiny("grounding_dino").tool.shown(canvases[0]) is None


def test_a_miniature_is_asked_in_the_same_words(canvases):
    class Network:
        config = CanvasDetectorConfig(canvas_px=64)

        def detect(self, canvases, names, floor, max_boxes):
            return [[Box(0, 0, 1, 1, label=names.index("cat"), score=floor)] for _ in canvases]

    detector = MiniatureDetector(Network(), find("canvas-detector"))

    assert detector.is_miniature and detector.canvas_px == 64
    assert (detector.theta, detector.floor) == (find("canvas-detector").theta, find("canvas-detector").floor)
    assert detector.detect(canvases, NAMES, floor=0.25)[2] == [Box(0, 0, 1, 1, label=1, score=0.25)]
    assert detector.detect(canvases, NAMES, floor=0.25, max_boxes=None, grid=4) == detector.detect(canvases, NAMES, floor=0.25)
    assert detector.detect(canvases, [], floor=0.25) == [[], [], []]


def test_a_family_that_is_no_detector_is_refused(tiny):
    with pytest.raises(InputError, match="family 'clip'"):
        zero_shot_detector(tiny("clip").tool.model, None, find("owlvit-base-patch32"))
