"""The words, tokenizer and processor of the scene miniature: whole words, small letters, punctuation apart.

More words are here than its scenes need: rooms, viewpoints, turns, numbers, letters and marks for maps, so that a model
trained further on other questions keeps its tokenizer. A word that is not here is read as <unk>.
"""

from collections.abc import Sequence

from tokenizers import Tokenizer, normalizers, pre_tokenizers, processors
from tokenizers.models import WordLevel
from transformers import CLIPImageProcessorPil, LlavaProcessor, PreTrainedTokenizerFast

from worlds.kit import COLOURS, FLOORS, KINDS, WALLS

PAD, UNK, BOS, EOS, IMAGE = range(5)
SPECIAL = ("<pad>", "<unk>", "<s>", "</s>", "<image>")
MEAN, STD = (0.48, 0.46, 0.41), (0.27, 0.26, 0.28)
_BOX_FILTER = 4  # PIL: a large picture is averaged down as the training pictures were
_WORDS = """
user assistant : ? . , ! ; ' " ( ) [ ] { } < > / - _ = + where is are the a an in of to and or with not no yes it there this that
these answer relation left right on under front behind above below top bottom middle centre between near next far nearest beside
facing photo picture pictures image scene view views frame frames video first second third last same other another different order
time what which who how many much when why whose colour shape size kind thing things object objects can see seen visible hidden
describe say reply give choose question questions option options letter word words line only few short best one room door window
wall floor corner rug ceiling house kitchen bedroom hall garden outside inside small large big tiny i you am my me your stand
stood standing look looking turn turned turning walk move moved go went forward back backward around clockwise degrees step steps
direction north south east west side opposite toward away from at by then now if after before map grid cell row column position x
y facing up down think so because therefore must true false empty full zero two three four five six seven eight nine ten 0 1 2 3 4
5 6 7 8 9 10 45 90 180 270 360 b c d e f g h i j pick put place open close take drop goal agent box key ball lies lie use
them they was were be been has have had do does person toy toys furniture wooden white grey black brown dark light pale mug cup
book plate bowl
"""


def vocabulary() -> tuple[str, ...]:
    """Return all tokens in the order of their ids."""
    kit = (*COLOURS, *KINDS, *WALLS, *FLOORS)
    return tuple(dict.fromkeys((*SPECIAL, *_WORDS.split(), *kit)))


def word_tokenizer(words: Sequence[str] = (), *, marks: Sequence[str] = ()) -> PreTrainedTokenizerFast:
    """Return the tokenizer; <s> is put in front by itself, so that attention has somewhere to rest.

    Args:
        words: (vocabulary,) by id, SPECIAL first; without it those of the scenes.
        marks: tokens among them that are never taken apart.
    """
    tokenizer = Tokenizer(WordLevel({word: token for token, word in enumerate(words or vocabulary())}, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation()])
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", BOS)])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        unk_token="<unk>",
        bos_token="<s>",
        eos_token="</s>",
        additional_special_tokens=["<image>", *marks],
        padding_side="left",  # answers grow on the right
        model_max_length=512,
    )


CHAT = (
    "{% for message in messages %}{% if message['role'] == 'user' %}"
    "{% for part in message['content'] %}{% if part['type'] == 'image' %}<image>{{ '\\n' }}{% endif %}{% endfor %}USER:"
    "{% for part in message['content'] %}{% if part['type'] == 'text' %} {{ part['text'] }}{% endif %}{% endfor %}{{ '\\n' }}"
    "{% else %}ASSISTANT: {{ message['content'][0]['text'] }}</s>{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}ASSISTANT:{% endif %}"
)


def processor(input_px: int, patch_px: int, tokenizer: PreTrainedTokenizerFast | None = None) -> LlavaProcessor:
    """Return the combined processor of the saved folder: any picture is squashed to the input size. Without a tokenizer it has that
    of the scenes."""
    side = {"height": input_px, "width": input_px}
    images = CLIPImageProcessorPil(
        do_resize=True, size=side, resample=_BOX_FILTER, do_center_crop=False, image_mean=list(MEAN), image_std=list(STD)
    )
    return LlavaProcessor(
        image_processor=images,
        tokenizer=tokenizer or word_tokenizer(),
        patch_size=patch_px,
        vision_feature_select_strategy="default",
        image_token="<image>",
        num_additional_image_tokens=1,
        chat_template=CHAT,
    )
