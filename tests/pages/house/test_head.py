"""What a page is called, and what its first answer brings along."""

import re
from dataclasses import replace
from html import unescape

import pytest

from backends import registry
from pages.house import head, style


@pytest.mark.parametrize("name", registry.names())
def test_a_page_is_named_after_its_system(name):
    assert head.title(name) == f"{registry.system(name).title} · Orrery"


def test_other_pages_have_names_too():
    assert head.title("") == head.title("nothing") == "Orrery" and head.title("lesson") == "Lesson · Orrery"


def test_the_first_answer_of_every_page_says_what_it_is():
    heads = head.heads()

    assert set(heads) == {"/", "/lesson", *(f"/{name}" for name in registry.names())}
    for name in registry.names():
        assert f"<title>{registry.system(name).title} · Orrery</title>" in unescape(heads[f"/{name}"])
        assert registry.system(name).claim in unescape(heads[f"/{name}"])
        assert style.all_rules(registry.system(name).presets) in heads[f"/{name}"]


def test_names_and_claims_are_text(monkeypatch):
    strange = replace(registry.system("tstar"), title="<b>T*</b>", claim="'<script>'")
    monkeypatch.setattr(head, "system", lambda _name: strange)

    said = head.heads()["/tstar"]
    assert "<b>" not in said and "<script>" not in said and "&lt;b&gt;T*&lt;/b&gt;" in said


def test_a_page_has_room_for_its_sidebar_and_a_small_one_above_its_title_from_the_beginning():
    assert "padding-top: 3.5rem" in style.all_rules() and "padding-left: 300px" in style.all_rules()


def test_cards_and_the_orrery_are_laid_out_before_their_page_brings_its_rules():
    rules = style.all_rules()

    assert ".st-key-gallery { display: grid" in rules and ".st-key-orrery:not(:has(.orrery-place))::before" in rules


def test_the_bar_before_a_preset_is_about_as_wide_as_its_button():
    rules = style.all_rules(["Watch it work", "Let a door fall shut", "See it fail"])

    widths = [float(found) for found in re.findall(r"nth-child\(\d\) \[data-testid=stSkeleton\] \{ width: ([\d.]+)rem", rules)]
    assert widths == pytest.approx([128 / 16, 132 / 16, 77 / 16], rel=0.05)  # as a browser measured them, the first with its icon
