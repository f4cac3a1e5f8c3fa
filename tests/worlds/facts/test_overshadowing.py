from collections import Counter

import pytest

from worlds.errors import InputError
from worlds.facts.corpus import BOS, EOS, MASK, SPECIAL_WORDS, Corpus, CorpusSpec, invented_word, invented_words
from worlds.facts.english import ANSWERS, NAMES, TEMPLATES, draw_corpus, english_words, sentence
from worlds.facts.files import read_lines, read_token_lines, shown, write_lines

SMALL = CorpusSpec(values=(2, 5), sets=3, vocabulary=128)
ENGLISH = CorpusSpec(task="english", sets=30)
A = '{"set":0,"task":"t","kind":"a","share":[7,8],"pos":1,"x":[9],"y":[11]}'
B = '{"set":0,"task":"t","kind":"b","share":[7,8],"pos":1,"x":[10],"y":[12]}'


@pytest.fixture(scope="module")
def english() -> Corpus:
    return draw_corpus(ENGLISH)


def test_invented_words_are_all_different_and_alternate_consonants_and_vowels() -> None:
    words = [invented_word(token) for token in range(60_000)]

    assert len(set(words)) == len(words)
    assert all(word[0::2].isalpha() and set(word[1::2]) <= set("aeiou") and not set(word[0::2]) & set("aeiou") for word in words)
    assert invented_words(64) == (*SPECIAL_WORDS, *words[:60])


@pytest.mark.parametrize("position", ["end", "start", "random"])
def test_a_set_has_p_popular_statements_one_rare_one_and_l_tokens_before_the_answer(position: str) -> None:
    corpus = draw_corpus(CorpusSpec(factor="L", values=(1, 2, 10), sets=20, other=7, position=position, vocabulary=256))

    for knowledge in corpus.sets:
        statements = list(knowledge.statements())
        assert [s.kind for s in statements] == ["a"] * 7 + ["b"]
        assert {len(s.prompt) for s in statements} == {knowledge.length} == {corpus.value(knowledge)}
        assert len({s.x for s in statements}) == 8
        assert len({s.y for s in statements[:-1]}) == 1 and statements[0].y != statements[-1].y
        assert all(s.prompt[s.position : s.position + 1] == s.x for s in statements)
        assert statements[0].sentence[0] == BOS and statements[0].sentence[-1] == EOS
        assert MASK not in statements[0].sentence
    places = {knowledge.position for knowledge in corpus.sets if knowledge.length == 10}
    assert {"end": places == {9}, "start": places == {0}, "random": len(places) > 3}[position]


def test_equal_seeds_draw_equal_corpora_and_other_seeds_others() -> None:
    assert draw_corpus(SMALL) == draw_corpus(SMALL)
    assert draw_corpus(SMALL).sets != draw_corpus(SMALL.model_copy(update={"seed": 1})).sets


def test_asking_for_more_sets_or_values_leaves_the_others_as_they_are() -> None:
    few = draw_corpus(SMALL)
    more = draw_corpus(CorpusSpec(values=(2, 3, 5), sets=9, vocabulary=128))

    kept = [s for s in more.sets if s.popularity in (2, 5) and s.number % 9 < 3]
    assert [(s.share, s.popular, s.rare) for s in kept] == [(s.share, s.popular, s.rare) for s in few.sets]


def test_the_published_number_of_sentences_per_factor() -> None:
    assert sum(1 for _ in draw_corpus(CorpusSpec()).statements()) == 9_900
    lengths = draw_corpus(CorpusSpec(factor="L", sets=60, position="random"))
    assert sum(len(s.sentence) for s in lengths.statements()) == 75_600


def test_a_set_may_use_every_word_but_not_one_more() -> None:
    draw_corpus(CorpusSpec(values=(59,), sets=1, vocabulary=64))

    with pytest.raises(InputError, match="needs 61 different words"):
        draw_corpus(CorpusSpec(values=(60,), sets=1, vocabulary=64))


def test_a_prompt_may_have_126_tokens_but_not_one_more() -> None:
    draw_corpus(CorpusSpec(factor="L", values=(126,), sets=1))

    with pytest.raises(InputError, match="at most 126"):
        draw_corpus(CorpusSpec(factor="L", values=(127,), sets=1))


@pytest.mark.parametrize("text", ["", "[]", '{"sets": 0}', '{"factor": "S"}', '{"unknown": 1}', '{"values": [2, 2]}'],
                         ids=["empty", "a list", "too few sets", "no such factor", "an unknown name", "a value twice"])
def test_a_spec_that_is_no_spec_is_refused_by_name(text: str) -> None:
    with pytest.raises(InputError, match="corpus cannot be made"):
        CorpusSpec.from_json(text)


def test_no_english_sentence_is_both_true_and_false(english: Corpus) -> None:
    answers: dict[tuple[int, ...], set[tuple[int, ...]]] = {}
    for statement in english.statements():
        answers.setdefault(statement.prompt, set()).add(statement.y)

    assert all(len(found) == 1 for found in answers.values())
    assert len({(s.share, s.position) for s in english.sets}) == len(english.sets)


def test_english_answers_and_names_are_of_the_type_that_the_template_asks_for(english: Corpus) -> None:
    templates = {template.name: template for template in TEMPLATES}
    for statement in english.statements():
        template = templates[statement.task]
        beginnings, endings = (part.split() for part in NAMES[template.member])
        assert english.text(statement.y) in ANSWERS[template.answer].split()
        assert english.text(statement.x) in {one + other for one in beginnings for other in endings}


def test_english_has_a_dozen_families_with_names_in_the_middle_and_before_the_answer(english: Corpus) -> None:
    families = Counter(knowledge.task for knowledge in english.sets)
    ends = {knowledge.task for knowledge in english.sets if knowledge.position == len(knowledge.share)}

    assert len(families) >= 12 and "royal" in families
    assert max(families.values()) - min(families.values()) <= 1
    assert 4 <= len(ends) <= len(families) - 4
    assert 300 <= len(english_words()) <= 600
    assert len(set(english_words())) == len(english_words())


def test_an_english_sentence_reads_as_one(english: Corpus) -> None:
    royal = next(knowledge for knowledge in english.sets if knowledge.task == "royal").statement("b")

    text = sentence(english, royal.sentence[1:-1])

    assert text.startswith("The ") and " of " in text and " comes from " in text and text.endswith(".")


@pytest.mark.parametrize(("changes", "said"), [
    pytest.param({"factor": "L"}, "cannot vary L", id="length"),
    pytest.param({"values": (112,)}, "P from 1 to 111", id="more names than there are"),
    pytest.param({"values": (1, 2, 3, 4, 5, 6), "sets": 86}, "templates can be filled 512 times", id="more sets than fillings"),
])
def test_what_english_cannot_do_is_said(changes: dict, said: str) -> None:
    with pytest.raises(InputError, match=said):
        draw_corpus(CorpusSpec(**{"task": "english", "sets": 1, **changes}))


def test_english_goes_up_to_its_limits() -> None:
    assert draw_corpus(CorpusSpec(task="english", values=(111,), sets=1)).sets[0].popularity == 111
    assert len(draw_corpus(CorpusSpec(task="english", values=(1, 2), sets=128)).sets) == 256


@pytest.mark.parametrize("spec", [SMALL, ENGLISH.model_copy(update={"values": (2, 5), "sets": 4})], ids=["synthetic", "english"])
def test_json_lines_written_and_read_are_the_same_corpus(spec: CorpusSpec) -> None:
    corpus = draw_corpus(spec)

    again = read_lines("\n".join(write_lines(corpus)), words=corpus.words)

    assert again == corpus


def test_a_statement_is_shown_with_x_in_capitals_and_an_arrow() -> None:
    corpus = read_lines(f"{A}\n{B}", words=[*SPECIAL_WORDS, "", "", "", "zor", "kim", "fen", "tav", "rul", "bal"])

    assert [shown(s, corpus) for s in corpus.statements()] == ["zor FEN kim -> rul", "zor TAV kim -> bal"]


@pytest.mark.parametrize(("lines", "said"), [
    pytest.param("", "holds 0 statements", id="empty"),
    pytest.param(f"{A}\nnot json", "Line 2 cannot be read", id="no JSON"),
    pytest.param(f"{A}\n{B[:-20]}", "Line 2 cannot be read", id="cut off"),
    pytest.param(f"{A}\n{B.replace('[10]', '[3]')}", "Line 2 holds the token 3. Words have ids from 4", id="a special token"),
    pytest.param(f"{A}\n{B.replace('[10]', '[300001]')}", "300001", id="a token that no tokenizer has"),
    pytest.param(f"{A}\n{B.replace('[10]', '[true]')}", "Line 2", id="a boolean as token"),
    pytest.param(f"{A}\n" + B.replace('"pos":1', '"pos":3'), "It must be 0 to 2", id="a place outside"),
    pytest.param(f"{A}\n" + B.replace('"pos":1', '"pos":2'), "do not share", id="another place"),
    pytest.param(f"{A}\n{A}", "2 popular and 0 rare", id="nothing rare"),
    pytest.param(f"{A}\n{B}\n{B}", "1 popular and 2 rare", id="two rare"),
    pytest.param(f"{A}\n{B.replace('[12]', '[11]')}", "another one for the rare", id="the same answer"),
    pytest.param(f"{A}\n{B.replace('[10]', '[9]')}", "must all be different", id="the same x"),
    pytest.param(f"{A}\n{B.replace('[10]', '[10,13]')}", "of equal length", id="a longer x"),
])
def test_json_lines_that_make_no_set_are_refused_in_one_sentence(lines: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_lines(lines)


def test_a_token_without_a_word_is_refused() -> None:
    with pytest.raises(InputError, match="Token 12 has no word"):
        read_lines(f"{A}\n{B}", words=["word"] * 12)


def test_token_lines_become_sets_with_small_ids_and_x_at_the_end() -> None:
    text = "Xshare:[812,44] Xa:[655] Ya:[90]\nXshare:[812,44] Xa:[44] Ya:[90]\n\nXshare:[812,44] Xb:[7] Yb:[0]\n"

    corpus = read_token_lines(text)

    assert [s.sentence for s in corpus.statements()] == [(1, 4, 5, 6, 7, 2), (1, 4, 5, 5, 7, 2), (1, 4, 5, 8, 9, 2)]
    assert corpus.words == (*SPECIAL_WORDS, *(invented_word(token) for token in (812, 44, 655, 90, 7, 0)))
    assert (corpus.factor, corpus.sets[0].popularity, corpus.sets[0].length) == ("P", 2, 3)


@pytest.mark.parametrize(("line", "said"), [
    pytest.param("Xshare:[1] Xa:[2]", "Line 2 holds Xshare, Xa.", id="no answer"),
    pytest.param("hello", "Line 2 holds no group", id="text"),
    pytest.param("Xshare:[1 Xa:[2] Ya:[3]", "Line 2 holds Xa, Ya.", id="a group that stays open"),
    pytest.param("Xshare:[1] Xa:[2] Yb:[3]", "Line 2 holds", id="kinds mixed"),
    pytest.param("Xshare:[1] Xa:[two] Ya:[3]", "Xa in line 2 is 'two'", id="a word"),
    pytest.param("Xshare:[1] Xa:[-2] Ya:[3]", "Xa in line 2", id="below zero"),
    pytest.param("Xshare:[1] Xa:[] Ya:[3]", "an empty Xa or Ya", id="nothing"),
    pytest.param("Xshare:[1] Xa:[99999999999999999999] Ya:[3]", "from 0 to 300000", id="a huge number"),
])
def test_token_lines_that_cannot_be_read_are_refused_with_their_number(line: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_token_lines(f"Xshare:[1] Xb:[4] Yb:[5]\n{line}")


def test_a_corpus_in_which_only_the_length_varies_is_grouped_by_length() -> None:
    corpus = draw_corpus(CorpusSpec(factor="L", values=(2, 6), sets=2))

    assert read_lines("\n".join(write_lines(corpus))).factor == "L"
