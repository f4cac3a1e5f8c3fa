"""A vision-language model that reads frames and answers with text: it grounds a question and it answers one.

The prompts follow T* (arXiv 2504.02259, section 3.1) in our own words. Decoding is greedy unless a temperature is asked for: the same
frames and question give the same text. What comes back is raw; parsing it is the backend's matter.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image
from transformers import PreTrainedModel, ProcessorMixin

from models.boxes import check_canvases
from models.told import blaming_the_tokenizer, chat_text, check_ids, check_room
from models.writing import Draw, written
from worlds.errors import InputError

GROUNDING_TOKENS = 512  # T*'s own limit
ANSWER_TOKENS = 30  # T*'s own limit
LETTERS = "ABCDEFGHIJ"


class VisionLanguageModel:
    """A chat model that takes pictures, called with frames in the order of time."""

    def __init__(self, model: PreTrainedModel, processor: ProcessorMixin) -> None:
        self.model: Any = model  # Any: the checkpoint's own class; what they share does not declare that they generate
        self.processor = processor

    def ground(self, frames: np.ndarray, question: str, options: Sequence[str] = (), *, max_tokens: int = GROUNDING_TOKENS) -> str:
        """Return the raw text that should name key objects on its first line and cue objects on its second.

        Args:
            frames: (frames, height, width, 3) uint8 RGB in the order of time, at least one.
        Raises:
            ValueError: the frames have another shape or type.
        """
        return self.say(frames, grounding_prompt(question, options), max_tokens=max_tokens)

    def answer(self, frames: np.ndarray, question: str, options: Sequence[str] = (), *, max_tokens: int = ANSWER_TOKENS) -> str:
        """Return the raw text that should be one option's letter, or a short answer where there are no options."""
        return self.say(frames, answer_prompt(question, options), max_tokens=max_tokens)

    def say(self, frames: np.ndarray, prompt: str, *, max_tokens: int, temperature: float = 0.0, draw: Draw = (0, 0),
            keeps_marks: bool = False, begun: str = "") -> str:
        """Return the model's reply to the frames followed by the prompt.

        Args:
            frames: (frames, height, width, 3) uint8 RGB in the order of time, at least one.
            begun: how its reply begins, which it goes on from; what comes back begins with it.
            max_tokens, temperature, draw, keeps_marks: as in `writing.written`.
        Raises:
            InputError: it has no chat template, cannot take the frames and the prompt, or its context has no room for them and the
                reply.
        """
        inputs = self.inputs(frames, prompt, begun=begun)
        most = getattr(self.model.config.get_text_config(), "max_position_embeddings", None)
        if most:
            check_room(inputs["input_ids"].shape[1], max_tokens, most)
        reply = written(self.model, self.processor.tokenizer, inputs, max_tokens=max_tokens, temperature=temperature, draw=draw,
                        keeps_marks=keeps_marks)
        return begun + reply

    def inputs(self, frames: np.ndarray, prompt: str, *, begun: str = "") -> dict[str, Any]:
        """Return what the model is called with for the frames, the prompt and the beginning of a reply: one row.

        Raises:
            InputError: as in `say`, but for the room.
        """
        check_canvases(frames)
        if not len(frames):
            raise ValueError("there are 0 frames; a vision-language model is asked about 1 or more")
        if not self.processor.chat_template and not getattr(self.processor.tokenizer, "chat_template", None):
            raise InputError("This model has no chat template, so it cannot be asked. Choose an instruction-tuned model.")
        content: list[dict[str, str]] = [{"type": "image"} for _ in frames] + [{"type": "text", "text": prompt}]
        text = chat_text(self.processor, content) + begun
        pictures = [Image.fromarray(frame) for frame in frames]
        try:
            with blaming_the_tokenizer():
                inputs = self.processor(images=[pictures], text=[text], return_tensors="pt")
        except ValueError as error:  # of a template that forgets the pictures, say
            raise InputError(f"This model cannot take the picture and the question: {str(error)[:200]}") from error
        dtype = next(p.dtype for p in self.model.parameters() if p.dtype.is_floating_point)
        check_ids(inputs["input_ids"].flatten().tolist(), self.model)
        return {k: v.to(self.model.device, dtype if v.is_floating_point() else None) for k, v in inputs.items()}


def grounding_prompt(question: str, options: Sequence[str] = ()) -> str:
    """Return the request for key and cue objects, one comma-separated line each."""
    return "\n".join(
        [
            "These pictures are frames of one video, in the order of time. Somewhere in the video lies the answer to a question.",
            f"Question: {question.strip()}",
            *_option_lines(options),
            "Which visible things would lead to the moments that answer it?",
            "Key objects: things that the question or its answer is about, and that show where the answer is.",
            "Cue objects: things that are likely to stand near the key objects in the same scenes.",
            "Reply with exactly two lines and nothing else, short nouns separated by commas:",
            "first line: the key objects",
            "second line: the cue objects",
        ]
    )


def answer_prompt(question: str, options: Sequence[str] = ()) -> str:
    """Return the request for the letter of the best option, or for a short answer where there are none."""
    ending = "Reply with the letter of the best option only." if options else "Reply with a few words only."
    return "\n".join(
        [
            "These pictures are frames of one video, in the order of time. Use them to answer the question.",
            f"Question: {question.strip()}",
            *_option_lines(options),
            ending,
        ]
    )


def _option_lines(options: Sequence[str]) -> list[str]:
    if len(options) > len(LETTERS):
        raise InputError(f"There are {len(options)} options. At most {len(LETTERS)} can be lettered here.")
    return [f"{letter}. {option.strip()}" for letter, option in zip(LETTERS, options)]
