"""The choices that settings and formulas share, apart from both: a page reads them without loading torch."""

from typing import Literal

EscapeBias = Literal["paper", "floor"]
Detector = Literal["lift", "indicator_first", "indicator_argmax", "indicator_argmin", "oracle", "manual"]
MaskMode = Literal["delete", "replace", "attend"]
Unit = Literal["token", "word"]
Layers = Literal["low", "high"]
Membership = Literal["both", "esc", "out"]  # in both plausible sets, escaping, or in neither
