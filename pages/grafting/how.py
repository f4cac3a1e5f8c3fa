"""How grafting works: the formulas with a run's numbers in them."""

import streamlit as st

from backends.grafting.results import Grafted, GraftingResult, Locality, Speed
from pages.house import view
from pages.house.text import plain
from visualizers.grafting import healing
from visualizers.grafting.methods import OPERATORS, STATE_NAMES, place, stand

FORMULAS = {
    "hyena-x": r"[q,k,v] = \mathrm{conv}_4(hW_{in} + b),\qquad y = (q \odot k \odot v)\,W_{out} + b",
    "hyena-y": r"[q,k,v] = hW_{in} + b,\qquad y = \left(q \odot \mathrm{conv}_4(k \odot v)\right)W_{out} + b",
    "hyena-se": r"[q,k,v] = \mathrm{conv}_4(hW_{in} + b),\qquad y = \left(q \odot \mathrm{conv}_4(k \odot v)\right)W_{out} + b",
    "swa": r"y_i = \sum_{|i-j| \le 4} \mathrm{softmax}_j\!\left(\frac{q_i k_j}{\sqrt d}\right) v_j",
    "linear": r"y_i = \frac{\phi(q_i) \sum_j \phi(k_j)^\top v_j}{\phi(q_i) \sum_j \phi(k_j)^\top},\qquad \phi = \mathrm{elu} + 1",
    "mha": r"y_i = \sum_j \mathrm{softmax}_j\!\left(\frac{q_i k_j}{\sqrt d}\right) v_j",
    "mamba-2": r"S_i = e^{a \Delta_i} S_{i-1} + \Delta_i\, b_i v_i^\top,\qquad y_i = c_i S_i",
    "pairs": r"y = \left[\,B_{2j}(x, c)\,;\;B_{2j+1}(x, c)\,\right] W + b",
    "mlp-hyena-x": r"[q,k,v] = \mathrm{conv}_4(hW_{in} + b)\ \text{along channels},\qquad y = (q \odot k \odot v)\,W_{out} + b",
} | {f"mlp-{ratio}": rf"y = \mathrm{{GELU}}(hW_1 + b_1)\,W_2 + b_2,\qquad W_1: D \to {ratio}D" for ratio in range(1, 7)}
OF_V = (r"v = \sqrt{\bar\alpha_t}\,\epsilon - \sqrt{1 - \bar\alpha_t}\,x,\qquad "
        r"\mathcal L = \overline{(v_\theta(x_t, t, c) - v)^2}")
OF_NOISE = r"\mathcal L = \overline{(\epsilon_\theta(x_t, t, c) - \epsilon)^2} + \mathcal L_{vlb}(\Sigma_\theta)"
NOISE_AND_SPREAD = "This model says the noise, and how wide each step of DDPM is, which the variational bound teaches:"
LOSSES = {
    "l1": r"\left|\,g^l_\theta(h_l) - f^l_\phi(h_l)\right|", "l2": r"\left(g^l_\theta(h_l) - f^l_\phi(h_l)\right)^2",
    "huber": r"\mathrm{Huber}_1\!\left(g^l_\theta(h_l) - f^l_\phi(h_l)\right)",
}


def how_it_works(_task: str, result: GraftingResult) -> None:
    """The formulas, with this run's numbers in them."""
    if result.locality:
        _how_locality(result.locality)
    elif result.grafted:
        _how_grafting(result, result.grafted)
    elif result.speed:
        _how_speed(result.speed)


def _how_grafting(result: GraftingResult, grafted: Grafted) -> None:
    if place(grafted.operator) == "block":
        _how_pairs(result, grafted)
        return
    settings, name = result.settings, OPERATORS[grafted.operator]
    st.markdown("1. A block of the transformer adds what its attention and its MLP say to each token. Grafting cuts one of the two "
                "out of some layers and puts another operator there, with fresh weights. Its input *h* is what the old one heard, "
                "normalised and modulated by time and class; its output stands before the gate.")
    st.markdown(f"2. This run: {plain(name)}, in layers {', '.join(map(str, grafted.layers))} of 0 to {grafted.num_layers - 1}:")
    view.formula(FORMULAS[grafted.operator])
    st.markdown(f"3. Stage 1: each new operator *g* learns alone to say what the old one, *f*, said, on {settings.num_samples:,} "
                f"pictures at one random time each, {settings.steps:,} steps. The loss is {grafted.loss}, the mean over all numbers:")
    view.formula(rf"\mathcal L_l(\theta) = \mathbb E_{{t,\,x,\,c}}\; \overline{{{LOSSES[grafted.loss]}}}")
    st.markdown("4. How far it is off is said as a share of the variance of *f* on held-out activations: 0 says the same, 1 says "
                "only the mean:")
    mean = healing.mean_error(grafted)
    view.formula(r"e_l = \frac{\overline{(g^l - f^l)^2}}{\mathrm{Var}(f^l)}" + (
        "" if mean is None else rf"\qquad \text{{mean of this run's layers: }} {mean:.3f}"))
    _how_stage_2(result, grafted)


def _how_pairs(result: GraftingResult, grafted: Grafted) -> None:
    """Depth to width: other words for what is cut, what is heard, and what the error is a share of."""
    settings = result.settings
    st.markdown("1. The blocks of a transformer follow one another: each hears what the one before it said. Depth to width puts two "
                "neighbours side by side: both hear the same tokens *x*, time and class *c*, and a projection merges what they say. "
                "Both keep their weights; the projection begins as the mean of the two.")
    pairs = ", ".join(f"{first} and {first + 1}" for first in stand(grafted.operator, grafted.layers))
    st.markdown(f"2. This run: blocks {pairs} of 0 to {grafted.num_layers - 1}:")
    view.formula(FORMULAS["pairs"])
    view.formula(r"W: 2D \to D,\qquad W_0 = \left[\tfrac12 I; \tfrac12 I\right],\quad b_0 = 0")
    st.markdown("3. Stage 1: each pair *g* learns alone to say what its two blocks, *f*, said one after the other, on "
                f"{settings.num_samples:,} pictures at one random time each, {settings.steps:,} steps. The blocks and the projection "
                f"learn; the embedder of time and class, which all blocks share, does not. The loss is {grafted.loss}:")
    loss = LOSSES[grafted.loss].replace("h_l", "x, c").replace("^l", "^j")
    view.formula(rf"\mathcal L_j(\theta) = \mathbb E_{{t,\,x,\,c}}\; \overline{{{loss}}}")
    st.markdown("4. Most of what a block says is what it heard, handed on. So the error is said as a share of the variance of what "
                "the two blocks *add*; as a share of all that they say it would look small whatever they did:")
    mean = healing.mean_error(grafted)
    view.formula(r"e_j = \frac{\overline{(g^j - f^j)^2}}{\mathrm{Var}(f^j - x)}" + (
        "" if mean is None else rf"\qquad \text{{mean of this run's pairs: }} {mean:.3f}"))
    _how_stage_2(result, grafted)


def _how_stage_2(result: GraftingResult, grafted: Grafted) -> None:
    says_v, steps = grafted.learned_from == "drawn", result.settings.tune_steps
    st.markdown(f"5. Stage 2: everything is trained with the ordinary loss of a diffusion model for {steps:,} steps, with a running "
                f"mean of the weights. {'The miniature says *v*:' if says_v else NOISE_AND_SPREAD}")
    view.formula((OF_V if says_v else OF_NOISE) + _held_out(grafted))


def _held_out(grafted: Grafted) -> str:
    last = grafted.states[-1]
    return "" if last.held_out is None else rf"\qquad \text{{held out, {STATE_NAMES[last.name].lower()}: }} {last.held_out:.4f}"


def _how_locality(found: Locality) -> None:
    tokens, row = found.num_tokens, round(found.num_tokens**0.5)
    st.markdown("1. *A* is one head's attention: row *i* says how much token *i* takes from each token *j*, and adds up to 1. Tokens "
                f"are counted row by row; a row of this model's picture has {row} of its {tokens:,} tokens.\n"
                "2. The share within a band is the paper's band-k, the mean over pictures, times and heads:")
    layer = int(found.shares.argmax())
    view.formula(rf"L_k = \frac1N \sum_{{|i-j| \le k}} A_{{ij}} \qquad N = {tokens},\; k = {found.near}:\quad "
                 rf"L_k = {found.shares[layer]:.3f} \text{{ in layer }} {layer}")
    st.markdown("3. Attention that is spread evenly has")
    view.formula(rf"U_k = \frac{{(2k+1)N - k(k+1)}}{{N^2}} = {found.even:.3f}")
    st.markdown("4. Raster order knows nothing of rows: the left neighbour of a row's first token is the last one of the row above. "
                f"On the grid (ours) a token has at most nine near ones, itself included; evenly spread, {found.even_grid:.3f}.")


def _how_speed(speed: Speed) -> None:
    st.markdown("1. Full attention compares every token with every other: operations grow with the square of their number *N*. "
                "Convolutions, windows and scans grow with *N* itself:")
    view.formula(r"\text{full attention}: 4N^2D + 8ND^2 \qquad \text{Hyena-X}: 2ND + 24ND + 8ND^2 \qquad "
                 rf"D = {speed.width}")
    st.markdown("2. The projections, 8*ND*², are the same for both. As long as *N* is not much larger than 2*D* they are most of the "
                f"work, and cutting attention saves little: here 2*D* = {2 * speed.width}.")
