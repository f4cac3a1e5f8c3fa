"""Rooms with a few named things, seen by cameras that each show a part: the world of MindCube (arXiv 2506.21458).

`catalogue` says what things there are, `scenes` what a scene is, `layouts` how the paper's settings are laid out, `free` what a
person may build, `texts` how a scene becomes a short text and back. `rendering` draws what a camera sees, `questions` asks about it
and answers from where everything really is, `generator` draws scenes for training and testing, `solids` has the meshes of a view in
3-D.

Lengths are metres: x to the right (east), y ahead (north), z up; the middle of the room is (0, 0, 0). Headings are degrees clockwise
from north. On a map of the scene north is up.
"""
