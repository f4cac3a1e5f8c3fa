"""The ladder of models: per role the miniature, then real checkpoints, each with what it costs and whether it is here.

A rung is a description only; `models.loading` turns it into a network. `availability` answers without the network, so
that a page can grey a rung out and say why. Hub rungs are read from the local cache unless ORRERY_ALLOW_DOWNLOAD=1.
A folder written by `save_pretrained` is a rung too, if it lies below ORRERY_MODELS_DIR and holds safetensors.
Numbers of parameters are those of the published checkpoints, rounded; memory is estimated from them.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, get_args

from huggingface_hub import try_to_load_from_cache

from models import devices, real
from models.checking import check_config, read_config
from models.shards import held_in, shards_of
from worlds.errors import InputError

Role = Literal["detector", "vlm", "similarity", "language"]
Quantisation = Literal["none", "int8", "nf4"]
Loader = Literal["canvas-detector", "image-network", "zero-shot-detector", "frame-scorer", "vlm", "language-model"]

MINIATURES = Path(__file__).parent / "miniatures"
MAX_LOOKED_AT = 1_000  # folders on each level below ORRERY_MODELS_DIR
LINEAR_SHARE = 0.85  # of the parameters lie in linear layers; only these are quantised
WORKSPACE = 1.2  # activations and the loader's own copies, over the weights
_BYTES = {"float32": 4.0, "float16": 2.0, "bfloat16": 2.0}
_QUANTISED_BYTES = {"int8": 1.0, "nf4": 0.5 + 4 / 64}  # nf4: half a byte, and one float32 per 64 weights

DETECTOR_CLASSES = (
    "OwlViTForObjectDetection",
    "Owlv2ForObjectDetection",
    "GroundingDinoForObjectDetection",
    "MMGroundingDinoForObjectDetection",
)
SIMILARITY_CLASSES = ("CLIPModel", "SiglipModel", "Siglip2Model")
VLM_CLASSES = (
    "Qwen2VLForConditionalGeneration",
    "Qwen2_5_VLForConditionalGeneration",
    "Qwen3VLForConditionalGeneration",
    "SmolVLMForConditionalGeneration",
    "Idefics3ForConditionalGeneration",
    "LlavaForConditionalGeneration",
    "LlavaNextForConditionalGeneration",
    "LlavaOnevisionForConditionalGeneration",
    "PaliGemmaForConditionalGeneration",
    "Gemma3ForConditionalGeneration",
    "InternVLForConditionalGeneration",
    "VipLlavaForConditionalGeneration",
    "Mistral3ForConditionalGeneration",
    "Idefics2ForConditionalGeneration",
    "AyaVisionForConditionalGeneration",
)
LANGUAGE_CLASSES = (
    "LlamaForCausalLM",
    "Qwen2ForCausalLM",
    "Qwen3ForCausalLM",
    "MistralForCausalLM",
    "GPTNeoXForCausalLM",
    "PhiForCausalLM",
    "GPTJForCausalLM",
    "OlmoForCausalLM",
)
_EPOCH = re.compile(r"epoch-(\d{2,4})")
_PACKAGES = {"SmolVLMForConditionalGeneration": "num2words"}  # which its processor imports, for videos only
_CLASSES: Mapping[str, tuple[tuple[str, ...], Loader]] = {
    "detector": (DETECTOR_CLASSES, "zero-shot-detector"),
    "similarity": (SIMILARITY_CLASSES, "frame-scorer"),
    "vlm": (VLM_CLASSES, "vlm"),
    "language": (LANGUAGE_CLASSES, "language-model"),
}


@dataclass(frozen=True)
class Rung:
    """One model on the ladder of its role.

    `source` is a folder below `models/miniatures`, an absolute local folder, or a hub id; of a packaged rung the hub id says
    whose model it is. `theta` (a target counts as
    found above it) and `floor` (boxes below it are dropped) are a detector's defaults: OWL's scores are far lower than
    those of YOLO-World, for which the paper gives 0.6.
    """

    name: str
    role: Role
    title: str
    source: str
    loader: Loader
    architecture: str
    licence: str
    parameters: int
    dtype: Literal["float32", "float16", "bfloat16"] = "float32"
    quantisations: tuple[Quantisation, ...] = ("none", "int8", "nf4")
    is_miniature: bool = False
    is_local: bool = False
    is_packaged: bool = False  # a Python package holds it; `models.real` makes its folder
    note: str = ""
    theta: float | None = None
    floor: float | None = None

    @property
    def is_on_disk(self) -> bool:
        """Return whether it is a folder of this machine; any other rung is asked of the hub or its cache."""
        return self.is_miniature or self.is_local or self.is_packaged

    @property
    def memory_mb(self) -> Mapping[Quantisation, int]:
        """Estimated memory in MB while it runs, per quantisation that it allows."""
        return MappingProxyType({kind: _memory_mb(self, kind) for kind in self.quantisations})


@dataclass(frozen=True)
class Availability:
    """Whether a rung can be used here now, and one sentence why, or what it will cost."""

    ok: bool
    reason: str


def _memory_mb(rung: Rung, quantisation: Quantisation) -> int:
    plain = _BYTES[rung.dtype]
    linear = _QUANTISED_BYTES.get(quantisation, plain)
    per_parameter = LINEAR_SHARE * linear + (1 - LINEAR_SHARE) * plain
    return max(1, round(rung.parameters * per_parameter * WORKSPACE / devices.MB))


def _detector(name: str, source: str, architecture: str, millions: int, **facts: Any) -> Rung:
    title = str(facts.pop("title"))
    return Rung(name, "detector", title, source, "zero-shot-detector", architecture, "apache-2.0", millions * 1_000_000, **facts)


def _vlm(name: str, source: str, architecture: str, millions: int, **facts: Any) -> Rung:
    title = str(facts.pop("title"))
    licence = str(facts.pop("licence", "apache-2.0"))
    return Rung(name, "vlm", title, source, "vlm", architecture, licence, millions * 1_000_000, "bfloat16", **facts)


def _miniature_language(name: str, epoch: int, parameters: int, title: str, note: str) -> Rung:
    return Rung(
        name,
        "language",
        f"{title} (miniature)",
        f"{name}/epoch-{epoch:02d}",
        "language-model",
        "LlamaForCausalLM",
        "apache-2.0",
        parameters,
        is_miniature=True,
        note=note,
    )


def _language(name: str, source: str, architecture: str, millions: int, **facts: Any) -> Rung:
    title, licence = str(facts.pop("title")), str(facts.pop("licence", "apache-2.0"))
    dtype = facts.pop("dtype", "bfloat16")
    return Rung(name, "language", title, source, "language-model", architecture, licence, millions * 1_000_000, dtype, **facts)


_GATED = "Gated: accept its licence on the hub and log in before it can be fetched."

RUNGS: tuple[Rung, ...] = (
    Rung(
        name="canvas-detector",
        role="detector",
        title="Canvas detector (miniature)",
        source="canvas-detector",
        loader="canvas-detector",
        architecture="CanvasDetector",
        licence="apache-2.0",
        parameters=811_215,
        quantisations=("none",),
        is_miniature=True,
        note="Trained here on drawn scenes; it knows their objects only, never a photograph's.",
        theta=0.37,
        floor=0.04,
    ),
    Rung(
        name="efficientnet-lite0",
        role="detector",
        title="1,000 ImageNet kinds (EfficientNet-Lite0)",
        source="tensorflow/tpu efficientnet-lite0",
        loader="image-network",
        architecture="ImageNetwork",
        licence="apache-2.0",
        parameters=4_652_008,
        quantisations=("none",),
        is_packaged=True,
        note="Real footage without a hub: it ranks frames by a word of a checked list, and finds others of a marked thing's kind.",
        theta=0.24,
        floor=0.02,
    ),
    _detector(
        "owlvit-base-patch32",
        "google/owlvit-base-patch32",
        "OwlViTForObjectDetection",
        153,
        title="OWL-ViT B/32",
        note="The best choice without a GPU: about 1.1 s for a canvas on one core. Squashes to 768 × 768.",
        theta=0.15,
        floor=0.05,
    ),
    _detector(
        "owlvit-base-patch16",
        "google/owlvit-base-patch16",
        "OwlViTForObjectDetection",
        153,
        title="OWL-ViT B/16",
        note="Four times the patches of B/32: about 5.6 s for a canvas on one core.",
        theta=0.15,
        floor=0.05,
    ),
    _detector(
        "owlv2-base-patch16-ensemble",
        "google/owlv2-base-patch16-ensemble",
        "Owlv2ForObjectDetection",
        155,
        title="OWLv2 B/16 ensemble",
        note="The best boxes per second of a GPU; about 11 s for a canvas on one core. Pads to a square of 960.",
        theta=0.3,
        floor=0.05,
    ),
    _detector(
        "grounding-dino-tiny",
        "IDEA-Research/grounding-dino-tiny",
        "GroundingDinoForObjectDetection",
        172,
        title="Grounding DINO tiny",
        note="Reads all names as one sentence; about 21 s for a canvas on one core.",
        theta=0.35,
        floor=0.25,
    ),
    _detector(
        "mm-grounding-dino-tiny",
        "openmmlab-community/mm_grounding_dino_tiny_o365v1_goldg_v3det",
        "MMGroundingDinoForObjectDetection",
        172,
        title="MM Grounding DINO tiny",
        note="Grounding DINO trained anew on open data; as slow.",
        theta=0.35,
        floor=0.25,
    ),
    Rung(
        name="clip-vit-base-patch32",
        role="similarity",
        title="CLIP ViT-B/32",
        source="openai/clip-vit-base-patch32",
        loader="frame-scorer",
        architecture="CLIPModel",
        licence="mit",
        parameters=151_000_000,
        note="One cosine per frame and sentence.",
    ),
    Rung(
        name="siglip2-base-patch16-224",
        role="similarity",
        title="SigLIP 2 B/16",
        source="google/siglip2-base-patch16-224",
        loader="frame-scorer",
        architecture="SiglipModel",  # the fixed-size checkpoints of SigLIP 2 are published in the first SigLIP's class
        licence="apache-2.0",
        parameters=375_000_000,
        note="Better than CLIP on small things; its vocabulary of 256,000 words is half of its weight.",
    ),
    Rung(
        name="shapes-vlm",
        role="vlm",
        title="Shapes (miniature)",
        source="shapes-vlm",
        loader="vlm",
        architecture="LlavaForConditionalGeneration",
        licence="apache-2.0",
        parameters=939_904,
        is_miniature=True,
        note="Trained here on clean boards with two shapes, two of four relations rare: unsure wherever the picture is not clean.",
    ),
    Rung(
        name="scenes-vlm",
        role="vlm",
        title="Scenes (miniature)",
        source="scenes-vlm",
        loader="vlm",
        architecture="LlavaForConditionalGeneration",
        licence="apache-2.0",
        parameters=942_592,
        is_miniature=True,
        note="Trained here on rooms with shapes and furniture, noise and clutter; it answers where one thing is, and little else.",
    ),
    _vlm(
        "qwen2-vl-2b",
        "Qwen/Qwen2-VL-2B-Instruct",
        "Qwen2VLForConditionalGeneration",
        2209,
        title="Qwen2-VL 2B",
        note="The smallest Qwen-VL under a licence that allows commercial use.",
    ),
    _vlm(
        "qwen2-vl-7b",
        "Qwen/Qwen2-VL-7B-Instruct",
        "Qwen2VLForConditionalGeneration",
        8291,
        title="Qwen2-VL 7B",
        note="In nf4 it fits a GPU of 16 GB.",
    ),
    _vlm(
        "qwen2.5-vl-3b",
        "Qwen/Qwen2.5-VL-3B-Instruct",
        "Qwen2_5_VLForConditionalGeneration",
        3755,
        title="Qwen2.5-VL 3B",
        licence="qwen-research",
        note="Research licence: no commercial use.",
    ),
    _vlm(
        "qwen2.5-vl-7b",
        "Qwen/Qwen2.5-VL-7B-Instruct",
        "Qwen2_5_VLForConditionalGeneration",
        8292,
        title="Qwen2.5-VL 7B",
        note="The authors' own code runs this family. In nf4 with 8 frames it fits a GPU of 16 GB.",
    ),
    _vlm(
        "qwen3-vl-2b",
        "Qwen/Qwen3-VL-2B-Instruct",
        "Qwen3VLForConditionalGeneration",
        2128,
        title="Qwen3-VL 2B",
        note="Later than the paper.",
    ),
    _vlm(
        "qwen3-vl-4b",
        "Qwen/Qwen3-VL-4B-Instruct",
        "Qwen3VLForConditionalGeneration",
        4438,
        title="Qwen3-VL 4B",
        note="Later than the paper.",
    ),
    _vlm(
        "smolvlm2-2.2b",
        "HuggingFaceTB/SmolVLM2-2.2B-Instruct",
        "SmolVLMForConditionalGeneration",
        2247,
        title="SmolVLM2 2.2B",
        note="Made for small machines.",
    ),
    _vlm(
        "llava-onevision-0.5b",
        "llava-hf/llava-onevision-qwen2-0.5b-ov-hf",
        "LlavaOnevisionForConditionalGeneration",
        894,
        title="LLaVA-OneVision 0.5B",
        note="The smallest that reads several pictures; it often misses the two lines that grounding asks for.",
    ),
    _vlm(
        "llava-onevision-7b",
        "llava-hf/llava-onevision-qwen2-7b-ov-hf",
        "LlavaOnevisionForConditionalGeneration",
        8030,
        title="LLaVA-OneVision 7B",
        note="T*'s open grounding model.",
    ),
    _vlm(
        "internvl3-1b",
        "OpenGVLab/InternVL3-1B-hf",
        "InternVLForConditionalGeneration",
        938,
        title="InternVL3 1B",
        note="Among the smallest; later than the papers here.",
    ),
    _vlm(
        "paligemma-3b",
        "google/paligemma-3b-mix-224",
        "PaliGemmaForConditionalGeneration",
        2923,
        title="PaliGemma 3B mix",
        licence="gemma",
        note="Gated. It reads its prompt in both directions and has no chat; attention can be probed, it cannot ground for T*.",
    ),
    _vlm(
        "gemma-3-4b",
        "google/gemma-3-4b-it",
        "Gemma3ForConditionalGeneration",
        4300,
        title="Gemma 3 4B",
        licence="gemma",
        note="Gated: accept its licence on the hub and log in before it can be fetched.",
    ),
    _vlm(
        "llava-1.5-7b",
        "llava-hf/llava-1.5-7b-hf",
        "LlavaForConditionalGeneration",
        7063,
        title="LLaVA-1.5 7B",
        licence="llama2",
        note="AdaptVis' own model. In nf4 it fits a GPU of 8 GB.",
    ),
    _vlm(
        "llava-1.6-7b",
        "llava-hf/llava-v1.6-vicuna-7b-hf",
        "LlavaNextForConditionalGeneration",
        7063,
        title="LLaVA-1.6 7B",
        licence="llama2",
        note="AdaptVis' second model; up to five views of a picture, 2,928 image tokens.",
    ),
    _vlm(
        "idefics2-8b",
        "HuggingFaceM4/idefics2-8b",
        "Idefics2ForConditionalGeneration",
        8403,
        title="Idefics2 8B",
        note="It sums a picture up in 64 tokens that stand for no places, so its gaze is drawn as bars.",
    ),
    _vlm(
        "pixtral-12b",
        "mistral-community/pixtral-12b",
        "LlavaForConditionalGeneration",
        12683,
        title="Pixtral 12B",
        note="Published in LLaVA's class with a processor of its own; pictures keep their shape.",
    ),
    _miniature_language("coda-english", 16, 164_544, "English facts",
                        "Trained here on invented facts in a few hundred English words; it knows no others."),
    _miniature_language("coda-p-law", 20, 228_672, "Popularity law",
                        "Trained here on invented words, popularity 2 to 100, weight decay 1.0: it keeps overshadowing."),
    _miniature_language("coda-p-law-low-decay", 14, 228_672, "Popularity law, low decay",
                        "The same sentences with weight decay 0.01: overshadowing comes and goes."),
    _miniature_language("coda-l-law", 16, 228_672, "Length law",
                        "Trained here on invented words, length 2 to 100, the rare word anywhere in the sentence."),
    _language("smollm2-135m", "HuggingFaceTB/SmolLM2-135M-Instruct", "LlamaForCausalLM", 135, title="SmolLM2 135M Instruct",
              dtype="float32", is_packaged=True,
              note="A real model that needs no hub: a Python package holds it, in 4 bit blocks that are unpacked here."),
    _language("pythia-160m", "EleutherAI/pythia-160m", "GPTNeoXForCausalLM", 162, title="Pythia 160M", dtype="float32",
              note="The smallest of the paper's size sweep."),
    _language("pythia-410m", "EleutherAI/pythia-410m", "GPTNeoXForCausalLM", 405, title="Pythia 410M", dtype="float32",
              note="Of the paper's size sweep."),
    _language("qwen2.5-0.5b", "Qwen/Qwen2.5-0.5B-Instruct", "Qwen2ForCausalLM", 494, title="Qwen2.5 0.5B Instruct",
              note="The quickest that follows instructions; later than most of the paper's models."),
    _language("pythia-1b", "EleutherAI/pythia-1b", "GPTNeoXForCausalLM", 1012, title="Pythia 1B", note="Of the paper's size sweep."),
    _language("llama-3.2-1b", "meta-llama/Llama-3.2-1B", "LlamaForCausalLM", 1236, title="Llama 3.2 1B", licence="llama3.2",
              note=_GATED),
    _language("pythia-1.4b", "EleutherAI/pythia-1.4b", "GPTNeoXForCausalLM", 1415, title="Pythia 1.4B",
              note="Of the paper's size sweep."),
    _language("qwen2.5-1.5b", "Qwen/Qwen2.5-1.5B-Instruct", "Qwen2ForCausalLM", 1544, title="Qwen2.5 1.5B Instruct",
              note="Small and follows instructions."),
    _language("smollm2-1.7b", "HuggingFaceTB/SmolLM2-1.7B-Instruct", "LlamaForCausalLM", 1711, title="SmolLM2 1.7B Instruct",
              note="Made for small machines."),
    _language("pythia-2.8b", "EleutherAI/pythia-2.8b", "GPTNeoXForCausalLM", 2775, title="Pythia 2.8B",
              note="Of the paper's size sweep; the synthetic sentences are drawn from its vocabulary."),
    _language("phi-2", "microsoft/phi-2", "PhiForCausalLM", 2780, title="Phi-2 2.8B", licence="mit",
              note="Of the paper's size sweep."),
    _language("llama-3.2-3b", "meta-llama/Llama-3.2-3B", "LlamaForCausalLM", 3213, title="Llama 3.2 3B", licence="llama3.2",
              note=_GATED),
    _language("gpt-j-6b", "EleutherAI/gpt-j-6b", "GPTJForCausalLM", 6051, title="GPT-J 6B",
              note="Of the paper's size sweep. Published as pickled weights only, which are not read here: save it once as "
              "safetensors and open the folder."),
    _language("llama-2-7b-chat", "meta-llama/Llama-2-7b-chat-hf", "LlamaForCausalLM", 6738, title="Llama 2 7B Chat",
              licence="llama2", dtype="float16", note=f"The paper's main model. {_GATED}"),
    _language("llama-2-7b", "meta-llama/Llama-2-7b-hf", "LlamaForCausalLM", 6738, title="Llama 2 7B", licence="llama2",
              dtype="float16", note=f"Of the paper's size sweep. {_GATED}"),
    _language("olmo-7b", "allenai/OLMo-7B-hf", "OlmoForCausalLM", 6888, title="OLMo 7B",
              note="The paper counts its training corpus, Dolma."),
    _language("mistral-7b", "mistralai/Mistral-7B-v0.1", "MistralForCausalLM", 7242, title="Mistral 7B",
              note="The paper's second model; it does not say which version."),
    _language("mistral-7b-instruct", "mistralai/Mistral-7B-Instruct-v0.3", "MistralForCausalLM", 7248, title="Mistral 7B Instruct",
              note="In nf4 it fits a GPU of 16 GB."),
    _language("qwen2.5-7b", "Qwen/Qwen2.5-7B-Instruct", "Qwen2ForCausalLM", 7616, title="Qwen2.5 7B Instruct",
              note="In nf4 it fits a GPU of 16 GB."),
    _language("llama-3.1-8b", "meta-llama/Llama-3.1-8B-Instruct", "LlamaForCausalLM", 8030, title="Llama 3.1 8B Instruct",
              licence="llama3.1", note=f"In nf4 it fits a GPU of 16 GB. {_GATED}"),
    _language("llama-2-13b", "meta-llama/Llama-2-13b-hf", "LlamaForCausalLM", 13016, title="Llama 2 13B", licence="llama2",
              dtype="float16", note=f"The largest of the paper's size sweep. {_GATED}"),
)


def rungs(role: Role) -> tuple[Rung, ...]:
    """Return the ladder of one role, the smallest step first."""
    return tuple(rung for rung in RUNGS if rung.role == role)


def find(name: str) -> Rung:
    """Return the rung of that name; raise InputError where no role has one."""
    for rung in RUNGS:
        if rung.name == name:
            return rung
    raise InputError(f"There is no model {name[:80]!r}. Choose one of: {', '.join(rung.name for rung in RUNGS)}.")


def epochs(rung: Rung) -> tuple[int, ...]:
    """Return the epochs at which a miniature was kept, in order; empty where it was kept once."""
    parent = folder_of(rung).parent
    if not rung.is_miniature or not _EPOCH.fullmatch(folder_of(rung).name):
        return ()
    return tuple(sorted(int(match[1]) for folder in parent.glob("epoch-*") if (match := _EPOCH.fullmatch(folder.name))))


def at_epoch(rung: Rung, epoch: int) -> Rung:
    """Return the same rung at another epoch of its training. Raises InputError where that epoch was not kept."""
    if epoch not in epochs(rung):
        kept = ", ".join(map(str, epochs(rung))) or "none"
        raise InputError(f"{rung.title} was not kept at epoch {epoch}. Kept epochs: {kept}.")
    return replace(rung, source=f"{rung.source.rpartition('/')[0]}/epoch-{epoch:02d}")


def downloads_allowed() -> bool:
    """Return whether a load may fetch from the hub: ORRERY_ALLOW_DOWNLOAD=1 and not HF_HUB_OFFLINE=1."""
    offline = os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "TRUE", "YES", "ON"}
    return os.environ.get("ORRERY_ALLOW_DOWNLOAD") == "1" and not offline


def availability(rung: Rung, device: str | None = None, quantisation: Quantisation = "none") -> Availability:
    """Return whether the rung's files are here and fit the device; looks at the disk only, never at the network."""
    device = device or devices.best_device()
    if quantisation not in rung.quantisations:
        return Availability(False, f"{rung.title} does not run in {quantisation}; it does in {_words(rung.quantisations)}.")
    missing = missing_files(rung)
    if missing:
        return Availability(False, missing)
    need_mb, limit_mb = rung.memory_mb[quantisation], devices.model_limit_mb(device)
    total_mb, free_mb = devices.total_and_free_mb(device)
    if need_mb > limit_mb:
        return Availability(
            False,
            f"{rung.title} needs about {need_mb:,} MB; models may take {limit_mb:,} MB of this machine's {total_mb:,} MB."
            f"{smaller_choice(rung, quantisation, limit_mb)}",
        )
    is_here = rung.is_on_disk or _is_cached(rung.source)
    fetch = "" if is_here else " It is downloaded first."
    return Availability(True, f"Needs about {need_mb:,} MB; {free_mb:,} MB of {total_mb:,} MB are free now.{fetch}")


def smaller_choice(rung: Rung, quantisation: Quantisation, limit_mb: int) -> str:
    """Return " Choose ..." with a way to fit into `limit_mb`: a stronger quantisation or a smaller rung of the role."""
    for kind in rung.quantisations:
        if kind != quantisation and rung.memory_mb[kind] <= limit_mb:
            return f" Choose {kind}, which needs about {rung.memory_mb[kind]:,} MB."
    fitting = [other for other in rungs(rung.role) if min(other.memory_mb.values()) <= limit_mb and other != rung]
    if fitting:
        other = max(fitting, key=lambda rung: rung.parameters)
        kind = min(other.memory_mb, key=lambda kind: other.memory_mb[kind])
        how = "" if kind == "none" else f" in {kind}"
        return f" Choose {other.title}{how}, which needs about {other.memory_mb[kind]:,} MB."
    return " No model of this role fits; a machine with more memory is needed."


def missing_files(rung: Rung) -> str:
    """Return one sentence on what is missing on this disk, or an empty string when a load can start."""
    package = _PACKAGES.get(rung.architecture)
    if package and find_spec(package) is None:
        return f"{rung.title} needs the package {package}, which is not installed. Install it with: pip install {package}."
    if rung.is_packaged:
        return real.missing(rung.name, rung.title)
    if rung.is_on_disk:
        folder = folder_of(rung)
        if (folder / "config.json").is_file() and any(folder.glob("*.safetensors")):
            return ""
        if rung.is_local:
            return f"{rung.title} has no config.json with safetensors weights any more. Write it again with save_pretrained."
        recipe = f"coda {rung.name}" if rung.role == "language" else rung.name.replace("-", "_")
        return f"{rung.title} is not in this copy. Make it with: python -m models.recipes.{recipe}."
    if _is_cached(rung.source) or downloads_allowed():
        return ""
    return (
        f"{rung.source} is not in this machine's model cache. Set ORRERY_ALLOW_DOWNLOAD=1 to fetch it, or fetch it "
        f"with: hf download {rung.source}."
    )


def folder_of(rung: Rung) -> Path:
    """Return the folder of a rung that is one of this machine, or will be; of any other, that of the hub id in the local cache.

    Raises:
        InputError: the cache does not have it.
    """
    if rung.is_packaged:
        return real.folder_of(rung.name)
    if rung.is_on_disk:
        return Path(rung.source) if rung.is_local else MINIATURES / rung.source
    folder = _cached_folder(rung.source)
    if folder is None:
        raise InputError(missing_files(rung))
    return folder


def name_of(rung: Rung) -> str:
    """Return what people call a rung's files: the hub id, or the folder's own name."""
    return Path(rung.source).name if rung.is_local else rung.source


def _cached_folder(hub_id: str) -> Path | None:
    """Return the folder of a hub id's newest files in the local cache."""
    config = try_to_load_from_cache(hub_id, "config.json")
    return Path(config).parent if isinstance(config, str) else None


def _is_cached(hub_id: str) -> bool:
    """Return whether config and every safetensors shard of a hub id lie in the local cache."""
    folder = _cached_folder(hub_id)
    try:
        return folder is not None and bool(shards_of(folder, name=hub_id))
    except InputError:
        return False


def local_rung(path: str | Path, role: Role) -> Rung:
    """Return the rung of a folder written by save_pretrained.

    Raises:
        InputError: the folder lies outside ORRERY_MODELS_DIR, holds no safetensors (pickled weights are never
            read), its class is none that this role runs, or its config claims more than its weights hold.
    """
    if role not in get_args(Role):
        raise InputError(f"There is no role {role!r}. The roles are {_words(get_args(Role))}.")
    folder = _allowed_folder(path)
    config = read_config(folder, name=folder.name)
    architecture, dtype = _class_and_dtype(config, folder.name, role)
    held = held_in(folder, name=folder.name)
    check_config(config, held, name=folder.name)
    theta, floor = family_thresholds(architecture) if role == "detector" else (None, None)
    place = folder.relative_to(_models_folder()).as_posix()  # two nested folders may have one name
    return Rung(
        name=f"local:{place}",
        role=role,
        title=f"{place} (local folder)",
        source=str(folder),
        loader=_CLASSES[role][1],
        architecture=architecture,
        licence="its owner's",
        parameters=held.parameters,
        dtype=dtype,
        is_local=True,
        note=f"A local folder of class {architecture}.",
        theta=theta,
        floor=floor,
    )


def family_thresholds(architecture: str) -> tuple[float | None, float | None]:
    """Return theta and floor of the published detectors of that class: a fine-tuned one scores on its family's scale."""
    return next(((rung.theta, rung.floor) for rung in rungs("detector") if rung.architecture == architecture), (None, None))


def is_local_name(name: str) -> bool:
    """Return whether a relative name is that of a folder below ORRERY_MODELS_DIR; nothing is told of other places."""
    root_text = os.environ.get("ORRERY_MODELS_DIR")
    if not root_text or not name.strip() or "\x00" in name:
        return False
    root = Path(root_text).resolve()
    folder = (root / name).resolve()
    return folder != root and folder.is_relative_to(root) and os.path.isdir(folder)  # is_dir raises where a name is too long


def local_folders(*, most: int, depth: int = 3) -> list[Path]:
    """Return the folders below ORRERY_MODELS_DIR that hold a config.json, at most so many levels down, in order of their names."""
    root_text = os.environ.get("ORRERY_MODELS_DIR")
    found: list[Path] = []
    level = [Path(root_text).resolve()] if root_text and Path(root_text).is_dir() else []
    for _ in range(depth):
        level = [path for folder in level for path in _subfolders(folder)][:MAX_LOOKED_AT]
        found += [path for path in level if (path / "config.json").is_file()]
    return sorted(found)[:most]


def _subfolders(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.is_dir() and not path.is_symlink() and not path.name.startswith("."))
    except OSError:  # one that may not be read
        return []


def _models_folder() -> Path:
    root_text = os.environ.get("ORRERY_MODELS_DIR")
    if not root_text:
        raise InputError("Local model folders are off. Set ORRERY_MODELS_DIR to the folder that holds them.")
    return Path(root_text).resolve()


def _allowed_folder(path: str | Path) -> Path:
    root = _models_folder()
    if "\x00" in str(path):
        raise InputError("The model folder's name holds a null character. Name a folder below ORRERY_MODELS_DIR.")
    folder = (root / path).resolve()  # follows links and "..", so that neither leads outside
    if folder == root or not folder.is_relative_to(root):
        raise InputError(f"The model folder {str(path)[:80]!r} is not below ORRERY_MODELS_DIR. Name a folder inside it.")
    if not os.path.isdir(folder):
        raise InputError(f"There is no model folder {str(path)[:80]!r}. Name a folder that lies in ORRERY_MODELS_DIR.")
    for file in folder.iterdir():
        if not file.resolve().is_relative_to(root):
            raise InputError(f"{file.name[:80]!r} in {folder.name!r} links outside ORRERY_MODELS_DIR. Copy the file itself.")
    return folder


def _class_and_dtype(config: Mapping[str, Any], name: str, role: Role) -> tuple[str, Literal["float32", "float16", "bfloat16"]]:
    try:
        architecture = str(config["architectures"][0])
    except (KeyError, IndexError, TypeError) as error:
        raise InputError(f'config.json of {name!r} names no class. It must hold "architectures".') from error
    known = _CLASSES[role][0]
    if architecture not in known:
        raise InputError(f"{name!r} is a {architecture[:80]!r}, which is no {role} here. Known are {_words(known)}.")
    found: Any = config.get("dtype") or config.get("torch_dtype")
    dtype: Any = found if isinstance(found, str) and found in _BYTES else "float32"
    return architecture, dtype


def _words(names: tuple[str, ...]) -> str:
    return ", ".join(names)
