"""The miniatures that come with the app, one entry each."""

from pathlib import Path

from models.catalogue.rung import Rung

MINIATURES = Path(__file__).parents[1] / "miniatures"


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


SHIPPED: tuple[Rung, ...] = (
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
    _miniature_language("coda-english", 16, 164_544, "English facts",
                        "Trained here on invented facts in a few hundred English words; it knows no others."),
    _miniature_language("coda-p-law", 20, 228_672, "Popularity law",
                        "Trained here on invented words, popularity 2 to 100, weight decay 1.0: it keeps overshadowing."),
    _miniature_language("coda-p-law-low-decay", 14, 228_672, "Popularity law, low decay",
                        "The same sentences with weight decay 0.01: overshadowing comes and goes."),
    _miniature_language("coda-l-law", 16, 228_672, "Length law",
                        "Trained here on invented words, length 2 to 100, the rare word anywhere in the sentence."),
)
