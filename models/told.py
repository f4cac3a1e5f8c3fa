"""What a checkpoint tells of itself beside its weights, read as a stranger's: its chat template, its ends, its words.

A folder may load and still not belong together. What does not is one sentence when the model is asked, never an error of
transformers or jinja.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from jinja2 import TemplateError
from transformers import PreTrainedModel, ProcessorMixin

from worlds.errors import InputError

# what a template may end in: jinja's own, and whatever the expressions in it do
TEMPLATE_ERRORS = (TemplateError, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


def chat_text(processor: ProcessorMixin, content: Sequence[dict[str, str]]) -> str:
    """Return a person's turn in the checkpoint's chat template.

    Raises:
        InputError: the template cannot be used.
    """
    turn: Any = {"role": "user", "content": list(content)}  # Any: transformers' type has a content of texts only
    try:
        return str(processor.apply_chat_template([turn], add_generation_prompt=True))
    except TEMPLATE_ERRORS as error:
        reason = " ".join(str(error).split())[:160].rstrip(".") or type(error).__name__
        raise InputError(f"This model's chat template cannot be used: {reason}. Mend it, or choose another model.") from error


class TooLong(InputError):
    """A prompt that a model's context cannot hold."""


def check_room(num_tokens: int, new_tokens: int, most: int) -> None:
    """Raise TooLong where a prompt and the tokens to be written do not fit a context of `most` tokens."""
    if num_tokens + new_tokens <= most:
        return
    more = f" and {new_tokens} are to be written" if new_tokens else ""
    raise TooLong(f"The prompt has {num_tokens} tokens{more}; this model reads at most {most}. Use a shorter one.")


def token_ids(*found: object) -> frozenset[int]:
    """Return the ids among what configs name as one token or several; what is no whole number names none."""
    listed = [entry if isinstance(entry, list | tuple) else [entry] for entry in found]
    return frozenset(token for entry in listed for token in entry if isinstance(token, int) and not isinstance(token, bool))


def num_tokens(model: PreTrainedModel) -> int:
    """Return how many tokens the weights have: rows of the embedding, whatever the tokenizer names."""
    embedding: Any = model.get_input_embeddings()  # Any: torch knows of no attribute of a module what it is
    return int(embedding.weight.shape[0])


def check_ids(ids: Iterable[int], model: PreTrainedModel) -> None:
    """Raise InputError where a tokenizer gives tokens that the weights do not have."""
    num_rows, top = num_tokens(model), max(ids, default=0)
    if top >= num_rows:
        raise InputError(f"This model's tokenizer gives token {top:,}, and its weights have {num_rows:,}. They are of two models: "
                         "save both again in one folder.")


@contextmanager
def blaming_the_tokenizer() -> Iterator[None]:
    """Turn what the tokenizers library raises, which has no class of its own, into one sentence."""
    try:
        yield
    except Exception as error:
        if type(error) is not Exception:
            raise
        raise InputError(f"This model's tokenizer cannot read the text: {str(error)[:160].rstrip('.')}. Its files must be complete "
                         "and of one model.") from error
