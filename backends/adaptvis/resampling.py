"""The draws behind every interval of a set of items: of a run, of its live parts, and of what a page replays on its answers.

The same items give the same draws whoever asks, so one quantity has one interval. Imports no torch: pages draw with it.
"""

from collections.abc import Sequence

from backends.statistics import Bootstrap


def bootstrap_over(groups: Sequence[str]) -> Bootstrap:
    """Return draws of whole groups, which are numbered as they first occur; an item without a group is one by itself.

    Args:
        groups: (items,) the name of each item's group.
    """
    names = [group or f"\0{place}" for place, group in enumerate(groups)]
    number = {name: index for index, name in enumerate(dict.fromkeys(names))}
    return Bootstrap([number[name] for name in names])
