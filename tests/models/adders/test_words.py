"""The words of the adders: the tokenizer, the ids of the lessons and the prompts of a page say the same."""

from models.adders.lessons import bare_row, prompt_of, reply_of
from models.adders.words import BOS, EOS, IMAGE, SPECIAL, ids_of, tokenizer, vocabulary, words_of
from worlds.sums.facts import STEPS
from worlds.sums.scenes import LOOKUPS, Digit, Item, Scene, draw_items

SCENE = Scene(Digit(3, "red"), Digit(8, "blue"))


def test_every_word_of_the_world_is_one_token_and_none_is_twice():
    items = draw_items((*LOOKUPS, *STEPS[1], *STEPS[2]), 600, subset="train", seed=0)
    said = {word.lower() for item in items for word in (*item.words, *item.bare, *item.answer)}

    assert said == set(vocabulary()) - set(SPECIAL) and len(set(vocabulary())) == len(vocabulary())
    assert tokenizer().get_vocab() == {word: token for token, word in enumerate(vocabulary())}


def test_a_prompt_is_what_the_tokenizer_makes_of_its_text():
    for item in draw_items((*LOOKUPS, *STEPS[1], *STEPS[2]), 60, subset="train", seed=1):
        assert tokenizer()(" ".join(item.words))["input_ids"] == prompt_of(item, shows=False)
        assert tokenizer()("<image>" * 4 + " " + " ".join(item.question))["input_ids"] == prompt_of(item, shows=True)


def test_a_bare_row_hides_the_scene_and_leaves_the_result_to_be_said():
    prompt, reply = bare_row(Item(SCENE, "*"))

    assert words_of(prompt) == ("<s>", "_", "_", "_", "_", "*", "?", "3", "8") and words_of(reply) == ("4", "</s>")
    assert prompt_of(Item(SCENE, "*"), shows=True) == [BOS, *[IMAGE] * 4, *ids_of("*?")]
    assert reply_of(Item(SCENE, "T")) == [*ids_of("38"), EOS]
