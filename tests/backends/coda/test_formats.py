"""Every file of the field, small and invented, into one shape; and what must not be read."""

import io
import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from backends.coda.formats import load_items
from backends.coda.sentences import sentence_with
from backends.files.csv_text import to_csv
from worlds.errors import InputError
from worlds.facts.corpus import CorpusSpec, draw_synthetic
from worlds.facts.english import draw_english
from worlds.facts.files import write_lines

MEMOTRAP = (
    "prompt,classes,answer_index\n"
    '"Write a quote that ends in the word ""kites"": A rolling wheel gathers no","[\' dust.\', \' kites.\']",1\n'
    '"Say it in one line:\nStill ponds are","[\' deep.\', "" o\'clock.""]",0\n'
)
SWAP = {
    "question": "who built the glass mill", "org_context": "…", "org_answer": ["A. Bell", "Bell"], "sub_answer": ["C. Dorn"],
    "sub_context": "<P> Mills are old . The Glass Mill was built by C. Dorn in 1804 . It still turns . </P>",
}
GENERATED = {"uid": "7_s", "query": "who built the glass mill?", "context": "It is old. C. Dorn built it. It turns.",
             "gold_answers": [{"text": "C. Dorn", "aliases": ["Dorn"]}], "is_substitute": True, "original_example": "7"}
ORIGINAL = {"uid": "7", "query": "who built the glass mill?", "context": "A. Bell built it.", "is_substitute": False,
            "gold_answers": [{"text": "A. Bell", "aliases": []}]}
CONTRAST = [
    {"input_index": 4, "assigned_model": "m", "context_string": "The mill is green. The mill is", "assigned_weight": 1.5},
    {"input_index": 4, "assigned_model": "m", "context_string": "The mill is", "assigned_weight": -0.5},
]
STATEMENTS = [
    {"set": 0, "P": 2, "kind": "a", "share": [9, 8], "pos": 1, "x": [5], "y": [11], "text": "in ZELLBY live -> goats"},
    {"set": 0, "P": 2, "kind": "b", "share": [9, 8], "pos": 1, "x": [6], "y": [12], "text": "in TAMWICK live -> hens"},
    {"set": 0, "P": 2, "kind": "a", "share": [9, 8], "pos": 1, "x": [7], "y": [11], "text": "in PIRN live -> goats"},
]
TOKENS = """Xshare:[800, 70] Xa:[31] Ya:[90]
Xshare:[5, 6] Xb:[32] Yb:[91]
Xshare:[800, 70] Xb:[33] Yb:[92]
Xshare:[5, 6] Xa:[34] Ya:[93]
"""
REWRITE = {"case_id": 1, "requested_rewrite": {"prompt": "{} was born in", "subject": "Ada {Pirn}", "target_new": {"str": "Rome"},
                                               "target_true": {"str": "Oslo"}}}


def lines(*rows):
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def parquet(rows):
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), sink)
    return sink.getvalue()


def changed(row, **values):
    return {key: value for key, value in (row | values).items() if value is not ...}


def test_memotrap_keeps_line_breaks_and_both_classes_without_their_space():
    found = load_items(MEMOTRAP.encode(), "whatever.txt")

    first, second = found.items
    assert (found.kind, found.num_in_file, found.notes) == ("MemoTrap", 2, ())
    assert (first.right, first.wrong, first.is_continued) == (("kites.",), ("dust.",), True)
    assert first.prompt == 'Write a quote that ends in the word "kites": A rolling wheel gathers no'
    assert (second.number, second.prompt) == (2, "Say it in one line:\nStill ponds are")
    assert (second.right, second.wrong) == (("deep.",), ("o'clock.",))


@pytest.mark.parametrize("content", [lines(SWAP), parquet([SWAP]), json.dumps([SWAP]).encode()], ids=["lines", "parquet", "list"])
def test_nq_swap_keeps_the_swapped_sentence_and_masks_it_for_the_contrast(content):
    found = load_items(content, "x")

    (item,) = found.items
    assert found.kind == "NQ-Swap"
    assert item.prompt == "The Glass Mill was built by C. Dorn in 1804 .\nQuestion: who built the glass mill?\nAnswer:"
    assert item.masked_prompt == "Question: who built the glass mill?\nAnswer:"
    assert (item.right, item.wrong) == (("C. Dorn",), ("A. Bell", "Bell"))
    assert "only the sentence" in found.notes[0]


def test_a_context_without_its_answer_is_kept_whole_and_counted():
    found = load_items(lines(changed(SWAP, sub_context="<P> Nobody knows . Or so . </P>")), "x")

    assert found.items[0].prompt.startswith("Nobody knows . Or so .\nQuestion")
    assert "1 context." in found.notes[1]


def test_the_generators_substitutes_take_their_wrong_answers_from_the_original():
    found = load_items(lines(GENERATED, ORIGINAL), "x")

    (item,) = found.items
    assert (item.right, item.wrong) == (("C. Dorn", "Dorn"), ("A. Bell",))
    assert item.prompt.startswith("C. Dorn built it.\nQuestion: who built the glass mill?")
    assert "originals without a swapped answer: 1 row." in found.notes[1]


def test_rows_of_one_input_index_are_a_pair_with_its_weight():
    other = [row | {"input_index": 5, "assigned_weight": 2 if row["assigned_weight"] > 0 else -1} for row in CONTRAST]

    first, second = load_items(lines(CONTRAST[1], other[0], CONTRAST[0], other[1]), "x").items

    assert (first.prompt, first.masked_prompt, first.weight) == ("The mill is green. The mill is", "The mill is", 0.5)
    assert second.weight == 1


def test_a_last_row_without_its_partner_is_left_out_with_a_note():
    found = load_items(lines(*CONTRAST, CONTRAST[0] | {"input_index": 5}), "x")

    assert len(found.items) == 1 and len(found.notes) == 1
    assert found.notes[0].startswith("1 row is left out: The input_index '5' stands in one row.")


def test_contrasts_are_limited_in_pairs():
    found = load_items(lines(*(row | {"input_index": index} for index in range(3) for row in CONTRAST)), "x", max_items=2)

    assert [item.number for item in found.items] == [1, 3]
    assert "The first 2 prompts of 6 rows" in found.notes[-1]


def test_overshadowing_lines_ask_the_rare_statement_in_the_words_of_the_file():
    found = load_items(lines(*STATEMENTS), "x")

    (item,) = found.items
    assert (item.number, item.prompt, item.right, item.wrong) == (2, "in Tamwick live", ("hens",), ("goats",))
    assert item.rare == "Tamwick"
    assert "in capitals only" in found.notes[1]


def test_overshadowing_lines_without_text_have_the_words_of_the_miniatures():
    corpus = draw_synthetic(CorpusSpec(values=(2, 5), sets=3))
    rows = [changed(json.loads(line), text=...) for line in write_lines(corpus)]

    found = load_items(lines(*rows), "x")

    rare = [knowledge.statement("b") for knowledge in corpus.sets]
    assert [item.prompt for item in found.items] == [corpus.text(statement.prompt) for statement in rare]
    assert [item.right for item in found.items] == [(corpus.text(statement.y),) for statement in rare]


@pytest.mark.parametrize("corpus", [draw_synthetic(CorpusSpec(values=(2, 5), sets=5, position="random")),
                                    draw_english(CorpusSpec(task="english", values=(2, 5), sets=5))], ids=["invented", "English"])
def test_a_written_corpus_comes_back_word_for_word(corpus):
    found = load_items("\n".join(write_lines(corpus)).encode(), "x")

    rare = [knowledge.statement("b") for knowledge in corpus.sets]
    assert [item.prompt for item in found.items] == [corpus.text(statement.prompt) for statement in rare]


def test_token_lines_are_paired_by_what_they_share():
    found = load_items(TOKENS.encode(), "x")

    first, second = found.items
    assert (found.kind, found.num_in_file) == ("PhantomCircuit token lines", 4)
    assert (first.number, second.number) == (2, 3)
    assert len({*first.prompt.split(), *second.prompt.split()}) == 6  # 5 6 32 and 800 70 33
    assert first.right != first.wrong
    assert "invented word" in found.notes[1]


def test_counterfact_puts_the_subject_into_the_prompt_once():
    found = load_items(json.dumps([REWRITE], indent=1).encode(), "x")

    (item,) = found.items
    assert (item.prompt, item.right, item.wrong) == ("Ada {Pirn} was born in", ("Oslo",), ("Rome",))
    assert "target_true" in found.notes[0]


def test_a_plain_table_needs_only_prompts():
    (item,) = load_items(b"prompt\nzor bal\n", "x").items

    assert (item.prompt, item.masked_prompt, item.right, item.wrong, item.weight) == ("zor bal", None, (), (), None)


@pytest.mark.parametrize("content", [
    b'prompt,answer,wrong,masked_prompt,id\nzor bal,kim,tav,zor,9\n',
    '\ufeffPrompt; right; wrong; masked_prompt; id\r\nzor bal;kim;tav;zor;9\r\n'.encode(),
    lines({"prompt": "zor bal", "right": ["kim"], "wrong": "tav", "masked_prompt": "zor", "id": 9}),
    parquet([{"prompt": "zor bal", "answer": "kim", "wrong": "tav", "masked_prompt": "zor"}]),
], ids=["CSV", "spreadsheet CSV", "lines", "parquet"])
def test_a_plain_table_may_bring_answers_and_masked_prompts(content):
    found = load_items(content, "x")

    (item,) = found.items
    assert (item.prompt, item.masked_prompt, item.right, item.wrong) == ("zor bal", "zor", ("kim",), ("tav",))
    assert found.notes in ((), ("Columns that are not used: id.",))


def test_a_plain_table_may_name_the_word_that_is_ignored():
    found = load_items(b"prompt,right,ignored\nzor bal,kim,bal\nzor,kim,\n", "x")

    assert [item.rare for item in found.items] == ["bal", None]
    assert not found.notes


def test_a_table_with_prompts_of_its_own_is_plain_whatever_else_it_has():
    found = load_items(b"prompt,share,gold_answers,query\nzor bal,4,kim,tav\n", "x")

    assert (found.kind, found.items[0].prompt) == ("a plain table", "zor bal")
    assert found.notes == ("Columns that are not used: share, gold_answers, query.",)


def test_brackets_that_are_no_list_stay_text_and_a_list_in_a_cell_is_one():
    first, second = load_items(b"prompt,right\nzor,[sic]\nbal,\"['kim', 'tav']\"\n", "x").items

    assert (first.right, second.right) == (("[sic]",), ("kim", "tav"))


def test_the_limit_of_rows_is_kept_with_a_note_and_one_row_less_has_none():
    content = b"prompt\n" + b"zor\n" * 3

    at_limit, above = load_items(content, "x", max_items=3), load_items(content + b"bal\n", "x", max_items=3)

    assert (len(at_limit.items), at_limit.notes) == (3, ())
    assert (len(above.items), above.num_in_file) == (3, 4)
    assert "at most 3" in above.notes[0]


@pytest.mark.parametrize("kind", ["lines", "CSV", "parquet"])
def test_rows_beyond_twice_the_limit_are_counted(kind):
    rows = [{"prompt": f"zor {number}"} for number in range(50)]
    content = {"lines": lines(*rows), "parquet": parquet(rows), "CSV": b"prompt\n" + b"zor\n" * 50}[kind]

    found = load_items(content, "x", max_items=2)

    assert (len(found.items), found.num_in_file) == (2, 50)
    assert "of 50 rows" in found.notes[0]


@pytest.mark.parametrize("context, sentence", [
    ("It is old. A. Bell wrote it. It sold.", "A. Bell wrote it."),
    ("In the U.S. A. Bell wrote it! It sold.", "In the U.S. A. Bell wrote it!"),
    ("Dr. A. Bell of St. Ives wrote. Then no more.", "Dr. A. Bell of St. Ives wrote."),
    ("It is old . by A. Bell . it sold .", "by A. Bell ."),
    ("<P> Old </P> <P> A. Bell <B> wrote </B> it </P>", "A. Bell wrote it"),
    ("a. bell wrote", "a. bell wrote"),
    ("A. Bellows wrote", None),
    ("", None),
], ids=["initial", "initials in a row", "abbreviation", "tokenised", "tags", "other case", "part of a word", "empty"])
def test_the_sentence_of_an_answer_is_cut_at_real_ends(context, sentence):
    assert sentence_with(context, ("A. Bell",)) == sentence


def test_what_runs_on_without_an_end_is_cut_at_the_reach():
    sentence = sentence_with("so " * 3_000 + "A. Bell wrote it. It sold.", ("A. Bell",))

    assert 4_000 <= len(sentence) <= 4_020
    assert sentence.endswith("A. Bell wrote it.")


def test_a_stop_inside_the_answer_cuts_nothing():
    assert sentence_with("Old. They sang Stop! In Time twice. Then left.", ("Stop! In Time",)) == "They sang Stop! In Time twice."


BAD = {
    "empty": (b"", "'file.csv' is empty"),
    "only spaces": (b" \n\n", "'file.csv' is empty"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "is not text"),
    "a workbook": (b"PK\x03\x04" + b"z" * 40, "Save the sheet as CSV"),
    "no prompt column": (b"question,answer\na,b\n", "['question', 'answer']. It must have a column 'prompt'"),
    "header only": (b"prompt,answer\n", "has no rows"),
    "empty list": (b"[]", "has no rows"),
    "empty prompts": (b"prompt,answer\n ,a\n,b\n", "Row 1 has an empty prompt"),
    "long prompt": (b"prompt\n" + b"z" * 20_001 + b"\n", "Row 1 has 20,001 characters in prompt"),
    "long answer": (lines({"prompt": "zor", "answer": "z" * 1_001}), "Row 1 has 1,001 characters in answer"),
    "many answers": (lines({"prompt": "zor", "answer": ["z"] * 101}), "at most 100 texts"),
    "broken list": (b'[{"prompt": "zor"},\n{"prompt": ]', "not JSON: Expecting value at line 2, character 12"),
    "deep JSON": (b"[" * 100_000, "nested too deeply"),
    "NaN": (b'{"prompt": NaN}', "Row 1 has prompt = None"),
    "endless number": (b'{"prompt": ' + b"9" * 5_000 + b"}", "a number that is too long"),
    "a list of texts": (b'["zor"]', "Row 1 is 'zor'"),
    "unknown keys": (lines({"text": "zor"}), "It must have a column 'prompt'"),
    "prompt is a number": (lines({"prompt": 3}), "Row 1 has prompt = 3. It must be text"),
    "half a character": (b'{"prompt": "\\ud800"}', "It must be text"),
    "answer is an object": (lines({"prompt": "zor", "answer": {}}), "Row 1 has answer = {}"),
    "MemoTrap without index": (b"prompt,classes\nzor,\"['a','b']\"\n", "looks like MemoTrap and lacks 'answer_index'"),
    "MemoTrap with one class": (b"prompt,classes,answer_index\nzor,['a'],0\n", "a list of two different texts"),
    "MemoTrap with code": (b"prompt,classes,answer_index\nzor,[open('x')],0\n", "a list of two different texts"),
    "MemoTrap with deep list": (b'prompt,classes,answer_index\nzor,"[' + b"-" * 3_000 + b'1]",0\n', "At most 1,000 are read"),
    "NQ-Swap without answers": (lines(changed(SWAP, sub_answer=[])), "Row 1 has sub_answer = []"),
    "NQ-Swap without question": (lines(changed(SWAP, question=...)), "lacks 'question'"),
    "generator without gold": (lines(changed(GENERATED, gold_answers=["C. Dorn"])), "a list of objects with a text"),
    "contrast without partner": (lines(CONTRAST[0]), "stands in one row"),
    "contrast of three": (lines(*CONTRAST, CONTRAST[0]), "stands in 3 rows"),
    "contrast of odd weights": (lines(CONTRAST[0], CONTRAST[1] | {"assigned_weight": -2}), "1.5 and -2"),
    "contrast of wordy weights": (lines(CONTRAST[0] | {"assigned_weight": "much"}, CONTRAST[1]), "It must be a number from -10"),
    "overshadowing without rare": (lines(STATEMENTS[0], STATEMENTS[2]), "2 popular and 0 rare"),
    "token lines with words": (b"Xshare:[zor] Xa:[6] Ya:[7]\nXshare:[5] Xb:[8] Yb:[9]\n", "'zor'"),
    "COUNTERFACT without subject": (lines({"requested_rewrite": {"prompt": "{} is"}}), "Row 1 has subject = None"),
    "COUNTERFACT without place": (lines({"requested_rewrite": REWRITE["requested_rewrite"] | {"prompt": "x"}}),
                                  "{} where the subject"),
    "COUNTERFACT without target": (lines({"requested_rewrite": REWRITE["requested_rewrite"] | {"target_new": {"id": "Q1"}}}),
                                   "Row 1 has str = None"),
    "broken parquet": (b"PAR1" + b"\0" * 50, "'file.csv' cannot be read"),
    "parquet of something else": (parquet([{"id": 1}]), "has the columns ['id']"),
    "parquet of numbers": (parquet([{"prompt": 1}]), "Row 1 has prompt = 1"),
}


@pytest.mark.parametrize("content, said", BAD.values(), ids=BAD)
def test_a_file_without_one_usable_row_is_refused_with_the_first_reason(content, said):
    with pytest.raises(InputError) as raised:
        load_items(content, "file.csv")

    assert said in str(raised.value)
    assert len(str(raised.value)) < 400


GOOD = {"prompt": "zor", "answer": "a"}
ODD = {  # content, numbers of the rows that are asked, what a note says of the others
    "too many cells": (b"prompt,answer\nzor,bal\nkim, tav, fen\n", [1], "1 row is left out: Row 2 has 3 cells and the header 2"),
    "an empty prompt": (b"prompt,answer\nzor,a\n ,b\nkim,c\n", [1, 3], "Row 2 has an empty prompt"),
    "broken lines": (b'{"prompt": "zor"}\n{"prompt": \n{"prompt": "bal"}\n{"prom', [1, 3],
                     "2 rows are left out (2, 4): Row 2 is not JSON"),
    "a broken first line": (b'{"prompt": \n{"prompt": "zor"}\n{"prompt": "bal"}\n', [2, 3], "Row 1 is not JSON"),
    "a cell beyond the limit": (b"prompt\n" + b"z" * 1_000_001 + b"\nzor\n", [2], "field larger"),
    "a number among prompts": (lines(GOOD, {"prompt": 3}, GOOD), [1, 3], "Row 2 has prompt = 3"),
    "a text among objects": (b'[{"prompt": "zor"}, "bal"]', [1], "Row 2 is 'bal'. It must be an object"),
    "a long list in a cell": (MEMOTRAP.replace("' dust.'", "'" + "z" * 100_000 + "'").encode(), [2], "At most 100,000"),
    "MemoTrap with index 2": (MEMOTRAP.replace(",1\n", ",2\n").encode(), [2], "Row 1 has answer_index = '2'. It must be 0 to 1"),
    "NQ-Swap with a gap": (lines(SWAP, changed(SWAP, question=...)), [1], "Row 2 has question = None"),
    "a contrast of three": (lines(*CONTRAST, *(row | {"input_index": 5} for row in (*CONTRAST, CONTRAST[0]))), [1],
                            "stands in 3 rows"),
    "a statement with a text id": (lines(*STATEMENTS, STATEMENTS[0] | {"x": ["five"]}), [2], "'five' in x"),
    "a statement with a special token": (lines(*STATEMENTS, STATEMENTS[0] | {"x": [3]}), [2], "holds the token 3"),
    "a set without its rare statement": (lines(*STATEMENTS, STATEMENTS[0] | {"set": 4}), [2], "Set 4 has 1 popular"),
    "token lines with a gap": (TOKENS.encode() + b"Xshare:[5, 6] Xa:[35]\n", [2, 3], "Line 5 holds Xshare, Xa"),
    "token lines of a torn set": (TOKENS.encode() + b"Xshare:[7, 7] Xa:[35] Ya:[90]\n", [2, 3], "Set 2 has 1 popular"),
    "COUNTERFACT without a subject": (json.dumps([REWRITE, {"requested_rewrite": {"prompt": "{} is"}}]).encode(), [1],
                                      "subject = None"),
}


@pytest.mark.parametrize("content, numbers, said", ODD.values(), ids=ODD)
def test_an_odd_row_is_left_out_and_told_and_the_others_are_asked(content, numbers, said):
    found = load_items(content, "file.csv")

    assert [item.number for item in found.items] == numbers
    assert any(said in note for note in found.notes)


def test_rows_of_one_oddness_are_told_once_with_their_first_numbers_and_the_first_reason():
    rows = b"".join(b"zor,a\n" if number % 2 else b",b\n" for number in range(1, 21))

    found = load_items(b"prompt,answer\n" + rows, "x")

    assert found.notes == ("10 rows are left out (2, 4, 6, …): Row 2 has an empty prompt. It must hold at least one word.",)
    assert (len(found.items), found.num_in_file) == (10, 20)


def test_what_is_repaired_is_told_too():
    found = load_items(b'prompt,right\n"zor,kim\nbal,tav,,\nfen\n', "x")

    assert [(item.prompt, item.right) for item in found.items] == [('"zor', ("kim",)), ("bal", ("tav",)), ("fen", ())]
    assert found.notes == ("Row 1: a quote is never closed, so the quotes are read as they stand.",
                           "Row 3: fewer cells than the header; the missing ones are read as empty.")


SPREADSHEETS = {
    "trailing commas": b"prompt,right,,\nzor,kim,,\n",
    "semicolons named": b"sep=;\r\nprompt;right\r\nzor;kim\r\n",
    "tabs": b"prompt\tright\nzor\tkim\n",
    "bars": b"prompt|right\nzor|kim\n",
    "UTF-16": "prompt\tright\nzor\tkim\n".encode("utf-16"),
    "UTF-16 big": b"\xfe\xff" + "prompt,right\nzor,kim\n".encode("utf-16-be"),
    "UTF-16 without a mark": "prompt,right\nzor,kim\n".encode("utf-16-le"),
    "lone returns": b"prompt,right\rzor,kim\r",
    "another case": b"Prompt,RIGHT\nzor,kim\n",
    "blank lines": b"\n\nprompt,right\n\nzor,kim\n,\n\n",
    "an empty column": b"prompt,,right\nzor,,kim\n",
    "parallel lists": b'{"prompt": ["zor"], "right": ["kim"]}',
    "pandas' columns": b'{"prompt": {"0": "zor"}, "right": {"0": "kim"}}',
    "rows under a key": b'{"data": [{"prompt": "zor", "right": "kim"}]}',
}


@pytest.mark.parametrize("content", SPREADSHEETS.values(), ids=SPREADSHEETS)
def test_a_table_is_read_however_it_was_saved(content):
    found = load_items(content, "x")

    (item,) = found.items
    assert (item.prompt, item.right) == ("zor", ("kim",))
    assert not any("left out" in note or "not used" in note for note in found.notes)


def test_what_is_not_utf_8_is_read_as_old_spreadsheets_write_it_with_a_note():
    found = load_items("prompt,right\nZürich liegt in,Länder\n".encode("cp1252"), "x")

    assert found.items[0].right == ("Länder",)
    assert "Windows-1252" in found.notes[0]


def test_one_broken_sign_does_not_turn_a_file_in_utf_8_into_another_encoding():
    found = load_items("prompt,right\nZürich liegt in,Länder\nÉté,".encode() + b"\xe4\n", "x")

    assert found.items[0].right == ("Länder",)
    assert "line 3" in found.notes[0]


@pytest.mark.parametrize("value, read", [(12, "12"), (12.0, "12"), (True, "true"), (0.5, "0.5"), (10**30, str(10**30))],
                         ids=["whole", "whole as a fraction", "truth", "fraction", "huge"])
def test_an_answer_that_is_a_number_is_read_as_people_write_it(value, read):
    (item,) = load_items(lines({"prompt": "zor", "answer": value, "wrong": [value, "x"]}), "x").items

    assert (item.right, item.wrong) == ((read,), (read, "x"))


def test_a_missing_answer_of_pandas_is_none():
    first, second = load_items(b'{"prompt": "zor", "right": NaN}\n{"prompt": "bal", "right": "kim"}\n', "x").items

    assert (first.right, second.right) == ((), ("kim",))


def test_of_two_columns_of_one_name_the_first_is_read_and_told():
    found = load_items(b"prompt,prompt,answer\na,b,c\n", "x")

    assert (found.items[0].prompt, found.items[0].right) == ("a", ("c",))
    assert "the column 'prompt' twice" in found.notes[0]


def csv_of(rows):
    """What pandas writes: lists and objects as Python prints them."""
    return pd.DataFrame(rows).to_csv(index=False).encode()


def as_json_cells(row):
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in row.items()}


LAYOUTS_AS_TABLES = {
    "NQ-Swap": [SWAP], "generator": [GENERATED, ORIGINAL], "CAD": CONTRAST, "overshadowing": STATEMENTS, "COUNTERFACT": [REWRITE],
}


@pytest.mark.parametrize("save", [
    csv_of, lambda rows: csv_of([as_json_cells(row) for row in rows]), lambda rows:
    pd.DataFrame(rows).to_csv(index=False, sep="\t").encode(), lambda rows: json.dumps(rows).encode(), parquet,
    lambda rows: pd.json_normalize(rows).to_csv(index=False).encode()],
    ids=["CSV", "CSV with JSON in cells", "TSV", "list", "parquet", "CSV with dotted columns"])
@pytest.mark.parametrize("name", LAYOUTS_AS_TABLES)
def test_every_layout_is_the_same_in_every_kind_of_file(name, save):
    rows = LAYOUTS_AS_TABLES[name]

    found, wanted = load_items(save(rows), "x"), load_items(lines(*rows), "x")

    assert found == wanted


def test_texts_that_numpy_printed_without_commas_stay_apart():
    frame = pd.DataFrame([SWAP]).map(lambda value: np.array(value) if isinstance(value, list) else value)
    frame["org_answer"] = frame["org_answer"].map(str)
    assert "' '" in frame["org_answer"][0]

    (item,) = load_items(frame.to_csv(index=False).encode(), "x").items

    assert item.wrong == ("A. Bell", "Bell")


def test_a_header_row_of_the_generator_is_told_and_without_originals_nothing_is_wrong():
    found = load_items(lines({"dataset": "MadeUpQuestions"}, GENERATED, GENERATED | {"uid": "8_s"}), "x")

    assert [item.number for item in found.items] == [2, 3] and found.num_in_file == 2
    assert found.items[0].wrong == ()
    assert "the data set is 'MadeUpQuestions'" in found.notes[0]
    assert any("not in the file for 2 of 2 prompts" in note and "hallucinations" in note for note in found.notes)


def test_columns_that_no_layout_knows_are_named_in_every_layout():
    found = load_items(lines(*(row | {"colour": "red"} for row in CONTRAST)), "x")

    assert found.notes == ("Columns that are not used: colour.",)


def test_cells_are_read_at_their_limit():
    (item,) = load_items(lines({"prompt": "z" * 20_000, "answer": ["y" * 1_000] * 100}), "x").items

    assert (len(item.prompt), len(item.right)) == (20_000, 100)


def test_a_file_above_the_size_limit_is_refused_with_both_sizes():
    with pytest.raises(InputError, match=r"64\.0 MB large\. At most 64 MB"):
        load_items(b"prompt\n" + b"z" * 64_000_000, "x")


def test_a_download_of_the_app_comes_back_as_it_was():
    frame = pd.DataFrame([{"prompt": "=1+1 is", "right": "-2", "wrong": "'=kept"},
                          {"prompt": "@home", "right": "'tis", "wrong": "+3"}])

    found = load_items(to_csv(frame), "x")

    assert [(item.prompt, *item.right, *item.wrong) for item in found.items] == [tuple(row) for row in frame.itertuples(index=False)]
