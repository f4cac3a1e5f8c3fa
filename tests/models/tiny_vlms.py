"""Tiny random vision-language checkpoints of every family that attention is tapped in, saved as a hub repository would be.

Four layers, so that what a scaled row does to later ones can show; six in Gemma-3, so that it has a layer without a window.
Weights are large enough for attention to have peaks: with the usual ones it is flat, and every test would pass.
"""

import json
from importlib.util import find_spec
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    AutoImageProcessor,
    AutoTokenizer,
    AyaVisionConfig,
    AyaVisionForConditionalGeneration,
    CLIPImageProcessorPil,
    Gemma3Config,
    Gemma3ForConditionalGeneration,
    Gemma3ImageProcessorPil,
    GotOcr2ImageProcessorPil,
    Idefics2Config,
    Idefics2ForConditionalGeneration,
    Idefics2ImageProcessorPil,
    Idefics3Config,
    Idefics3ForConditionalGeneration,
    Idefics3ImageProcessorPil,
    Idefics3Processor,
    InternVLConfig,
    InternVLForConditionalGeneration,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaNextConfig,
    LlavaNextForConditionalGeneration,
    LlavaNextImageProcessorPil,
    LlavaOnevisionConfig,
    LlavaOnevisionForConditionalGeneration,
    LlavaOnevisionImageProcessorPil,
    Mistral3Config,
    Mistral3ForConditionalGeneration,
    PaliGemmaConfig,
    PaliGemmaForConditionalGeneration,
    PixtralImageProcessorPil,
    PreTrainedTokenizerFast,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2VLConfig,
    Qwen2VLForConditionalGeneration,
    Qwen2VLImageProcessorPil,
    Qwen3VLConfig,
    Qwen3VLForConditionalGeneration,
    SiglipImageProcessorPil,
    SmolVLMConfig,
    SmolVLMForConditionalGeneration,
    SmolVLMImageProcessorPil,
    VipLlavaConfig,
    VipLlavaForConditionalGeneration,
)

from models.catalogue import Quantisation, Rung
from models.loading import Loaded, load
from models.quantisation import footprint_mb
from models.vlm import VisionLanguageModel

SIDE, PATCH, WIDTH = 64, 16, 64
WINDOW = 8  # of Gemma-3: the picture is out of sight of the last token in five of six layers
WORDS = [
    *("left", "right", "on", "under", "Left", "Right", "where", "is", "the", "cube", "ball", "in", "relation", "to", "answer"),
    *("with", "or", "a", "red", "blue", "and", "front", "behind", "user", "assistant", ":", "?", ".", ","),
]
CHAT = (
    "{% for message in messages %}user : {% for part in message['content'] %}{% if part['type'] == 'image' %}IMAGE "
    "{% else %}{{ part['text'] }}{% endif %}{% endfor %}{% endfor %} assistant :"
)
TOWER = {"hidden_size": WIDTH, "intermediate_size": WIDTH, "num_hidden_layers": 3, "num_attention_heads": 2, "image_size": SIDE,
         "patch_size": PATCH}
SQUARE = {"height": SIDE, "width": SIDE}
QWEN_SPECIAL = ("<|image_pad|>", "<|video_pad|>", "<|vision_start|>", "<|vision_end|>")
IDEFICS_SPECIAL = ("<image>", "<fake_token_around_image>", "<global-img>", "<end_of_utterance>",
                   *(f"<row_{r}_col_{c}>" for r in range(1, 5) for c in range(1, 5)))
PINPOINTS = [[SIDE, 2 * SIDE], [2 * SIDE, SIDE], [2 * SIDE, 2 * SIDE]]
FAMILIES = ("llava", "pixtral", "llava_next", "llava_onevision", "qwen2_vl", "qwen2_5_vl", "qwen3_vl", "idefics3", "smolvlm",
            "paligemma", "paligemma2", "gemma3", "internvl")
MORE_FAMILIES = ("vipllava", "mistral3", "idefics2", "aya_vision")  # put together from the same parts: fewer tests ask them


def load_tiny(root: Path, family: str, quantisation: Quantisation = "none", dtype: str = "float32") -> Loaded:
    """Return a family's tiny checkpoint, made where it is not there yet, loaded as every rung is."""
    if not (root / family).exists():
        torch.manual_seed(0)
        _BUILDERS[family](root / family)
    architecture = json.loads((root / family / "config.json").read_text())["architectures"][0]
    rung = Rung(family, "vlm", family, str(root / family), "vlm", architecture, "", 1_000_000, dtype, is_local=True)
    if family == "smolvlm" and find_spec("num2words") is None:
        return _load_smolvlm(rung)
    return load(rung, quantisation, "cpu")


def _load_smolvlm(rung: Rung) -> Loaded:
    """Return the model with Idefics3's processor, which lays pictures out as its own does, but needs no package for videos."""
    folder = Path(rung.source)
    images, tokenizer = AutoImageProcessor.from_pretrained(folder, backend="pil"), AutoTokenizer.from_pretrained(folder)
    template = (folder / "chat_template.jinja").read_text()
    processor = Idefics3Processor(images, tokenizer, image_seq_len=4, chat_template=template)
    model = SmolVLMForConditionalGeneration.from_pretrained(folder, dtype=getattr(torch, rung.dtype)).eval()
    return Loaded(rung, "none", "cpu", VisionLanguageModel(model, processor), footprint_mb(model))


def _tokenizer(*special: str, **named: str) -> PreTrainedTokenizerFast:
    vocabulary = ["<pad>", "<bos>", "<eos>", "<unk>", *special, *WORDS]
    core = Tokenizer(models.WordLevel({word: i for i, word in enumerate(vocabulary)}, unk_token="<unk>"))
    core.pre_tokenizer = pre_tokenizers.Whitespace()
    more = {"extra_special_tokens": named} if named else {"additional_special_tokens": list(special)}
    return PreTrainedTokenizerFast(tokenizer_object=core, pad_token="<pad>", bos_token="<bos>", eos_token="<eos>",
                                   unk_token="<unk>", **more)


def _text(model_type: str, **more: object) -> dict[str, object]:
    return {"model_type": model_type, "hidden_size": WIDTH, "intermediate_size": 128, "num_hidden_layers": 4,
            "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 128, "max_position_embeddings": 2048,
            "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, **more}


def _save(folder: Path, model: torch.nn.Module, images: object, tokenizer: object, processor: str, placeholder: str,
          **settings: object) -> None:
    generator = torch.Generator().manual_seed(1)
    for weight in model.parameters():
        if weight.ndim > 1:
            fan_in = weight[0].numel()
            weight.data = torch.randn(weight.shape, generator=generator) * 1.5 / fan_in**0.5
    model.eval().save_pretrained(folder)
    images.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    (folder / "processor_config.json").write_text(json.dumps({"processor_class": processor, **settings}))
    (folder / "chat_template.jinja").write_text(CHAT.replace("IMAGE", placeholder))


def _clip() -> dict[str, object]:
    return {**TOWER, "model_type": "clip_vision_model", "projection_dim": WIDTH}


def _siglip(**more: object) -> dict[str, object]:
    return {**TOWER, "model_type": "siglip_vision_model", "vision_use_head": False, **more}


def _llava(folder: Path) -> None:
    tokenizer = _tokenizer("<image>")
    config = LlavaConfig(vision_config=_clip(), text_config=_text("llama"), image_token_id=4, image_seq_length=16)
    images = CLIPImageProcessorPil(size={"shortest_edge": SIDE}, crop_size=SQUARE)
    _save(folder, LlavaForConditionalGeneration(config), images, tokenizer, "LlavaProcessor", "<image>", patch_size=PATCH,
          vision_feature_select_strategy="default", num_additional_image_tokens=1)


def _llava_next(folder: Path) -> None:
    tokenizer = _tokenizer("<image>")
    config = LlavaNextConfig(vision_config=_clip(), text_config=_text("llama"), image_token_id=4, image_grid_pinpoints=PINPOINTS)
    images = LlavaNextImageProcessorPil(size={"shortest_edge": SIDE}, crop_size=SQUARE, image_grid_pinpoints=PINPOINTS)
    _save(folder, LlavaNextForConditionalGeneration(config), images, tokenizer, "LlavaNextProcessor", "<image>", patch_size=PATCH,
          vision_feature_select_strategy="default", num_additional_image_tokens=1)


def _llava_onevision(folder: Path) -> None:
    tokenizer = _tokenizer("<image>", "<video>")
    config = LlavaOnevisionConfig(vision_config=_siglip(), text_config=_text("qwen2"), image_token_id=4, video_token_id=5,
                                  image_grid_pinpoints=PINPOINTS, vision_feature_layer=-1)
    images = LlavaOnevisionImageProcessorPil(size=SQUARE, image_grid_pinpoints=PINPOINTS)
    _save(folder, LlavaOnevisionForConditionalGeneration(config), images, tokenizer, "LlavaOnevisionProcessor", "<image>",
          num_image_tokens=16, vision_feature_select_strategy="full", image_token="<image>", video_token="<video>")


def _pixtral(folder: Path) -> None:
    """LLaVA's class around another tower, as mistral-community/pixtral-12b is published: its files name the processor."""
    vision = {**TOWER, "model_type": "pixtral", "image_size": 2 * SIDE}
    config = LlavaConfig(vision_config=vision, text_config=_text("llama"), image_token_id=4, vision_feature_layer=-1,
                         vision_feature_select_strategy="full")
    images = PixtralImageProcessorPil(size={"longest_edge": 2 * SIDE}, patch_size=PATCH)
    tokenizer = _tokenizer("[IMG]", "[IMG_BREAK]", "[IMG_END]")
    _save(folder, LlavaForConditionalGeneration(config), images, tokenizer, "PixtralProcessor", "[IMG]", patch_size=PATCH,
          spatial_merge_size=1)


def _qwen2_vl(folder: Path) -> None:
    vision = {"depth": 2, "embed_dim": WIDTH, "hidden_size": WIDTH, "num_heads": 2, "mlp_ratio": 2}
    rope = {"rope_type": "default", "mrope_section": [2, 3, 3], "rope_theta": 10000.0}
    config = Qwen2VLConfig(vision_config=vision, text_config=_text("qwen2_vl_text", rope_parameters=rope), image_token_id=4,
                           video_token_id=5, vision_start_token_id=6, vision_end_token_id=7)
    images = Qwen2VLImageProcessorPil(size={"shortest_edge": 56 * 56, "longest_edge": 112 * 112})
    _save(folder, Qwen2VLForConditionalGeneration(config), images, _tokenizer(*QWEN_SPECIAL), "Qwen2VLProcessor",
          "<|vision_start|><|image_pad|><|vision_end|>")


def _qwen2_5_vl(folder: Path) -> None:
    vision = {"depth": 2, "hidden_size": WIDTH, "intermediate_size": WIDTH, "num_heads": 2, "out_hidden_size": WIDTH,
              "window_size": 56, "fullatt_block_indexes": [1]}
    rope = {"rope_type": "default", "mrope_section": [2, 3, 3], "rope_theta": 10000.0}
    config = Qwen2_5_VLConfig(vision_config=vision, text_config=_text("qwen2_5_vl_text", rope_parameters=rope), image_token_id=4,
                              video_token_id=5, vision_start_token_id=6, vision_end_token_id=7)
    images = Qwen2VLImageProcessorPil(size={"shortest_edge": 56 * 56, "longest_edge": 112 * 112})
    _save(folder, Qwen2_5_VLForConditionalGeneration(config), images, _tokenizer(*QWEN_SPECIAL), "Qwen2_5_VLProcessor",
          "<|vision_start|><|image_pad|><|vision_end|>")


def _qwen3_vl(folder: Path) -> None:
    vision = {"depth": 2, "hidden_size": WIDTH, "intermediate_size": WIDTH, "num_heads": 2, "out_hidden_size": WIDTH,
              "num_position_embeddings": 64, "deepstack_visual_indexes": [0, 1]}
    rope = {"rope_type": "default", "mrope_section": [4, 2, 2], "mrope_interleaved": True, "rope_theta": 10000.0}
    config = Qwen3VLConfig(vision_config=vision, text_config=_text("qwen3_vl_text", head_dim=16, rope_parameters=rope),
                           image_token_id=4, video_token_id=5, vision_start_token_id=6, vision_end_token_id=7)
    images = Qwen2VLImageProcessorPil(size={"shortest_edge": 64 * 64, "longest_edge": 128 * 128}, patch_size=16)
    _save(folder, Qwen3VLForConditionalGeneration(config), images, _tokenizer(*QWEN_SPECIAL), "Qwen3VLProcessor",
          "<|vision_start|><|image_pad|><|vision_end|>")


def _idefics3(folder: Path) -> None:
    config = Idefics3Config(vision_config={**TOWER, "model_type": "idefics3_vision"}, text_config=_text("llama"), image_token_id=4,
                            scale_factor=2)
    images = Idefics3ImageProcessorPil(size={"longest_edge": 2 * SIDE}, max_image_size={"longest_edge": SIDE})
    _save(folder, Idefics3ForConditionalGeneration(config), images, _tokenizer(*IDEFICS_SPECIAL), "Idefics3Processor", "<image>",
          image_seq_len=4)


def _smolvlm(folder: Path) -> None:
    config = SmolVLMConfig(vision_config={**TOWER, "model_type": "smolvlm_vision"}, text_config=_text("llama"), image_token_id=4,
                           scale_factor=2)
    images = SmolVLMImageProcessorPil(size={"longest_edge": 2 * SIDE}, max_image_size={"longest_edge": SIDE})
    _save(folder, SmolVLMForConditionalGeneration(config), images, _tokenizer(*IDEFICS_SPECIAL), "SmolVLMProcessor", "<image>",
          image_seq_len=4)


def _pali(folder: Path, text: dict[str, object]) -> None:
    config = PaliGemmaConfig(vision_config=_siglip(projection_dim=WIDTH), text_config=text, image_token_id=4, projection_dim=WIDTH,
                             hidden_size=WIDTH, vocab_size=128)
    images = SiglipImageProcessorPil(size=SQUARE)
    images.image_seq_length = 16
    tokenizer = _tokenizer("<image>", image_token="<image>")
    _save(folder, PaliGemmaForConditionalGeneration(config), images, tokenizer, "PaliGemmaProcessor", "<image>")


def _paligemma(folder: Path) -> None:
    _pali(folder, _text("gemma", head_dim=16, num_key_value_heads=1))


def _paligemma2(folder: Path) -> None:
    _pali(folder, _text("gemma2", head_dim=16, query_pre_attn_scalar=16, attn_logit_softcapping=50.0, sliding_window=4096))


def _gemma3(folder: Path) -> None:
    kinds = ["sliding_attention"] * 5 + ["full_attention"]
    text = _text("gemma3_text", num_hidden_layers=6, head_dim=16, query_pre_attn_scalar=16, sliding_window=WINDOW, layer_types=kinds)
    special = {"image_token": "<image_soft_token>", "boi_token": "<start_of_image>", "eoi_token": "<end_of_image>"}
    config = Gemma3Config(vision_config=_siglip(), text_config=text, image_token_id=4, mm_tokens_per_image=4, boi_token_index=5,
                          eoi_token_index=6)
    images = Gemma3ImageProcessorPil(size=SQUARE)
    _save(folder, Gemma3ForConditionalGeneration(config), images, _tokenizer(*special.values(), **special), "Gemma3Processor",
          "<start_of_image>", image_seq_length=4)


def _internvl(folder: Path) -> None:
    vision = {**TOWER, "model_type": "internvl_vision", "image_size": [SIDE, SIDE], "patch_size": [PATCH, PATCH]}
    special = {"context_image_token": "<IMG_CONTEXT>", "start_image_token": "<img>", "end_image_token": "</img>",
               "video_token": "<video>"}
    config = InternVLConfig(vision_config=vision, text_config=_text("qwen2"), image_token_id=4, image_seq_length=4,
                            downsample_ratio=0.5)
    images = GotOcr2ImageProcessorPil(size=SQUARE, crop_to_patches=True, min_patches=1, max_patches=6)
    _save(folder, InternVLForConditionalGeneration(config), images, _tokenizer(*special.values(), **special), "InternVLProcessor",
          "<IMG_CONTEXT>", image_seq_length=4)


def _vipllava(folder: Path) -> None:
    config = VipLlavaConfig(vision_config={**_clip(), "num_hidden_layers": 4}, text_config=_text("llama"), image_token_id=4,
                            vision_feature_layers=[-2, -3], image_seq_length=16)
    images = CLIPImageProcessorPil(size={"shortest_edge": SIDE}, crop_size=SQUARE)
    _save(folder, VipLlavaForConditionalGeneration(config), images, _tokenizer("<image>"), "LlavaProcessor", "<image>",
          patch_size=PATCH, vision_feature_select_strategy="default", num_additional_image_tokens=1)


def _mistral3(folder: Path) -> None:
    vision = {**TOWER, "model_type": "pixtral", "image_size": 2 * SIDE}
    config = Mistral3Config(vision_config=vision, text_config=_text("mistral", sliding_window=None), image_token_id=4,
                            spatial_merge_size=2, vision_feature_layer=-1)
    images = PixtralImageProcessorPil(size={"longest_edge": 2 * SIDE}, patch_size=PATCH)
    _save(folder, Mistral3ForConditionalGeneration(config), images, _tokenizer("[IMG]", "[IMG_BREAK]", "[IMG_END]"),
          "PixtralProcessor", "[IMG]", patch_size=PATCH, spatial_merge_size=2)


def _idefics2(folder: Path) -> None:
    resampler = {"hidden_size": WIDTH, "resampler_n_latents": 6, "resampler_depth": 1, "resampler_n_heads": 2,
                 "resampler_head_dim": 16, "num_key_value_heads": 2}
    config = Idefics2Config(vision_config={**TOWER, "model_type": "idefics2_vision"}, perceiver_config=resampler,
                            text_config=_text("mistral", sliding_window=None), image_token_id=4)
    images = Idefics2ImageProcessorPil(size={"longest_edge": SIDE, "shortest_edge": SIDE // 2})
    tokenizer = _tokenizer("<image>", "<fake_token_around_image>", "<end_of_utterance>")
    _save(folder, Idefics2ForConditionalGeneration(config), images, tokenizer, "Idefics2Processor", "<image>", image_seq_len=6)


def _aya_vision(folder: Path) -> None:
    tiles = ("TILE", "TILE_GLOBAL", *(f"TILE_{number}" for number in range(1, 8)))
    special = ("<|IMG_PATCH|>", "<image>", "<|START_OF_IMG|>", "<|END_OF_IMG|>", "<|IMG_LINE_BREAK|>", *tiles)
    config = AyaVisionConfig(vision_config=_siglip(), text_config=_text("cohere2", sliding_window=4096, head_dim=16),
                             image_token_id=4, downsample_factor=2)
    images = GotOcr2ImageProcessorPil(size=SQUARE, crop_to_patches=True, min_patches=1, max_patches=6)
    _save(folder, AyaVisionForConditionalGeneration(config), images, _tokenizer(*special), "AyaVisionProcessor", "<image>",
          patch_size=PATCH, img_size=SIDE, downsample_factor=2)


_BUILDERS = {family: globals()[f"_{family}"] for family in (*FAMILIES, *MORE_FAMILIES)}
