"""A tokenizer whose tokens are whole words, for models trained on overshadowing corpora; bos is put in front by itself."""

from tokenizers import Regex, Tokenizer, normalizers, pre_tokenizers, processors
from tokenizers.models import WordLevel
from transformers import PreTrainedTokenizerFast

from models.recipes.coda import CONTEXT
from worlds.facts.corpus import BOS, EOS, MASK, PAD, Corpus


def word_tokenizer(corpus: Corpus) -> PreTrainedTokenizerFast:
    """Return the tokenizer of a corpus's words; a word that it lacks is read as the mask, which says nothing.

    Every sentence of a corpus begins with a small letter. People begin with a capital one, so that is undone.
    """
    pad, bos, eos, mask = (corpus.words[token] for token in (PAD, BOS, EOS, MASK))
    tokenizer = Tokenizer(WordLevel({word: token for token, word in enumerate(corpus.words)}, unk_token=mask))
    first = sorted({corpus.words[statement.prompt[0]] for statement in corpus.statements()})
    if len(first) <= 32:  # openings of English templates; invented words have no capitals
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
        model_max_length=CONTEXT,
    )
