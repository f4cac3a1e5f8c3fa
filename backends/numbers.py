"""Numbers as people read them, in sentences and in charts: nought has no sign, however small what was rounded away."""


def signed(value: float, digits: int = 2) -> str:
    """A number with its sign, '+0.12'; nought has none."""
    rounded = f"{value:+.{digits}f}"
    return rounded if rounded.strip("+-0.") else f"{0:.{digits}f}"


def fixed(value: float, digits: int = 2) -> str:
    """A number with so many decimals, '-1.20'; never '-0.00'."""
    rounded = f"{value:.{digits}f}"
    return rounded if rounded.strip("-0.") else f"{0:.{digits}f}"
