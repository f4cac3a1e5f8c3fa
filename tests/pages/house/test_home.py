"""The home page without a browser: a card for each system, by ring, and the orrery's data."""

import json

from streamlit.testing.v1 import AppTest

from backends.registry import systems
from pages.house import orrery


def home(**address: str) -> AppTest:
    app = AppTest.from_file("../../../app.py", default_timeout=120)
    for name, value in address.items():
        app.query_params[name] = value
    return app.run()


def test_every_system_has_a_card_under_its_ring():
    page = home()

    assert not page.exception
    links = [link.proto.label for link in page.get("page_link")]
    assert [system.title.replace(r"\\", "") for on_it in orrery.by_ring(systems()).values() for system in on_it] == [
        link.replace("\\", "") for link in links]
    rings = [ring.capitalize() for ring, on_it in orrery.by_ring(systems()).items() if on_it]
    assert [header.value for header in page.header] == rings


def test_a_card_says_how_long_it_takes_how_hard_it_is_and_who_wins():
    said = [text.value for text in home().caption]

    for system in systems():
        assert any(system.minutes in text and system.level.split(":")[0] in text for text in said)
        assert not system.wins() or any("balance" in text and system.wins().split(",")[0].split("(")[0] in text for text in said)


def test_the_orrery_holds_every_system_and_carries_the_address_on():
    parts = home(show="picture").get("bidi_component")
    drawn = [json.loads(part.proto.json) for part in parts if part.proto.component_name.endswith("orrery")]

    assert all(f'href="{system.name}?show=picture"' in drawn[0][shape] for system in systems() for shape in ("wide", "tall"))


def test_systems_are_sorted_by_their_rings_from_the_inside():
    rings = [body.ring for body in orrery.bodies(systems())]

    assert rings == sorted(rings, key=orrery.RINGS.index)
    assert {body.name for body in orrery.bodies(systems())} == {system.name for system in systems()}
