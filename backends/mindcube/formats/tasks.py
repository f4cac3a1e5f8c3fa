"""Which configuration a file of MindCube belongs to: by its name, else by what its prompts ask."""

import re
from collections import Counter
from collections.abc import Iterable

from backends.mindcube.formats.listing import TaskFrom
from backends.mindcube.prompts import BY_KEY, configuration_of

_TRIED = 50  # prompts
# what RL's files call themselves; the longer name stands first
_OF_RL = {"cogmap_and_reasoning_plain": "plain_cgmap_ffr_out", "cogmap_and_reasoning": "aug_cgmap_ffr_out", "baseRL": "ff_rsn"}
_KEYS = {**{key: key for key in BY_KEY}, **_OF_RL}
_NAMED = re.compile("(?:^|_)(" + "|".join(sorted(_KEYS, key=len, reverse=True)) + r")(?=_|\.|$)")
_RESPONSES = re.compile(r"_(?:qwen_sft|responses|eval\w*|results)$")


def task_of(name: str, prompts: Iterable[str]) -> tuple[str, TaskFrom]:
    """Return the key of a file's configuration, and what told it; "" where nothing does.

    Args:
        prompts: of its rows; the configuration that most of the first ask for counts.
    """
    if match := _NAMED.search(_stem(name)):
        return _KEYS[match[1]], "name"
    asked = Counter(found.key for _, prompt in zip(range(_TRIED), prompts) if prompt and (found := configuration_of(prompt)))
    return (asked.most_common(1)[0][0], "prompt") if asked else ("", "")


def model_of(name: str) -> str:
    """Return the model that a file of replies is named after: what stands behind the task; "" where no task is in its name."""
    match = _NAMED.search(_stem(name))
    return _RESPONSES.sub("", _stem(name)[match.end():]).strip("_")[:200] if match else ""


def _stem(name: str) -> str:
    base = name.replace("\\", "/").rpartition("/")[2]
    return re.sub(r"\.(?:jsonl?|ndjson)$", "", base[-300:])
