"""Vignettes: the same bytes each time, ten kinds in turn, and none of the held-out ones is trained on."""

import hashlib
import subprocess
import sys

import numpy as np
import pytest

from worlds.errors import InputError
from worlds.vignettes import HELD_OUT, KINDS, TRAINED_ON, kind_of, vignette, vignettes


def test_a_picture_is_its_kind_and_its_seed_in_a_fresh_process_too():
    picture = vignette(3, 7)
    code = "import hashlib; from worlds.vignettes import vignette; print(hashlib.sha256(vignette(3, 7).tobytes()).hexdigest())"

    assert picture.shape == (32, 32, 3) and picture.dtype == np.uint8
    assert np.array_equal(picture, vignette(3, 7)) and not np.array_equal(picture, vignette(3, 8))
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert said == hashlib.sha256(picture.tobytes()).hexdigest()


def test_the_first_two_thousand_hold_two_hundred_of_each_kind():
    assert len(KINDS) == 10
    assert np.bincount([kind_of(index) for index in range(2000)]).tolist() == [200] * 10
    assert np.array_equal(vignettes(3, first=19)[1], vignette(0, 2))


def test_held_out_pictures_have_seeds_that_no_training_sees():
    assert TRAINED_ON // len(KINDS) < HELD_OUT
    assert np.array_equal(vignettes(1, held_out=True)[0], vignette(0, HELD_OUT))


@pytest.mark.parametrize("kind", range(10))
def test_pictures_of_a_kind_vary_and_have_no_empty_place(kind):
    pictures = np.stack([vignette(kind, seed) for seed in range(30)]).astype(float)

    assert len({picture.tobytes() for picture in pictures}) == 30
    assert pictures.std(0).mean() > 8 and pictures.std((1, 2)).min() > 2  # another each time, and more than one colour


def test_kinds_differ_more_between_than_within():
    means = np.stack([np.mean([vignette(kind, seed) for seed in range(40)], axis=0) for kind in range(10)]).reshape(10, -1)
    right = [int(np.argmin(np.square(means - vignette(kind, 500 + seed).reshape(1, -1)).sum(1))) == kind
             for kind in range(10) for seed in range(20)]

    assert np.mean(right) > 0.6  # a tenth is chance; even the nearest mean tells most of them


def test_a_kind_that_does_not_exist_is_refused():
    with pytest.raises(InputError, match="no kind 10"):
        vignette(10, 0)
