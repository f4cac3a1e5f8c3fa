"""What every system's settings promise: each knob is bounded, so that a link from a stranger is."""

import json
import math
import random
import string
from collections.abc import Iterator
from typing import Any

import pytest

from backends.knobs import Knob, knob_of, knobs_of
from backends.registry import System, systems
from backends.run import MAX_PERMALINK, Settings, seeds_from
from backends.tstar.settings import TStarSettings
from models.catalogue import rungs
from worlds.errors import InputError


def unbounded(schema: dict[str, Any]) -> Iterator[str]:
    """The knobs, and parts of knobs, that take any number or any length."""
    definitions = schema.get("$defs", {})

    def look(field: dict[str, Any], name: str) -> Iterator[str]:
        if "$ref" in field:
            field = {**definitions[field["$ref"].rsplit("/", 1)[-1]], **field}
        for other in field.get("anyOf", []):
            yield from look(other, name)
        kind = field.get("type")
        if "enum" in field or "const" in field or kind in ("null", "boolean"):
            return
        if kind == "string" and "maxLength" not in field:
            yield f"{name}: text of any length"
        if kind in ("integer", "number") and not {"minimum", "exclusiveMinimum"} & field.keys():
            yield f"{name}: no least number"
        if kind in ("integer", "number") and not {"maximum", "exclusiveMaximum"} & field.keys():
            yield f"{name}: no largest number"
        if kind == "array":
            if "maxItems" not in field:
                yield f"{name}: any number of entries"
            for entry in field.get("prefixItems") or [field["items"]]:
                yield from look(entry, f"{name}[]")

    for name, field in schema["properties"].items():
        yield from look(field, name)


@pytest.mark.parametrize("system", systems(), ids=lambda system: system.name)
def test_every_knob_has_its_bounds(system: System) -> None:
    assert not list(unbounded(system.settings.model_json_schema()))


def numbers(system: System) -> list[str]:
    return [knob.name for knob in knobs_of(system.settings) if knob.kind == "number"]


@pytest.mark.parametrize("system", systems(), ids=lambda system: system.name)
def test_no_knob_takes_what_is_no_finite_number(system: System) -> None:
    assert numbers(system)
    for name in numbers(system):
        for value in ("1e999", "-1e999", "NaN", "Infinity"):
            with pytest.raises(InputError, match=name):
                system.settings.from_json(f'{{"{name}": {value}}}')


@pytest.mark.parametrize("system", systems(), ids=lambda system: system.name)
def test_no_number_is_a_truth_value(system: System) -> None:
    for knob in knobs_of(system.settings):
        if knob.kind in ("whole", "number"):
            with pytest.raises(InputError, match=rf"{knob.name}: it is true, and a number is due"):
                system.settings.from_json(f'{{"{knob.name}": true}}')


@pytest.mark.parametrize("system", systems(), ids=lambda system: system.name)
def test_what_a_link_is_written_with_is_what_it_is_read_with(system: System) -> None:
    """Every preset, and settings with long texts in every place: a link that is made can be read."""
    for settings, _ in system.presets.values():
        assert system.settings.from_permalink(settings.permalink()) == settings
    texts = [knob for knob in knobs_of(system.settings) if knob.kind in ("text", "model") and knob.name != "file"]
    long: dict[str, object] = {knob.name: "\u00ff" * min(knob.max_length or 0, 1_000) for knob in texts}
    if "compare_with" in long:  # a second prompt stands beside one first prompt
        long |= {"prompts": ("\u00ff",)}
    settings = system.settings.model_validate(long)

    assert system.settings.from_permalink(settings.permalink()) == settings


def test_settings_too_long_for_a_link_make_none() -> None:
    from backends.coda.settings import CodaSettings

    def of(length: int) -> Settings:
        letters = random.Random(0).choices(string.ascii_letters + string.digits, k=length)  # which no packing makes shorter
        return CodaSettings(prompts=("".join(letters),))

    made = [length for length in range(2000, 20_000, 500) if _link(of(length)) is not None]
    refused = [length for length in range(2000, 20_000, 500) if length not in made]

    assert made and refused and max(made) < min(refused)
    assert CodaSettings.from_permalink(of(max(made)).permalink()) == of(max(made))
    with pytest.raises(InputError, match=rf"too long for a link.*at most {MAX_PERMALINK:,}"):
        of(min(refused)).permalink()


def _link(settings: Settings) -> str | None:
    try:
        return settings.permalink()
    except InputError:
        return None


def test_settings_that_pack_well_but_unpack_too_large_make_no_link_either() -> None:
    from backends.coda.settings import CodaSettings

    settings = CodaSettings(prompts=("a " * 9_999 + "b",) * 16)
    assert len(json.dumps(settings.prompts)) > 100_000

    with pytest.raises(InputError, match=r"too long for a link: [\d,]+ bytes .* at most 100,000\."):
        settings.permalink()


def test_infinity_in_python_is_refused_too() -> None:
    from backends.tstar.settings import TStarSettings

    with pytest.raises(ValueError, match="finite"):
        TStarSettings(example_s=math.inf)


@pytest.mark.parametrize("system", systems(), ids=lambda system: system.name)
def test_every_model_of_a_run_has_a_quantisation_of_its_own(system: System) -> None:
    models = [knob for knob in knobs_of(system.settings) if knob.kind == "model" and knob.quantised_by]  # others are never loaded

    assert models and len({knob.quantised_by for knob in models}) == len(models)
    for knob in (knob for knob in models if any(rung.quantisations != ("none",) for role in knob.roles for rung in rungs(role))):
        assert knob_of(system.settings, knob.quantised_by).choices == ("none", "int8", "nf4")


@pytest.mark.parametrize("first", [0, 2**31 - 2, 2**31 - 1])
def test_seeds_that_follow_the_last_one_are_seeds(first: int) -> None:
    seeds = seeds_from(first, 3)

    assert len(set(seeds)) == 3 and seeds[0] == first and all(0 <= seed < 2**31 for seed in seeds)


SEVERAL = [pytest.param(system, knob, id=f"{system.name}-{knob.name}") for system in systems()
           for knob in knobs_of(system.settings) if knob.kind == "several"]


@pytest.mark.parametrize(("system", "knob"), SEVERAL)
def test_a_choice_that_is_made_twice_counts_once(system: System, knob: Knob) -> None:
    first, second = knob.choices[-2:]

    settings = system.settings.from_json(json.dumps({knob.name: [first, second, first]}))

    assert getattr(settings, knob.name) == (first, second)


@pytest.mark.parametrize(("asked", "said"), [
    ('{"gird": 5}', "There is no setting 'gird'. Did you mean 'grid'?"),
    ('{"detctor": 1, "grid": 99}',
     "grid: Input should be less than or equal to 8. There is no setting 'detctor'. Did you mean 'detector'?")])
def test_an_unknown_setting_names_the_nearest_known_one(asked, said):
    with pytest.raises(InputError) as caught:
        TStarSettings.from_json(asked)

    assert str(caught.value) == said


def test_an_unknown_setting_that_is_near_none_names_all_and_many_mistakes_are_counted():
    with pytest.raises(InputError, match=r"There is no setting 'qqqqqq'\. There are video, question, "):
        TStarSettings.from_json('{"qqqqqq": 1}')

    names = {f"{'x' * 10_000}{number}": 1 for number in range(100)}
    with pytest.raises(InputError, match=r"And 92 more\.") as caught:
        TStarSettings.from_json(json.dumps(names))
    assert len(str(caught.value)) < 8_000
