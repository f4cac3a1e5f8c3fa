"""Results say in their types what their arrays are, and hold it when they are made."""

import io
import typing
from collections.abc import Iterator
from dataclasses import dataclass, is_dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
import pytest
from annotated_types import MaxLen
from PIL import Image
from pydantic import BaseModel, ConfigDict, FailFast, ValidationError
from pydantic.fields import FieldInfo

from backends.registry import systems
from backends.shapes import CHECKED, Shaped, at_most, axes_of, check_rising, floats, jpeg, jpegs_of, length, truths, wholes


class Step(Shaped):
    own_axes: ClassVar[tuple[str, ...]] = ("seen",)

    seen: Annotated[np.ndarray, wholes("seen", high=9)]
    share: Annotated[np.ndarray, floats("places", low=0, total=1)]
    is_new: Annotated[np.ndarray, truths("places")]
    boxes: Annotated[np.ndarray | None, floats("seen", 4, may_be_nan=True)] = None


class Walk(Shaped):
    steps: Annotated[tuple[Step, ...], at_most(3)]
    names: Annotated[tuple[str, ...], length("places")] = ("a", "b")
    num_places: Annotated[int, length("places")] = 2
    picture: Annotated[np.ndarray | None, jpeg()] = None


def step(*seen: int, **changed: Any) -> Step:
    plain = {"seen": np.array(seen), "share": np.array([0.25, 0.75]), "is_new": np.array([True, False])}
    return Step(**(plain | changed))


def a_picture() -> np.ndarray:
    content = io.BytesIO()
    Image.new("RGB", (8, 8)).save(content, "JPEG")
    return np.frombuffer(content.getvalue(), np.uint8)


@dataclass(frozen=True)
class Place:
    __pydantic_config__: ClassVar[ConfigDict] = CHECKED

    heat: Annotated[np.ndarray, floats("places", low=0)]
    picture: Annotated[np.ndarray | None, jpeg()] = None


class Atlas(Shaped):
    places: Annotated[tuple[Place, ...], at_most(3)]
    names: Annotated[tuple[str, ...], length("places")] = ("a", "b")


def test_a_plain_dataclass_is_held_to_its_types_by_what_holds_it() -> None:
    place = Place(np.zeros(2), a_picture())

    atlas = Atlas(places=(place, place))

    assert axes_of(atlas)["places"] == (2, "places") and [*jpegs_of(atlas)] == [place.picture, place.picture]
    for wrong, said in ((Place(np.zeros(3)), "places has 3 places, names has 2"), (Place(-np.ones(2)), "numbers from -1.0"),
                        (Place(np.zeros(2, int)), "due is fractions")):
        with pytest.raises(ValidationError, match=said):
            Atlas(places=(wrong,))


def test_equal_names_are_equal_lengths_in_all_that_a_model_holds() -> None:
    walk = Walk(steps=(step(1), step(1, 2, 3)))

    assert {axis: size for axis, (size, _) in axes_of(walk).items()} == {"places": 2}  # `seen` differs from step to step
    assert axes_of(walk.steps[1])["seen"] == (3, "seen")


@pytest.mark.parametrize(("made", "said"), [
    pytest.param(lambda: step(1, is_new=np.array([True])), "share has 2 places, is_new has 1", id="two arrays"),
    pytest.param(lambda: step(1, boxes=np.zeros((2, 4))), "seen has 1 seen, boxes has 2", id="an own axis"),
    pytest.param(lambda: Walk(steps=(step(1),), num_places=3), "steps has 2 places, num_places has 3", id="a number"),
    pytest.param(lambda: Walk(steps=(step(1),), names=("a",)), "steps has 2 places, names has 1", id="a tuple"),
])
def test_lengths_that_do_not_fit_are_refused_by_name(made: Any, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        made()


@pytest.mark.parametrize("array", [
    pytest.param(np.array([1.0]), id="fractions"),
    pytest.param(np.zeros(0, int), id="nothing"),
    pytest.param(np.zeros((1, 1), int), id="of two axes"),
    pytest.param(np.array(1), id="of none"),
    pytest.param(np.array([-1]), id="below"),
    pytest.param(np.array([10]), id="above"),
    pytest.param([1], id="a list"),
    pytest.param(None, id="none"),
])
def test_an_array_of_another_kind_shape_or_range_is_refused(array: Any) -> None:
    with pytest.raises(ValidationError):
        step(seen=array)


@pytest.mark.parametrize("share", [[0.5, np.nan], [0.5, np.inf], [0.5, 0.6], [1.5, -0.5]], ids=["nan", "infinite", "1.1", "below 0"])
def test_fractions_are_finite_and_add_up(share: list[float]) -> None:
    with pytest.raises(ValidationError):
        step(1, share=np.array(share))
    assert np.isnan(step(1, boxes=np.full((1, 4), np.nan)).boxes).all()  # where that is said


def test_pictures_are_found_wherever_they_are() -> None:
    picture = a_picture()

    assert [*jpegs_of(Walk(steps=(step(1),), picture=picture))] == [picture]
    for other in (picture[:-2], picture.astype(np.int64), picture[None]):
        with pytest.raises(ValidationError):
            Walk(steps=(step(1),), picture=other)


@pytest.mark.parametrize("values", [(1.0, 1.0), (2.0, 1.0)], ids=["equal", "falling"])
def test_values_that_do_not_rise_are_refused(values: tuple[float, ...]) -> None:
    check_rising((1.0, 2.0), "they")
    with pytest.raises(ValueError, match="they do not rise"):
        check_rising(values, "they")


def fields_of(kind: type) -> dict[str, FieldInfo]:
    if issubclass(kind, BaseModel):
        return kind.model_fields
    return {name: FieldInfo.from_annotation(hint) for name, hint in typing.get_type_hints(kind, include_extras=True).items()
            if typing.get_origin(hint) is not ClassVar}


def models_in(kind: type) -> Iterator[type]:
    """The model and all models and plain dataclasses in it."""
    yield kind
    for field in fields_of(kind).values():
        yield from (own for part in parts_of(field.annotation)
                    if isinstance(part, type) and (issubclass(part, BaseModel) or is_dataclass(part)) for own in models_in(part))


def parts_of(annotation: Any) -> Iterator[Any]:
    yield annotation
    for part in typing.get_args(annotation):
        yield from parts_of(part)


@pytest.mark.parametrize("kind", [system.result for system in systems()], ids=lambda kind: kind.__name__)
def test_no_array_list_or_table_of_a_result_is_without_bounds(kind: type[BaseModel]) -> None:
    """A file may hold a million wrong entries: pydantic would tell each, and a page draw each."""
    loose = [f"{model.__name__}.{name}" for model in models_in(kind) for name, field in fields_of(model).items()
             if not is_bounded(field.annotation, field.metadata)]

    assert loose == []


def is_bounded(annotation: Any, metadata: list[Any]) -> bool:
    is_list = any(typing.get_origin(part) is tuple and typing.get_args(part)[-1] is Ellipsis for part in parts_of(annotation))
    is_table = any(typing.get_origin(part) is dict for part in parts_of(annotation))
    is_array = np.ndarray in parts_of(annotation)
    has = {type(mark) for mark in metadata}
    return ((not is_list or {MaxLen, FailFast} <= has) and (not is_table or MaxLen in has)
            and (not is_array or any(name.__name__ in ("_Shape", "_Jpeg") for name in has)))
