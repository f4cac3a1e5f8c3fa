"""What there is to notice in a grafting, in sentences from its own numbers."""

from backends.grafting.results import Grafted
from backends.numbers import fixed, signed
from visualizers.grafting import healing
from visualizers.grafting.methods import OPERATORS, label, place, stand, unit
from visualizers.grafting.strips import SHOWN_PX
from visualizers.grafting.tables import against_original
from visualizers.text import per_cent

INSIDE_THE_NOISE, FEW = 3.0, 500  # a difference of proxy-FDs that says nothing at so many pictures
RECOGNISED, CLEARLY_ABOVE = 0.95, 20.0  # accuracy; per cent of held-out error


def replaced(grafted: Grafted) -> str:
    """How much was replaced with what."""
    where = place(grafted.operator)
    if where == "block":
        pairs = len(stand(grafted.operator, grafted.layers))
        return (f"{2 * pairs} of {grafted.num_layers} blocks stand side by side, two and two: where {2 * pairs} followed one "
                f"another, {pairs} do now")
    return (f"{len(grafted.layers)} of {grafted.num_layers} layers have {OPERATORS[grafted.operator]} in the place of their "
            f"{'MLP' if where == 'mlp' else where}")


def painted(grafted: Grafted) -> str:
    """What is seen in every state, and what the model learned from where nobody drew it."""
    _, height, width, _ = grafted.states[0].pictures.shape
    scale = " enlarged without smoothing" if height < SHOWN_PX else ""
    own = "" if grafted.learned_from == "drawn" else (
        " What it learns from, and what its error is taken on, are pictures that the original painted itself.")
    return (f"All {len(grafted.states)} states paint {len(grafted.kinds)} pictures from the same noise: {'; '.join(grafted.kinds)}. "
            f"They are {width} x {height} pixels, in {grafted.tokens:,} tokens{',' if scale else ''}{scale}.{own}")


def sentences(grafted: Grafted) -> list[str]:
    """One line each; what a run has not come to is left out."""
    said = [f"{replaced(grafted)}.", _errors(grafted), _hardest(grafted), _judged(grafted)]
    return [sentence for sentence in said if sentence]


def _errors(grafted: Grafted) -> str:
    """How far the held-out error of each state is from the original's."""
    when = {"swapped": "before healing", "stage 1": "after stage 1", "stage 2": "after stage 2"}
    told = [(when[state.name], above) for state in grafted.states if state.name in when
            and (above := against_original(grafted, state)) is not None]
    if not told:
        return ""
    return "The held-out error against the original's: " + ", ".join(
        f"{signed(above, 0 if abs(above) >= 100 else 1)} % {words}" for words, above in told) + "."


def _hardest(grafted: Grafted) -> str:
    """Which layer, or pair, is imitated worst and which best."""
    errors, mean = healing.last_errors(grafted), healing.mean_error(grafted)
    if mean is None:
        return ""
    is_pair, what = place(grafted.operator) == "block", unit(grafted.operator)
    scale = "what two blocks add, one after the other" if is_pair else "what they imitate"

    def named(layer: int) -> str:
        return f"{what} {label(grafted.operator, layer)}"

    if len(errors) == 1:
        scale = scale if is_pair else "what it imitates"
        return f"{named(min(errors)).capitalize()} is off by {fixed(mean, 3)} of the variance of {scale}."
    hardest, easiest = max(errors, key=errors.__getitem__), min(errors, key=errors.__getitem__)
    return (f"Alone, the new operators are off by {fixed(mean, 3)} of the variance of {scale}, on average; {named(hardest)} "
            f"is the hardest ({fixed(errors[hardest], 3)}), {named(easiest)} the easiest ({fixed(errors[easiest], 3)}).")


def _judged(grafted: Grafted) -> str:
    """What accuracy and proxy-FD can say of this run, and what they cannot."""
    last, original = grafted.states[-1], grafted.states[0]
    judged, above = last.judgement, against_original(grafted, last)
    if judged is None:
        return ""
    if judged.accuracy >= RECOGNISED and above is not None and above > CLEARLY_ABOVE:
        return (f"The classifier recognises {per_cent(judged.accuracy)} of the pictures, although the held-out error is {above:.0f} "
                "% above the original's: being recognised says little. Look at the pictures: do the colours of an object agree?")
    if judged.number <= FEW and judged.proxy_fd is not None and original.judgement and original.judgement.proxy_fd is not None and (
            abs(judged.proxy_fd - original.judgement.proxy_fd) < INSIDE_THE_NOISE):
        return (f"At n = {judged.number} the proxy-FDs of original and graft ({original.judgement.proxy_fd:.1f} and "
                f"{judged.proxy_fd:.1f}) cannot be told apart: go by the held-out error.")
    return ""
