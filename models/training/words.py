"""A tokenizer whose tokens are whole words, for language models trained here on a few hundred of them."""

from collections.abc import Sequence

from tokenizers import Regex, Tokenizer, normalizers, pre_tokenizers, processors
from tokenizers.models import WordLevel
from transformers import PreTrainedTokenizerFast

from models.training.language import CONTEXT

PAD, BOS, EOS, MASK = range(4)  # of every such vocabulary, in front
MAX_OPENINGS = 32


def word_tokenizer(words: Sequence[str], openings: Sequence[str] = (), *, marks: Sequence[str] = (),
                   context: int = CONTEXT) -> PreTrainedTokenizerFast:
    """Return the tokenizer; bos is put in front by itself, and a word that is not there is read as the mask, which says nothing.

    Args:
        words: (vocabulary,) by id, <pad>, <bos>, <eos> and <mask> first.
        openings: the words, in small letters, that sentences begin with. People begin with a capital one, so that is undone where
            there are few.
        marks: words among them that are never taken apart, whatever stands in them.
        context: positions of the model that reads them.
    """
    pad, bos, eos, mask = words[:4]
    tokenizer = Tokenizer(WordLevel({word: token for token, word in enumerate(words)}, unk_token=mask))
    first = sorted(set(openings))
    if 0 < len(first) <= MAX_OPENINGS:  # openings of English templates; invented words have no capitals
        changes = [normalizers.Replace(Regex(rf"\A{word.capitalize()}\b"), word) for word in first if word.islower()]
        tokenizer.normalizer = normalizers.Sequence([normalizers.Strip(), *changes])
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(single=f"{bos} $A", special_tokens=[(bos, BOS)])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=pad,
        bos_token=bos,
        eos_token=eos,
        mask_token=mask,
        unk_token=mask,
        padding_side="left",  # answers grow on the right
        model_max_length=context,
        additional_special_tokens=list(marks) or None,
    )
