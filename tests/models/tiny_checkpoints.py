"""Tiny random checkpoints of the real classes, saved as a hub repository would be: weights, processor, tokenizer."""

from pathlib import Path

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    BertTokenizer,
    CLIPConfig,
    CLIPImageProcessorPil,
    CLIPModel,
    CLIPProcessor,
    CLIPTokenizer,
    GroundingDinoConfig,
    GroundingDinoForObjectDetection,
    GroundingDinoImageProcessorPil,
    GroundingDinoProcessor,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaOnevisionConfig,
    LlavaOnevisionForConditionalGeneration,
    LlavaOnevisionImageProcessorPil,
    LlavaProcessor,
    MMGroundingDinoConfig,
    MMGroundingDinoForObjectDetection,
    Owlv2Config,
    Owlv2ForObjectDetection,
    Owlv2ImageProcessorPil,
    Owlv2Processor,
    OwlViTConfig,
    OwlViTForObjectDetection,
    OwlViTImageProcessorPil,
    OwlViTProcessor,
    PreTrainedTokenizerFast,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2VLImageProcessorPil,
    Qwen3VLConfig,
    Qwen3VLForConditionalGeneration,
    SiglipConfig,
    SiglipImageProcessorPil,
    SiglipModel,
    SiglipProcessor,
    SmolVLMConfig,
    SmolVLMForConditionalGeneration,
    SmolVLMImageProcessorPil,
)

SIDE = 64  # pixels of every tiny picture tower
TINY = {"hidden_size": 64, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
VISION = {**TINY, "image_size": SIDE, "patch_size": 16}
SQUARE = {"height": SIDE, "width": SIDE}
WORDS = ["red", "ball", "blue", "box", "cat", "dog", "a", "photo", "of", "the", "what", "is", "traffic", "light"]
CHAT = (
    "{% for message in messages %}{% for part in message['content'] %}{% if part['type'] == 'image' %}IMAGE"
    "{% else %}{{ part['text'] }}{% endif %}{% endfor %}{% endfor %} answer :"
)


def clip_tokenizer() -> CLIPTokenizer:
    """Return a CLIP tokenizer that spells letter by letter."""
    letters = [chr(code) for code in range(33, 127)]
    vocab = [*letters, *(letter + "</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]  # ids 188, 189
    return CLIPTokenizer(vocab={word: i for i, word in enumerate(vocab)}, merges=[])


def word_tokenizer(*special: str) -> PreTrainedTokenizerFast:
    """Return a tokenizer of whole words with the given special tokens."""
    vocab = ["<pad>", "<unk>", "<eos>", *special, *WORDS, *":.,?", "answer"]
    core = Tokenizer(models.WordLevel({word: i for i, word in enumerate(vocab)}, unk_token="<unk>"))
    core.pre_tokenizer = pre_tokenizers.Whitespace()
    return PreTrainedTokenizerFast(
        tokenizer_object=core, pad_token="<pad>", unk_token="<unk>", eos_token="<eos>", additional_special_tokens=list(special)
    )


def _save(folder: Path, model: torch.nn.Module, processor: object) -> Path:
    model.eval().save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def _owl_config(config_class: type) -> object:
    text = {**TINY, "vocab_size": 200, "max_position_embeddings": 32, "eos_token_id": 189, "bos_token_id": 188, "pad_token_id": 0}
    return config_class(text_config=text, vision_config=VISION, projection_dim=64)


def _calm(model: torch.nn.Module) -> torch.nn.Module:
    """Return the model with its random scores kept away from 0 and 1, where ties would hide what is compared."""
    if hasattr(model, "class_head"):
        model.class_head.logit_scale.weight.data *= 0.01
        model.class_head.logit_shift.weight.data *= 0.01
    else:
        model.model.decoder.layer_norm.weight.data *= 0.05
    return model


def owlvit(folder: Path) -> Path:
    torch.manual_seed(0)
    processor = OwlViTProcessor(OwlViTImageProcessorPil(size=SQUARE), clip_tokenizer())
    return _save(folder, _calm(OwlViTForObjectDetection(_owl_config(OwlViTConfig))), processor)


def owlv2(folder: Path) -> Path:
    torch.manual_seed(0)
    processor = Owlv2Processor(Owlv2ImageProcessorPil(size=SQUARE), clip_tokenizer())
    return _save(folder, _calm(Owlv2ForObjectDetection(_owl_config(Owlv2Config))), processor)


def bert_tokenizer() -> BertTokenizer:
    vocab = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", "?", *WORDS, "##s"]
    return BertTokenizer(vocab={word: i for i, word in enumerate(vocab)})


def _dino_config(config_class: type) -> object:
    backbone = {
        "model_type": "swin",
        "image_size": SIDE,
        "embed_dim": 16,
        "depths": [1, 1, 1, 1],
        "num_heads": [1, 1, 2, 2],
        "window_size": 2,
        "out_indices": [2, 3, 4],
    }
    text = {**TINY, "model_type": "bert", "vocab_size": 40, "max_position_embeddings": 64}
    return config_class(
        backbone_config=backbone,
        text_config=text,
        d_model=32,
        encoder_layers=1,
        decoder_layers=2,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=32,
        decoder_ffn_dim=32,
        num_queries=12,
        max_text_len=64,
    )


def grounding_dino(folder: Path) -> Path:
    torch.manual_seed(0)
    images = GroundingDinoImageProcessorPil(size={"shortest_edge": SIDE, "longest_edge": 2 * SIDE})
    processor = GroundingDinoProcessor(images, bert_tokenizer())
    return _save(folder, _calm(GroundingDinoForObjectDetection(_dino_config(GroundingDinoConfig))), processor)


def mm_grounding_dino(folder: Path) -> Path:
    torch.manual_seed(0)
    images = GroundingDinoImageProcessorPil(size={"shortest_edge": SIDE, "longest_edge": 2 * SIDE})
    processor = GroundingDinoProcessor(images, bert_tokenizer())
    return _save(folder, MMGroundingDinoForObjectDetection(_dino_config(MMGroundingDinoConfig)), processor)


def clip(folder: Path) -> Path:
    torch.manual_seed(0)
    processor = CLIPProcessor(CLIPImageProcessorPil(size={"shortest_edge": SIDE}, crop_size=SQUARE), clip_tokenizer())
    return _save(folder, CLIPModel(_owl_config(CLIPConfig)), processor)


def siglip(folder: Path) -> Path:
    torch.manual_seed(0)
    text = {**TINY, "vocab_size": 40, "max_position_embeddings": 64, "projection_size": 64}
    processor = SiglipProcessor(SiglipImageProcessorPil(size=SQUARE), word_tokenizer())
    return _save(folder, SiglipModel(SiglipConfig(text_config=text, vision_config=VISION)), processor)


def _language(model_type: str) -> dict[str, object]:
    return {
        **TINY,
        "model_type": model_type,
        "vocab_size": 64,
        "num_key_value_heads": 2,
        "max_position_embeddings": 4096,
        "eos_token_id": 2,
        "pad_token_id": 0,
        "bos_token_id": None,
    }


def llava(folder: Path) -> Path:
    torch.manual_seed(0)
    tokenizer = word_tokenizer("<image>")
    images = CLIPImageProcessorPil(size={"shortest_edge": SIDE}, crop_size=SQUARE)
    processor = LlavaProcessor(
        images,
        tokenizer,
        patch_size=16,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=CHAT.replace("IMAGE", "<image>"),
    )
    config = LlavaConfig(
        vision_config={**VISION, "model_type": "clip_vision_model", "projection_dim": 64},
        text_config=_language("llama"),
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
    )
    return _save(folder, LlavaForConditionalGeneration(config), processor)


def _save_by_parts(folder: Path, model: torch.nn.Module, parts: list, processor_config: str, template: str) -> Path:
    """Save what the hub repository holds where the combined processor class needs torchvision to be built."""
    model.eval().save_pretrained(folder)
    for part in parts:
        part.save_pretrained(folder)
    (folder / "processor_config.json").write_text(processor_config)
    (folder / "chat_template.jinja").write_text(template)
    return folder


def llava_onevision(folder: Path) -> Path:
    torch.manual_seed(0)
    tokenizer = word_tokenizer("<image>", "<video>")
    images = LlavaOnevisionImageProcessorPil(size=SQUARE, image_grid_pinpoints=[[SIDE, SIDE], [SIDE, 2 * SIDE]])
    config = LlavaOnevisionConfig(
        vision_config={**VISION, "model_type": "siglip_vision_model", "vision_use_head": False},
        text_config=_language("qwen2"),
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
        video_token_id=tokenizer.convert_tokens_to_ids("<video>"),
        image_grid_pinpoints=[[SIDE, SIDE], [SIDE, 2 * SIDE]],
    )
    settings = (
        '{"processor_class": "LlavaOnevisionProcessor", "num_image_tokens": 16, "vision_feature_select_strategy": "full",'
        ' "image_token": "<image>", "video_token": "<video>"}'
    )
    model = LlavaOnevisionForConditionalGeneration(config)
    return _save_by_parts(folder, model, [images, tokenizer], settings, CHAT.replace("IMAGE", "<image>"))


def qwen2_5_vl(folder: Path) -> Path:
    torch.manual_seed(0)
    special = ("<|image_pad|>", "<|video_pad|>", "<|vision_start|>", "<|vision_end|>")
    tokenizer = word_tokenizer(*special)
    image, video, start, end = tokenizer.convert_tokens_to_ids(list(special))
    images = Qwen2VLImageProcessorPil(size={"shortest_edge": 56 * 56, "longest_edge": 112 * 112})
    vision = {"depth": 2, "hidden_size": 64, "intermediate_size": 64, "num_heads": 2, "out_hidden_size": 64}
    rope = {"rope_type": "default", "mrope_section": [4, 6, 6], "rope_theta": 10000.0}
    config = Qwen2_5_VLConfig(
        vision_config={**vision, "fullatt_block_indexes": [1]},
        text_config={**_language("qwen2_5_vl_text"), "rope_parameters": rope},
        image_token_id=image,
        video_token_id=video,
        vision_start_token_id=start,
        vision_end_token_id=end,
    )
    template = CHAT.replace("IMAGE", "<|vision_start|><|image_pad|><|vision_end|>")
    settings = '{"processor_class": "Qwen2_5_VLProcessor"}'
    return _save_by_parts(folder, Qwen2_5_VLForConditionalGeneration(config), [images, tokenizer], settings, template)


def smolvlm(folder: Path) -> Path:
    torch.manual_seed(0)
    special = ("<image>", "<fake_token_around_image>", "<global-img>", "<end_of_utterance>")
    tokenizer = word_tokenizer(*special)
    images = SmolVLMImageProcessorPil(size={"longest_edge": SIDE}, max_image_size={"longest_edge": SIDE}, do_image_splitting=False)
    config = SmolVLMConfig(
        vision_config={**VISION, "model_type": "smolvlm_vision"},
        text_config=_language("llama"),
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
        scale_factor=2,
    )
    settings = '{"processor_class": "SmolVLMProcessor", "image_seq_len": 4}'
    model = SmolVLMForConditionalGeneration(config)
    return _save_by_parts(folder, model, [images, tokenizer], settings, CHAT.replace("IMAGE", "<image>"))


def qwen3_vl(folder: Path) -> Path:
    torch.manual_seed(0)
    special = ("<|image_pad|>", "<|video_pad|>", "<|vision_start|>", "<|vision_end|>")
    tokenizer = word_tokenizer(*special)
    image, video, start, end = tokenizer.convert_tokens_to_ids(list(special))
    images = Qwen2VLImageProcessorPil(size={"shortest_edge": 64 * 64, "longest_edge": 128 * 128}, patch_size=16)
    rope = {"rope_type": "default", "mrope_section": [4, 6, 6], "rope_theta": 10000.0}
    config = Qwen3VLConfig(
        vision_config={
            "depth": 2,
            "hidden_size": 64,
            "intermediate_size": 64,
            "num_heads": 2,
            "out_hidden_size": 64,
            "num_position_embeddings": 64,
            "deepstack_visual_indexes": [0],
        },
        text_config={**_language("qwen3_vl_text"), "head_dim": 32, "rope_parameters": rope},
        image_token_id=image,
        video_token_id=video,
        vision_start_token_id=start,
        vision_end_token_id=end,
    )
    template = CHAT.replace("IMAGE", "<|vision_start|><|image_pad|><|vision_end|>")
    settings = '{"processor_class": "Qwen3VLProcessor"}'
    return _save_by_parts(folder, Qwen3VLForConditionalGeneration(config), [images, tokenizer], settings, template)
