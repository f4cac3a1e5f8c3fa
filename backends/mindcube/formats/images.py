"""Where the images of a question are in what was brought, as `backends.files.pictures` finds them, but never in another group.

MindCube's questions name paths below its own data folder, and base names repeat from group to group (front_007.jpg). A file that
lies in another group's folder below its setting is that group's, even where it is the only one of its name.
"""

from backends.files.pictures import Folders, PictureIndex

_SETTINGS = ("among", "around", "rotation", "translation")  # folders of groups


class ImageIndex(PictureIndex):
    """The images among some names."""

    def may_be(self, wanted: Folders, own: Folders) -> bool:
        depth = next((place for place, name in enumerate(own) if name in _SETTINGS), None)
        return depth is None or own[:depth] == wanted[:depth]
