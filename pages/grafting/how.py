"""How grafting works: the formulas with a run's numbers in them."""

import streamlit as st

from backends.grafting.results import Grafted, GraftingResult, Locality, Speed
from pages.house.text import plain
from visualizers.grafting import healing
from visualizers.grafting.methods import OPERATORS, STATE_NAMES

FORMULAS = {
    "hyena-x": r"[q,k,v] = \mathrm{conv}_4(hW_{in} + b),\qquad y = (q \odot k \odot v)\,W_{out} + b",
    "hyena-y": r"[q,k,v] = hW_{in} + b,\qquad y = \left(q \odot \mathrm{conv}_4(k \odot v)\right)W_{out} + b",
    "hyena-se": r"[q,k,v] = \mathrm{conv}_4(hW_{in} + b),\qquad y = \left(q \odot \mathrm{conv}_4(k \odot v)\right)W_{out} + b",
    "swa": r"y_i = \sum_{|i-j| \le 4} \mathrm{softmax}_j\!\left(\frac{q_i k_j}{\sqrt d}\right) v_j",
    "linear": r"y_i = \frac{\phi(q_i) \sum_j \phi(k_j)^\top v_j}{\phi(q_i) \sum_j \phi(k_j)^\top},\qquad \phi = \mathrm{elu} + 1",
    "mha": r"y_i = \sum_j \mathrm{softmax}_j\!\left(\frac{q_i k_j}{\sqrt d}\right) v_j",
    "mamba-2": r"S_i = e^{a \Delta_i} S_{i-1} + \Delta_i\, b_i v_i^\top,\qquad y_i = c_i S_i",
    "mlp-hyena-x": r"[q,k,v] = \mathrm{conv}_4(hW_{in} + b)\ \text{along channels},\qquad y = (q \odot k \odot v)\,W_{out} + b",
} | {f"mlp-{ratio}": rf"y = \mathrm{{GELU}}(hW_1 + b_1)\,W_2 + b_2,\qquad W_1: D \to {ratio}D" for ratio in range(1, 7)}
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
    settings, name = result.settings, OPERATORS[grafted.operator]
    st.markdown("1. A block of the transformer adds what its attention and its MLP say to each token. Grafting cuts one of the two "
                "out of some layers and puts another operator there, with fresh weights. Its input *h* is what the old one heard, "
                "normalised and modulated by time and class; its output stands before the gate.")
    st.markdown(f"2. This run: {plain(name)}, in layers {', '.join(map(str, grafted.layers))} of 0 to {grafted.num_layers - 1}:")
    st.latex(FORMULAS[grafted.operator])
    st.markdown(f"3. Stage 1: each new operator *g* learns alone to say what the old one, *f*, said, on {settings.num_samples:,} "
                f"pictures at one random time each, {settings.steps:,} steps. The loss is {grafted.loss}, the mean over all numbers:")
    st.latex(rf"\mathcal L_l(\theta) = \mathbb E_{{t,\,x,\,c}}\; \overline{{{LOSSES[grafted.loss]}}}")
    st.markdown("4. How far it is off is said as a share of the variance of *f* on held-out activations: 0 says the same, 1 says "
                "only the mean:")
    mean = healing.mean_error(grafted)
    st.latex(r"e_l = \frac{\overline{(g^l - f^l)^2}}{\mathrm{Var}(f^l)}" + (
        "" if mean is None else rf"\qquad \text{{mean of this run's layers: }} {mean:.3f}"))
    st.markdown(f"5. Stage 2: everything is trained with the ordinary loss of a diffusion model for {settings.tune_steps:,} steps of "
                "32 pictures, with a running mean of the weights. The miniature says *v*:")
    st.latex(r"v = \sqrt{\bar\alpha_t}\,\epsilon - \sqrt{1 - \bar\alpha_t}\,x,\qquad "
             r"\mathcal L = \overline{(v_\theta(x_t, t, c) - v)^2}" + _held_out(grafted))


def _held_out(grafted: Grafted) -> str:
    last = grafted.states[-1]
    return "" if last.held_out is None else rf"\qquad \text{{held out, {STATE_NAMES[last.name].lower()}: }} {last.held_out:.4f}"


def _how_locality(found: Locality) -> None:
    tokens = found.side ** 2
    st.markdown("1. *A* is one head's attention: row *i* says how much token *i* takes from each token *j*, and adds up to 1. Tokens "
                f"are counted row by row; a row of this model's picture has {found.side} of its {tokens} tokens.\n"
                "2. The share within a band is the paper's band-k, the mean over pictures, times and heads:")
    layer = int(found.shares.argmax())
    st.latex(rf"L_k = \frac1N \sum_{{|i-j| \le k}} A_{{ij}} \qquad N = {tokens},\; k = {found.near}:\quad "
             rf"L_k = {found.shares[layer]:.3f} \text{{ in layer }} {layer}")
    st.markdown("3. Attention that is spread evenly has")
    st.latex(rf"U_k = \frac{{(2k+1)N - k(k+1)}}{{N^2}} = {found.even:.3f}")
    st.markdown("4. Raster order knows nothing of rows: the left neighbour of a row's first token is the last one of the row above. "
                f"On the grid (ours) a token has at most nine near ones, itself included; evenly spread, {found.even_grid:.3f}.")


def _how_speed(speed: Speed) -> None:
    st.markdown("1. Full attention compares every token with every other: operations grow with the square of their number *N*. "
                "Convolutions, windows and scans grow with *N* itself:")
    st.latex(r"\text{full attention}: 4N^2D + 8ND^2 \qquad \text{Hyena-X}: 2ND + 24ND + 8ND^2 \qquad "
             rf"D = {speed.width}")
    st.markdown("2. The projections, 8*ND*², are the same for both. As long as *N* is not much larger than 2*D* they are most of the "
                f"work, and cutting attention saves little: here 2*D* = {2 * speed.width}.")
