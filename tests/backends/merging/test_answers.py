"""What a reply answers, read by rule, and whether it is right by the data set's own rule."""

import math

import pytest

from backends.merging.answers import asked, extracted, is_right, repeats
from backends.merging.question_rows import Question, read_row
from backends.merging.written_numbers import numbers_in

TIMES = ("quarter", "half", "quarter past", "o'clock")
SIZES = ("145°", "6cm", "3/4", "A")


def question(form="number", answer="5", options=(), precision=None, **more):
    return Question("1", "What is x?", tuple(options), answer, form, "joint", precision=precision, **more)


def letter(reply, options=TIMES):
    return extracted(question("letter", "B", options), reply).text


@pytest.mark.parametrize("reply, right", [
    ("B", "B"), ("(B)", "B"), (" b", "B"), ("(b)", "B"), ("a b c", ""), ("B.", "B"), ("B: half", "B"), ("**B**", "B"), ("\\boxed{B}",
                                                                                                                        "B"),
    ("\\boxed{\\text{(B)}}", "B"),
    ("The answer is B.", "B"), ("The correct answer is (B) half", "B"), ("Answer: B", "B"), ("answer is option B", "B"),
    ("The answer is:\n\nB", "B"), ("So the correct option is B, because A is too small.", "B"), ("<answer>B</answer>", "B"),
    ('{"solution": "It is A or C", "short answer": "B"}', "B"), ("#### B", "B"),
    ("First A, then C.\nThe answer is A.\nNo: the answer is B.", "B"),
    ("half", "B"), ("It is half.", "B"), ("The hands say a quarter past.", "C"), ("The answer is quarter", "A"),
    ("the answer is o'clock", "D"),
    ("<think>A? Maybe A.</think>\nThe answer is B", "B"), ("A quarter or a half?", ""), ("The answer is A or B.", ""),
    ("A, B and C are all wrong", ""), ("I think a watch is shown", ""), ("E", ""), ("", ""), ("   \n ", ""), ("42", ""),
    ("The options are (A) quarter, (B) half.\nIt must be half, hence B", "B"),
], ids=str)
def test_the_letter_of_a_reply(reply, right):
    assert letter(reply) == right


@pytest.mark.parametrize("reply, right", [("145", "A"), ("The angle is 145 degrees", "A"), ("6 cm", "B"), ("0.75", "C"),
                                          ("It is 3/4", "C"),
                                          ("A", "A"), ("7", "")], ids=str)
def test_an_option_that_is_a_number_is_found_by_its_value(reply, right):
    assert letter(reply, SIZES) == right


@pytest.mark.parametrize("reply, value", [
    ("5", 5), ("The answer is 3.0", 3), ("The answer is 3.0.", 3), ("x = 5 cm", 5), ("x = 5 cm^2", 5), ("x=2+3=5", 5), ("$1,234.50",
                                                                                                                        1234.5),
    ("\\boxed{-7}", -7), ("\\boxed{\\frac{3}{4}}", 0.75), ("It is 3 / 4 of it.", 0.75), ("2√3", 2 * math.sqrt(3)), ("\\sqrt{2}",
                                                                                                                    2**0.5),
    ("2π", 2 * math.pi), ("\\frac{1}{2}\\pi", math.pi / 2), ("5 × 10^3", 5000), ("1.5e-3", 0.0015), ("−4", -4), (".5", 0.5),
    ("The answer is 3 of the 4 cubes", 3), ("the answer is x = 5", 5), ("There were 7, and 3 left, so 4 remain.", 4),
    ("Add 7.\nTake 3.\nSo there are 4.", 4), ("At first 12 of x2.\nThat is all.", 12), ("50%", 50), ("10-5", 5),
    ("nothing", None), ("", None), ("x2 and cm^3", None), ("9" * 400, None), ("1/0", None),
], ids=lambda value: str(value)[:40])
def test_the_number_of_a_reply(reply, value):
    found = extracted(question(), reply).number

    assert (found is None) if value is None else found == pytest.approx(value)


@pytest.mark.parametrize("form, precision, answer, reply, right", [
    ("integer", None, "3", "3", True), ("integer", None, "3", "3.0", True), ("integer", None, "3", "3.9", True),  # MathVista cuts
    ("integer", None, "3", "4", False), ("integer", None, "1000", "1,000", True), ("float", 1, "1.2", "1.23", True),
    ("float", 1, "1.2", "1.25", True), ("float", 1, "1.2", "1.26", False), ("float", 2, "1.45", "$1.45", True),
    ("float", 2, "1.45", "1.4", False), ("float", None, "2.0944", "2.0950", True), ("float", None, "2.0944", "2.0955", False),
    ("float", None, "2.0944", "2π/3", True), ("number", None, "14", "14.32", False), ("number", None, "14", "14.004", True),
    ("list", None, "[2007, 2008]", "Between [2007,2008].", True), ("list", None, "[2007, 2008]", "[2008, 2007]", False),
    ("list", None, "[2007, 2008]", "2007 and 2008", False), ("text", None, "May", "The answer is May.", True),
    ("text", None, "May", "may", True), ("text", None, "May", "It is hottest in May.", True), ("text", None, "May", "Mayor", False),
    ("text", None, "May", "Not May but June", False), ("text", None, "May", "", False), ("number", None, "5", "", False),
    ("letter", None, "C", "The answer is (C)", True), ("letter", None, "C", "F", False),
], ids=lambda value: str(value)[:30])
def test_an_answer_is_right_by_its_data_sets_own_rule(form, precision, answer, reply, right):
    one = question(form, answer, precision=precision)

    assert is_right(one, extracted(one, reply)) is right


def test_where_the_right_answer_is_not_known_nothing_is_right_or_wrong():
    assert is_right(question(answer=""), extracted(question(answer=""), "5")) is None


@pytest.mark.parametrize("reply", ["the " * 12, "the " * 400, "so it is " * 12, "It is 5. " + "5 " * 30, "\n5" * 12, "!" * 12,
                                   "The answer is " + "0" * 200, "abcabcabcabcabcabcabcabcabcabcabcabc",
                                   "x " + "one two three four five six seven eight nine ten eleven twelve " * 4],
                                   ids=lambda text: text[:20])
def test_one_thing_again_and_again_is_a_broken_reply_and_answers_nothing(reply):
    assert repeats(reply) and extracted(question(), reply).how == "repeated" and extracted(question(), reply).text == ""


@pytest.mark.parametrize("reply", ["", "5", "the " * 11, "no no no no", "1,000,000,000", "one two three " * 3, "!" * 11,
                                   "The answer is 5, for 2 + 3 = 5.", "a b c d e f g h i j k l m"], ids=lambda text: text[:20])
def test_what_says_a_thing_a_few_times_is_none(reply):
    assert not repeats(reply)


def test_a_question_is_asked_as_its_file_words_it_else_with_letters_and_what_is_due():
    own = question("letter", "B", ("3", "4"), prompt="Hint: as the file says", unit="cm")

    assert asked(own) == "Hint: as the file says"
    assert asked(own, in_own_words=True) == "What is x? (Unit: cm)\n(A) 3\n(B) 4\nGive the letter of the right option at the end."
    assert asked(question("float", precision=2)).endswith("Give a number with 2 decimals at the end, such as 1.23.")
    assert asked(question("float", precision=1)).endswith("with 1 decimal at the end, such as 1.2.")
    assert asked(question("integer")).endswith("Give a whole number at the end, such as 7.")
    assert asked(read_row({"question": "", "query": "", "query_wo": "See the picture.", "answer": "1"}, 1)) == "See the picture."


def test_every_number_of_a_text_has_its_words_and_its_value():
    assert numbers_in("From 2,000 to 3/4 of x^2 and v1.5, 2√3 m") == [
        ("2,000", 2000.0), ("3/4", 0.75), ("2√3", pytest.approx(3.4641016))]


@pytest.mark.parametrize("reply", ["1" * 100_000, "(" * 100_000, "answer " * 14_000, "[" * 100_000, "\\boxed{" * 10_000,
                                                                                                             "1," * 50_000,
                                   "A " * 5_000 + "B C" * 10_000, "√" * 50_000, '"short answer": "' * 5_000,
                                   "1 2 3 answer is x\n" * 5_000],
                         ids=lambda text: text[:12])
@pytest.mark.parametrize("form", ["letter", "number", "list", "text"])
def test_a_reply_that_means_harm_costs_no_time(reply, form):
    one = question(form, "B", TIMES if form == "letter" else ())

    assert is_right(one, extracted(one, reply)) in (True, False)
