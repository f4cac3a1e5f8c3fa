"""Which processor lays pictures and words out for a checkpoint: the one that its own files name, loaded without its part for videos.

A config's class does not tell: Pixtral is published inside LLaVA's class and asked with rows of image tokens that LLaVA's own
processor would leave out, silently. The families' combined processors also build a video processor, which needs torchvision;
frames are pictures here, so that part is left out and nothing is missed.
"""

import importlib
import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from transformers import AutoConfig, AutoTokenizer, ProcessorMixin
from transformers.models.auto.image_processing_auto import AutoImageProcessor
from transformers.models.auto.processing_auto import PROCESSOR_MAPPING, processor_class_from_name
from transformers.utils import cached_file

from worlds.errors import InputError

NAMED_IN = ("processor_config.json", "preprocessor_config.json", "tokenizer_config.json")  # in transformers' own order
MAX_FILE_BYTES = 16_000_000  # Gemma's tokenizer_config.json has 1.2 MB
PARTS = {"image_processor", "tokenizer", "video_processor"}
NEEDED = {"image_processor", "tokenizer"}
_ALSO_WITHOUT_TORCHVISION = {"PixtralProcessor": "pixtral"}  # they take one function from a module that imports it, and PIL's has it
_importing = threading.Lock()


def load_image_processor_only(source: str, *, local_files_only: bool, trust_remote_code: bool = False) -> ProcessorMixin:
    """Return the checkpoint's own combined processor for pictures and text, without its part for videos.

    Raises:
        InputError: the checkpoint names no processor that is known here, or one that does not read pictures and text.
    """
    options = {"local_files_only": local_files_only, "trust_remote_code": trust_remote_code}
    own: Any = processor_class(source, local_files_only=local_files_only)  # Any: known only now, and subclassed below

    class PicturesOnly(own):  # type: ignore[misc]
        """The real processor; its video part is None, which the real one refuses."""

        def check_argument_for_proper_class(self, argument_name: str, argument: object) -> object:
            return type(None) if argument is None else super().check_argument_for_proper_class(argument_name, argument)

        @classmethod
        def get_attributes(cls) -> list[str]:
            return list(own.get_attributes())

        @classmethod
        def _get_arguments_from_pretrained(cls, path: str, processor_dict: object = None, **_: object) -> list[object]:
            parts = {
                "image_processor": lambda: AutoImageProcessor.from_pretrained(path, backend="pil", **options),
                "tokenizer": lambda: AutoTokenizer.from_pretrained(path, **options),
                "video_processor": lambda: None,
            }
            return [parts[name]() for name in cls.get_attributes()]

    PicturesOnly.__name__ = own.__name__
    processor: ProcessorMixin = PicturesOnly.from_pretrained(source, **options)
    if getattr(processor, "image_token", None) is None:
        raise InputError(f"This checkpoint names the processor {own.__name__!r}, which leaves no place for a picture in a text.")
    return processor


def processor_class(source: str, *, local_files_only: bool) -> type[ProcessorMixin]:
    """Return the class that the checkpoint names, or its config's own where it names none."""
    name = _named(source, local_files_only)
    if name is None:
        config = AutoConfig.from_pretrained(source, local_files_only=local_files_only, trust_remote_code=False)
        if type(config) not in PROCESSOR_MAPPING:
            raise InputError(f"The family {config.model_type!r} has no processor for chats with pictures. Choose another model.")
        own: Any = PROCESSOR_MAPPING[type(config)]  # Any: transformers' type says pairs, and it holds classes
        return _checked(own.__name__)
    return _checked(name)


def _named(source: str, local_files_only: bool) -> str | None:
    """Return the name of the class that the checkpoint's files give."""
    for file in NAMED_IN:
        path = cached_file(source, file, local_files_only=local_files_only, _raise_exceptions_for_missing_entries=False,
                           _raise_exceptions_for_connection_errors=False, _raise_exceptions_for_gated_repo=False)
        found = _read(Path(path)).get("processor_class") if path else None
        if found is not None:
            return str(found)
    return None


def _read(path: Path) -> dict[str, object]:
    if path.stat().st_size > MAX_FILE_BYTES:
        raise InputError(f"{path.name} has {path.stat().st_size / 1e6:.0f} MB. At most {MAX_FILE_BYTES / 1e6:.0f} MB are read.")
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path.name} of this checkpoint is no JSON that can be read. Write it with save_pretrained.") from error
    return found if isinstance(found, dict) else {}


def _checked(name: str) -> type[ProcessorMixin]:
    """Return the class of that name. Raises InputError where transformers has none, or it reads something else."""
    with _without_torchvision(name):
        found = processor_class_from_name(name) if name.endswith("Processor") else None
    if packages := getattr(found, "_backends", None):  # a stand-in that transformers puts where a package is missing
        raise InputError(f"This checkpoint is read by {name[:80]!r}, which needs {', '.join(packages)}. Not all of it is installed.")
    if not (isinstance(found, type) and issubclass(found, ProcessorMixin) and found.__module__.startswith("transformers.")):
        raise InputError(f"This checkpoint names the processor {name[:80]!r}, which is not known here. It must be one of "
                         "transformers' own; code that lies beside weights is never run.")
    parts = set(found.get_attributes())
    if not NEEDED <= parts <= PARTS:
        raise InputError(f"This checkpoint names the processor {name[:80]!r}, which takes {', '.join(sorted(parts))}. It must take "
                         "pictures and text, and nothing else but videos.")
    return found


@contextmanager
def _without_torchvision(name: str) -> Iterator[None]:
    """Let a processor be imported that wants a module with torchvision in it for one function, which PIL's module has too."""
    family = _ALSO_WITHOUT_TORCHVISION.get(name)
    if family is None or importlib.util.find_spec("torchvision") is not None:
        yield
        return
    package = f"transformers.models.{family}"
    with _importing:
        wanted, missing = f"{package}.processing_{family}", f"{package}.image_processing_{family}"
        if wanted not in sys.modules:
            sys.modules[missing] = importlib.import_module(f"{package}.image_processing_pil_{family}")
            try:
                setattr(importlib.import_module(package), name, getattr(importlib.import_module(wanted), name))
            finally:
                del sys.modules[missing]
        yield
