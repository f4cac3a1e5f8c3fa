"""Inside one answer: what each layer would say next (the logit lens), and where in the picture the model looks."""

import base64

import numpy as np
import plotly.graph_objects as go

from backends.merging.results import Looked, Question
from visualizers.alt import described
from visualizers.merging.methods import MODEL_SHORT
from visualizers.text import said, spoken
from visualizers.theme import titled
from worlds.pictures import decode_jpeg

ROW_PX, GAZE_PX, WORD_LETTERS = 34, 330, 7
BRIGHT = 50  # per cent of certainty, from which on a field is bright
VEIL = [[0.0, "rgba(6,12,40,0.72)"], [0.25, "rgba(60,44,70,0.4)"], [0.6, "rgba(214,130,30,0.35)"], [1.0, "rgba(255,230,40,0.62)"]]


def charts(looked: tuple[Looked, ...], question: Question | None) -> dict[str, go.Figure]:
    """Lens and gaze of each model, by title."""
    made: dict[str, go.Figure] = {}
    for one in looked:
        made[f"lens: {MODEL_SHORT[one.of]}"] = lens(one)
        made[f"gaze: {MODEL_SHORT[one.of]}"] = gaze(one, question)
    return made


def lens(looked: Looked) -> go.Figure:
    """The word that each layer would say (rows, the last on top) in each place of the answer (columns)."""
    layers, words = list(range(len(looked.says))), list(range(len(looked.words)))
    sure = 100 * np.asarray(looked.sure, float)
    figure = go.Figure(go.Heatmap(
        z=sure, x=words, y=layers, zmin=0, zmax=100, autocolorscale=True, xgap=2, ygap=2,
        customdata=[[said(word, 40) for word in row] for row in looked.says],
        hovertemplate="layer %{y}: “%{customdata}”, %{z:.0f} %<extra></extra>",
        colorbar={"thickness": 8, "ticksuffix": " %", "nticks": 4, "outlinewidth": 0}))
    ys = [layer for layer in layers for _ in words]
    xs = words * len(layers)
    shown = [said(word, WORD_LETTERS) for row in looked.says for word in row]
    for is_bright in (False, True):  # letters that stand out from either end of the scale
        own = [place for place, value in enumerate(sure.ravel()) if (value >= BRIGHT) == is_bright]
        if own:
            figure.add_scatter(x=[xs[place] for place in own], y=[ys[place] for place in own], mode="text", hoverinfo="skip",
                               text=[shown[place] for place in own], textfont={"color": "#111111" if is_bright else "#FFFFFF"},
                               showlegend=False)
    figure.update_layout(title=titled(f"What each layer would say: {MODEL_SHORT[looked.of]}", "colour: how sure it is"),
                         height=130 + ROW_PX * len(layers),
                         xaxis={"title": "its answer", "tickvals": words,
                                "ticktext": [said(word, WORD_LETTERS) for word in looked.words],
                                "showgrid": False, "range": [-0.5, len(words) - 0.5], "zeroline": False},
                         yaxis={"title": "layer", "tickvals": layers, "showgrid": False, "range": [-0.5, len(layers) - 0.5],
                                "zeroline": False})
    last = next((layer for layer in layers if looked.says[layer][-1] == looked.words[-1]), layers[-1])
    return described(figure, f"The last word of the answer, “{spoken(looked.words[-1])}”, is what layer {last} of {len(layers)} "
                             f"would say first; the last layer is {sure[-1, -1]:.0f} % sure.")


def gaze(looked: Looked, question: Question | None, layer: int | None = None) -> go.Figure:
    """Attention to each patch of the picture before the last word, drawn over it; of one layer, or the mean of all."""
    rows = np.asarray(looked.gaze, float)
    values = 100 * (rows.mean(0) if layer is None else rows[layer])
    patches = np.zeros(-(-len(values) // looked.columns) * looked.columns)
    patches[: len(values)] = values
    z = patches.reshape(-1, looked.columns)
    height, width = decode_jpeg(question.jpeg).shape[:2] if question is not None else (z.shape[0], z.shape[1])
    x, y = np.linspace(0, width, z.shape[1] + 1), np.linspace(0, height, z.shape[0] + 1)
    figure = go.Figure(go.Heatmap(
        z=z, x=x, y=y, zmin=0, zmax=float(values.max()) or 1.0, colorscale=VEIL,
        hovertemplate="%{z:.1f} % of attention<extra></extra>",
        colorbar={"orientation": "h", "thickness": 7, "y": 0, "yanchor": "top", "ypad": 4, "len": 0.9, "nticks": 4,
                  "ticksuffix": " %", "outlinewidth": 0}))
    if question is not None:
        source = f"data:image/jpeg;base64,{base64.b64encode(question.jpeg.tobytes()).decode()}"
        figure.add_layout_image(source=source, xref="x", yref="y", x=0, y=0, sizex=width, sizey=height, sizing="stretch",
                                layer="below")
    figure.update_xaxes(visible=False, range=[0, width], constrain="domain")
    figure.update_yaxes(visible=False, range=[height, 0], scaleanchor="x", constrain="domain")
    of = "mean of all layers" if layer is None else f"layer {layer}"
    figure.update_layout(height=GAZE_PX, margin={"l": 0, "r": 0, "b": 26}, dragmode="pan",
                         title=titled(f"Where it looks: {MODEL_SHORT[looked.of]}", f"before the last word, {of}"))
    at = int(values.argmax())
    return described(figure, f"Of all attention before the last word, {of}, {values.sum():.0f} % goes to the picture; most, "
                             f"{values[at]:.1f} %, to the patch in row {at // looked.columns + 1}, column {at % looked.columns + 1}.")
