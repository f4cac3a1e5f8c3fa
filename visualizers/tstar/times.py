"""Times in a video, as a player writes them."""

from backends.tstar.results import Appearance


def clock(second: float) -> str:
    """75 -> '1:15'; 3700 -> '1:01:40'."""
    whole = round(second)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02d}:{whole % 60:02d}" if hours else f"{minutes}:{whole % 60:02d}"


def span(one: Appearance) -> str:
    """0:18 to 0:24"""
    return f"{clock(one.start_s)} to {clock(one.end_s)}"
