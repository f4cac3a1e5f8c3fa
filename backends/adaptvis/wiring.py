"""Settings turned into what the tap takes."""

from backends.adaptvis.settings import AdaptVisSettings
from models.attention import Scaling
from models.vlm import VisionLanguageModel
from worlds.errors import InputError

ALPHAS = (0.0, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0, 3.0)
IMAGE_MARK = "<image>"  # where the picture goes in a released prompt
OFFICIAL_LAYOUT = "{image}\nUSER: {question}\nASSISTANT:"  # of the released prompt files


def alphas_of(settings: AdaptVisSettings) -> tuple[float, ...]:
    """Return the grid and the three alphas of the settings, in order, 1 among them."""
    return tuple(sorted({*ALPHAS, settings.alpha, settings.alpha1, settings.alpha2}))


def scaling_of(settings: AdaptVisSettings, vlm: VisionLanguageModel) -> Scaling:
    """Return which layers and heads are changed, and how.

    Raises:
        InputError: the model has no such layer.
    """
    count = int(vlm.model.config.get_text_config().num_hidden_layers)
    last = count - 1 if settings.last_layer is None else settings.last_layer
    if settings.first_layer >= count or last >= count:
        raise InputError(f"Layers {settings.first_layer} to {last} are asked for. This model has {count}: 0 to {count - 1}.")
    layers = None if (settings.first_layer, last) == (0, count - 1) else frozenset(range(settings.first_layer, last + 1))
    return Scaling(variant=settings.variant, layers=layers, heads=frozenset(settings.heads) or None, columns=settings.columns,
                   every_step=settings.every_step)


def layout_of(settings: AdaptVisSettings, released: str | None = None) -> str | None:
    """Return the prompt's layout; None is the checkpoint's own.

    Args:
        released: the whole prompt of a released file, which then is the layout, byte for byte.
    """
    if settings.prompt != "official":
        return None
    return OFFICIAL_LAYOUT if released is None else released.replace(IMAGE_MARK, "{image}")
