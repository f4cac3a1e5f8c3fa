"""Text in, tokens out: which of them a person wrote, which words they make, and what cannot be read."""

import pytest

from models import catalogue
from models.catalogue import local_rung
from models.language import LanguageModel, as_language_model
from models.loading import load
from tests.models import tiny_checkpoints, tiny_languages
from worlds.errors import InputError


@pytest.fixture(scope="module")
def words():
    return LanguageModel(tiny_languages.random_model("llama"), tiny_languages.word_tokenizer())


@pytest.fixture(scope="module")
def chat():
    return LanguageModel(tiny_languages.random_model("llama", vocabulary=320, end=1), tiny_languages.piece_tokenizer())


@pytest.mark.parametrize("family", list(tiny_languages.CLASSES))
def test_every_class_loads_from_a_folder_into_the_tool(checkpoints, family):
    if not (checkpoints / family).exists():
        tiny_languages.save(checkpoints / family, family)

    loaded = load(local_rung(family, "language"))

    assert isinstance(loaded.tool, LanguageModel)
    assert loaded.tool.max_tokens == tiny_languages.CONTEXT
    assert [word.text for word in loaded.tool.prompt("zor bala").words] == ["zor", "bala"]
    assert loaded.footprint_mb == pytest.approx(loaded.rung.parameters * 4 / 1e6, rel=0.05)


@pytest.mark.parametrize("quantisation", ["int8", "nf4"])
def test_quantised_language_models_load_smaller(checkpoints, quantisation):
    if not (checkpoints / "llama").exists():
        tiny_languages.save(checkpoints / "llama", "llama")
    rung = local_rung("llama", "language")

    assert load(rung, quantisation).footprint_mb < 0.7 * load(rung).footprint_mb


def test_a_miniatures_prompt_begins_with_its_first_token_which_is_fixed(words):
    prompt = words.prompt("zor bala kimi")

    assert prompt.pieces == ("<bos>", "zor", "bala", "kimi")
    assert prompt.is_fixed == (True, False, False, False)
    assert [(word.text, word.positions) for word in prompt.words] == [("zor", (1,)), ("bala", (2,)), ("kimi", (3,))]


def test_a_word_level_tokenizer_without_its_rule_still_begins_with_bos():
    tokenizer = tiny_languages.word_tokenizer()
    tokenizer.backend_tokenizer.post_processor = None
    model = LanguageModel(tiny_languages.random_model("llama"), tokenizer)

    assert model.prompt("zor bala").ids == (1, 4, 15)
    assert model.prompt("zor bala").is_fixed == (True, False, False)


def test_an_unknown_word_is_named_with_the_nearest_known_ones(words):
    with pytest.raises(InputError, match=r"'zorba' is not among the 60 words.*zorak|'zorba' is not among the 60 words.*zora"):
        words.prompt("bala zorba kimi")


def test_a_special_token_in_the_text_stays_one_and_is_fixed(words):
    prompt = words.prompt("zor <mask> kimi")

    assert prompt.ids == (1, 4, 3, 26)
    assert prompt.is_fixed == (True, False, True, False)


def test_the_context_is_full_at_the_limit_and_refused_one_above(words):
    room = words.max_tokens - 1  # and bos

    assert len(words.prompt("zor " * room).ids) == words.max_tokens
    with pytest.raises(InputError, match=f"{words.max_tokens + 1} tokens.*at most {words.max_tokens}"):
        words.prompt("zor " * (room + 1))


@pytest.mark.parametrize("text", ["", "  \n", "a" * 200_001, "zor \ud800"], ids=["empty", "spaces", "too long", "half a character"])
@pytest.mark.parametrize("as_chat", [False, True])
def test_what_is_no_text_is_refused(chat, text, as_chat):
    with pytest.raises(InputError):
        chat.prompt(text, as_chat)


def test_a_chat_asked_of_a_model_without_a_template_is_refused(words):
    with pytest.raises(InputError, match="no chat template"):
        words.prompt("zor", as_chat=True)


def test_the_template_is_fixed_even_where_it_says_what_the_person_says(chat):
    prompt = chat.prompt("  user or <|user|> assistant ", as_chat=True)
    own = [piece for piece, is_fixed in zip(prompt.pieces, prompt.is_fixed) if not is_fixed]

    assert prompt.pieces[0] == "<|user|>" and prompt.pieces[-1] == "<|assistant|>"
    assert "".join(own).split() == ["user", "or", "assistant"]
    assert [word.text for word in prompt.words] == ["user", "or", "assistant"]
    assert chat.tokenizer.decode(prompt.ids) == "<|user|> user or <|user|> assistant <|end|><|assistant|>"


@pytest.mark.parametrize("template", ["{{ nothing.at.all }}", "{% if %}", "{{ messages[0]['content'] | upper }}",
                                      "{{ raise_exception('no users') }}", "static"],
                         ids=["undefined", "broken", "changes the text", "refuses", "drops the text"])
def test_a_template_that_does_not_hold_the_prompt_is_refused(template):
    model = LanguageModel(tiny_languages.random_model("llama", vocabulary=320), tiny_languages.piece_tokenizer(template))

    with pytest.raises(InputError, match="chat layout off"):
        model.prompt("town", as_chat=True)


def test_words_of_several_tokens_are_grouped_with_all_their_tokens(chat):
    prompt = chat.prompt("It's Zanzibar's 50 co-op, 東京!")

    assert [word.text for word in prompt.words] == ["It's", "Zanzibar's", "50", "co-op", ",", "東", "京", "!"]
    for word in prompt.words:
        assert chat.tokenizer.decode([prompt.ids[i] for i in word.positions]).strip() == word.text
    assert sorted(i for word in prompt.words for i in word.positions) == list(range(len(prompt.ids)))


def test_a_tokenizer_without_offsets_groups_the_same_words(chat, monkeypatch):
    text = "The northern town, an unseen harbour"
    expected = chat.prompt(text)
    monkeypatch.setattr(type(chat.tokenizer), "is_fast", False)

    found = chat.prompt(text)

    assert found.words == expected.words
    assert found.is_fixed == expected.is_fixed


def test_a_single_token_is_shown_as_it_is_read(chat):
    ids = chat.prompt_ids("an old town")
    fraction = chat.prompt_ids("東")[0]

    assert "".join(chat.piece(token) for token in ids) == "an old town"
    assert "\ufffd" not in chat.piece(fraction)
    assert chat.piece(319) == "<319>"  # a row of the matrix that no word has


def test_an_answer_is_read_without_special_tokens(words):
    assert words.text([4, 15, 2]) == "zor bala"


def test_the_end_is_taken_from_every_place_that_names_it(words):
    assert words.end_ids == {2}


def test_a_vision_language_model_is_wrapped_with_its_chat_template(checkpoints):
    if not (checkpoints / "llava").exists():
        tiny_checkpoints.llava(checkpoints / "llava")
    loaded = load(local_rung("llava", "vlm"))

    model = as_language_model(loaded.tool)
    prompt = model.prompt("what is the cat", as_chat=True)

    assert [word.text for word in prompt.words] == ["what", "is", "the", "cat"]
    assert prompt.is_fixed == (False,) * 4 + (True,) * 2  # "answer :"
    assert as_language_model(model) is model
    assert model.max_tokens == 4096


def test_a_tool_that_reads_no_text_is_refused():
    with pytest.raises(InputError, match="A object writes no text"):
        as_language_model(object())


def test_a_tokenizer_that_is_missing_is_said_in_one_sentence(checkpoints):
    folder = checkpoints / "no-tokenizer"
    tiny_languages.random_model("llama").save_pretrained(folder)

    with pytest.raises(InputError, match="could not be loaded"):
        load(local_rung("no-tokenizer", "language"))


def test_an_epoch_that_was_kept_is_a_rung_and_another_is_refused():
    rung = catalogue.find("coda-p-law")

    assert catalogue.epochs(rung) == (6, 10, 14, 20, 30)
    assert catalogue.at_epoch(rung, 6).source == "coda-p-law/epoch-06"
    assert catalogue.at_epoch(catalogue.at_epoch(rung, 6), 30).source == "coda-p-law/epoch-30"
    with pytest.raises(InputError, match=r"epoch 7\. Kept epochs: 6, 10, 14, 20, 30"):
        catalogue.at_epoch(rung, 7)
    assert catalogue.epochs(catalogue.find("canvas-detector")) == ()
