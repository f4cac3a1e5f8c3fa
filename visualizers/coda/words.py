"""What one prompt's answers say, in words: tokens as labels, whose answer a token begins, a decoder's name, why a token was written.

What models and prompts say is escaped where it becomes a label: plotly reads a little HTML.
"""

import re
from collections.abc import Sequence
from math import exp

from backends.coda.choices import Kind
from backends.coda.resolving import resolved, variant_of
from backends.coda.results import Asked, Found, TopToken, Written, WrittenToken
from backends.coda.settings import CodaSettings
from backends.coda.variants import Variant
from backends.numbers import signed
from visualizers.coda.methods import DECODER_NAMES
from visualizers.text import per_cent, said
from visualizers.theme import OTHER_COLOUR, POPULAR_COLOUR, RIGHT_COLOUR

CONTRASTS = ("coda", "coda_paper", "cad", "cad_random", "cd")  # decoders that read a masked prompt
MEMBERSHIP = {"both": "both", "esc": "escapes", "out": "out"}  # plausible to both prompts, to X only, not to X
ROLE_COLOURS = {"right": RIGHT_COLOUR, "popular": POPULAR_COLOUR, "other": OTHER_COLOUR}
SPECIAL = re.compile(r"<[^<>\s]*>|\[[A-Z]+\]")  # <s>, <|user|>, [CLS]: no words of the prompt
NO_SPACE = str.maketrans({"\n": "↵", "\t": "⇥"})


def shown_piece(piece: str) -> str:
    """A token as it stands in a label: without its space, never empty."""
    text = piece.strip(" ").translate(NO_SPACE)
    return text if text.strip() else "␣"


ENDS = ("<eos>", "</s>", "<|endoftext|>", "<|im_end|>")  # pieces that end what a model says, here and in the families on the ladder


def _named(piece: str) -> str:
    """The same in a sentence: what ends an answer by its name."""
    return "the end of the answer" if piece in ENDS else f"“{shown_piece(piece)}”"


def label(piece: str) -> str:
    return said(shown_piece(piece), 14)


percent = per_cent


def role(piece: str, asked: Asked) -> str:
    """Whether a first token begins the correct answer, the popular one, or neither; neither where it begins both."""
    said = piece.strip().lower()
    begins = [bool(said and answer) and str(answer).strip().lower().startswith(said) for answer in (asked.right, asked.popular)]
    return "other" if begins[0] == begins[1] else "right" if begins[0] else "popular"


def chosen_of(token: WrittenToken) -> TopToken | None:
    """The written token's own row, wherever it is listed."""
    return next((entry for entry in (*token.by_score, *token.by_full, *token.by_masked) if entry.piece == token.piece), None)


def is_paired(method: str, token: WrittenToken, found: Found) -> bool:
    """Whether a masked prompt was read for this token."""
    return method in CONTRASTS and (token.is_contrasted or found.chosen is not None)


def found_of(asked: Asked, written: Written) -> Found:
    """What the detector said, with what this decoder's own masked prompt is; in older runs all decoders shared one."""
    own = written.own
    if own is None:
        return asked.found
    return asked.found.model_copy(update={"chosen": own.text, "chosen_positions": own.positions, "masked_prompt": own.masked_prompt,
                                          "reason": own.reason})


def variant(method: str, settings: CodaSettings, kind: Kind | None = None) -> Variant:
    """A decoder of these settings, complete; of a miniature where the kind of model is not known."""
    return variant_of(settings, resolved(settings, kind or "miniature"), method)


def decoder_name(method: str, settings: CodaSettings, kind: Kind | None = None) -> str:
    """A decoder, and whose it is: 'CoDA, as in the paper', 'CoDA, Orrery's variant (floor, gate)'."""
    if method == "coda_paper":
        return DECODER_NAMES[method]
    what = variant(method, settings, kind)
    if method != "coda":
        return what.title
    ours = [*(["floor"] if what.contrast.escape_bias == "floor" else []), *(["gate"] if what.contrast.gate else [])]
    return f"{DECODER_NAMES[method]} ({', '.join(ours)})" if ours else "CoDA, your settings"


def tau_of(settings: CodaSettings, kind: Kind | None) -> float | None:
    """The threshold of lift, where it is the detector."""
    return settings.tau if resolved(settings, kind or "miniature").finding.detector == "lift" else None


def verdict(written: Written) -> str:
    """'correct', 'popular: hallucinated', 'wrong', or nothing where the truth is not known."""
    if written.is_right is None:
        return ""
    return "correct" if written.is_right else "popular: hallucinated" if written.is_popular else "wrong"


def why(token: WrittenToken, method: str, found: Found, settings: CodaSettings) -> str:
    """What a decoder did at one token, in one plain sentence."""
    entry = chosen_of(token)
    if method == "greedy":
        return f"Likeliest by the prompt{f', {percent(exp(entry.full))}' if entry else ''}."
    if method == "sample":
        return f"Drawn at temperature {settings.temperature:g}{f'; p = {percent(exp(entry.full))}' if entry else ''}."
    if method == "dola":
        return f"Layer {token.layer} is subtracted from the last." if token.layer is not None else "The last layer."
    if found.chosen is None:
        return "Nothing was masked, so nothing is contrasted."
    if not token.is_contrasted:
        return f"Gate closed: the masked prompt likes {_named(token.greedy_piece)} less, so greedy decoding stands."
    return _contrasted(token, entry, method)


def _contrasted(token: WrittenToken, entry: TopToken | None, method: str) -> str:
    instead = f" Greedy: “{shown_piece(token.greedy_piece)}”." if token.piece != token.greedy_piece else " As greedy."
    if entry is None:
        return f"Contrasted with the masked prompt.{instead}"
    if entry.membership == "esc":
        return (f"Escapes: implausible without the masked word, {percent(exp(entry.masked))}, plausible with it, "
                f"{percent(exp(entry.full))}.{instead}")
    gain = entry.full - entry.masked
    says = "says nothing about it" if abs(gain) < 0.005 else "speaks for it" if gain > 0 else "speaks against it"
    return f"R-PMI {signed(gain)}: the masked word {says}.{instead}"


def words_of(asked: Asked, found: Found | None = None) -> list[tuple[str, bool]]:
    """The prompt in parts: text and whether it is masked; special tokens are left out, masked neighbours joined."""
    parts: list[tuple[str, bool]] = []
    chosen = set((found or asked.found).chosen_positions)
    joined = _is_joined(asked.pieces)
    for position, piece in enumerate(asked.pieces):
        is_masked, text = position in chosen, piece.translate(NO_SPACE)
        if SPECIAL.fullmatch(piece.strip()) and not is_masked:
            continue
        glues = parts and not (joined or piece[:1].isspace()) and parts[-1][1] == is_masked
        if glues:
            parts[-1] = (parts[-1][0] + text, is_masked)
        else:
            parts.append((text.strip(), is_masked))
    return [(text, is_masked) for text, is_masked in parts if text]


def _is_joined(pieces: Sequence[str]) -> bool:
    """Whether every piece is a word by itself: a miniature's tokens carry no spaces."""
    return not any(piece[:1].isspace() for piece in pieces)
