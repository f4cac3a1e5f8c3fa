from benchmarks.__main__ import merged

ORDER = ["first", "second"]


def section(name: str, value: int) -> str:
    return f"## Title of {name}\n\n`python -m benchmarks --only {name}` on a day\n\nvalue {value}\n"


def test_a_section_that_was_not_run_keeps_what_it_said():
    text = merged(merged("", "second", section("second", 2), ORDER), "first", section("first", 1), ORDER)

    assert text.index("value 1") < text.index("value 2")


def test_a_section_that_was_run_again_is_replaced():
    text = merged(merged("", "first", section("first", 1), ORDER), "first", section("first", 7), ORDER)

    assert "value 7" in text and "value 1" not in text and text.count("## ") == 1
