"""Pictures are found by as much of their path as fits."""

import pytest

from backends.files.pictures import PictureIndex


@pytest.mark.parametrize("path, beside, name", [
    ("images/1.jpg", "", "set/images/1.jpg"), ("images\\1.jpg", "", "set/images/1.jpg"), ("./other/1.jpg", "", "set/other/1.jpg"),
    ("2.PNG", "", "set/2.PNG"), ("far/away/2.PNG", "", "set/2.PNG"), ("1.jpg", "", None), ("images/3.jpg", "", None), ("", "", None),
    ("x/5.jpg", "", None), ("x/5.jpg", "b/data/rows.json", "b/x/5.jpg"), ("x/5.jpg", "rows.json", None),
], ids=["by its folder", "with strokes of Windows", "with a dot", "alone", "below other folders", "several of one name", "missing",
        "no path", "two sets", "the set that names it", "a table between both"])
def test_a_picture_is_the_one_whose_folders_fit_best(path, beside, name):
    index = PictureIndex(["set/images/1.jpg", "set/other/1.jpg", "set/2.PNG", "set/3.txt", "a/x/5.jpg", "b/x/5.jpg"])

    assert index.find(path, beside=beside) == name and len(index) == 5
