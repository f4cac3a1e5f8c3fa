"""How well a colour is told from another."""

import numpy as np


def contrast(one: str, other: str) -> float:
    """Of WCAG, 1 to 21, of two colours as #RRGGBB."""
    def luminance(colour: str) -> float:
        parts = [int(colour[at:at + 2], 16) / 255 for at in (1, 3, 5)]
        return float(np.dot([0.2126, 0.7152, 0.0722], [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055)**2.4 for c in parts]))

    low, high = sorted(map(luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)
