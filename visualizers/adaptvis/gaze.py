"""Where a model looks, drawn over the picture: a Looked and one of its maps -> plotly Figure, or picture.

A map holds one number per image token, in per cent. Tokens cover cells of the picture; where they overlap, as the tiles of some
models do, a cell shows the sum of its tokens, each weighed by how much smaller than the average token it is.
"""

import base64
from collections.abc import Sequence

import cv2
import numpy as np
import plotly.graph_objects as go

from backends.adaptvis.results import AtAlpha, Looked, OtherMap
from visualizers.alt import described
from visualizers.text import said
from visualizers.theme import titled
from worlds.pictures import decode_jpeg

# share of the maximum, colour, opacity: what is not looked at is dim. Close at the low end, where a spread gaze lies.
VEIL: tuple[tuple[float, tuple[int, int, int], float], ...] = (
    (0.0, (6, 12, 40), 0.8), (0.12, (40, 34, 70), 0.42), (0.35, (214, 130, 30), 0.4), (1.0, (255, 230, 40), 0.86))
VEIL_SCALE = [[at, f"rgba({r},{g},{b},{opacity})"] for at, (r, g, b), opacity in VEIL]
MAX_EDGES = 260  # lines of the grid along a side; finer ones are drawn coarser
MOSAIC_CELLS = 24  # along a side of one head's map
ALL_HEADS_AT_ONCE = 64  # layers x heads up to which every head of every layer is drawn
SHARE, ABSOLUTE = "% of the image's attention, per token", "% of all attention, per token"


def attention(maps: np.ndarray, layer: int | None, *, is_share: bool) -> np.ndarray:
    """Return (image tokens,) in per cent, of one layer or the mean of all; nothing where the model's numbers overflowed.

    Args:
        maps: (layers, image tokens) attention; a row sums to the layer's image mass.
        is_share: divide each layer by its image mass first, so that only the shape is left.
    """
    chosen = np.nan_to_num(maps if layer is None else maps[layer:layer + 1])
    if is_share:
        mass = chosen.sum(-1, keepdims=True)
        chosen = chosen / np.where(mass > 0, mass, 1)
    return 100 * chosen.mean(0)


def bricks(values: np.ndarray, boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the cells that the tokens' edges cut the picture into: (rows, columns) values, and their edges in shares.

    Args:
        values: (image tokens,) one number each.
        boxes: (image tokens, 4) x1 y1 x2 y2 in shares of the picture; what no token covers is NaN.
    """
    is_place = np.isfinite(boxes).all(1)  # a token that ends a row of tiles is no place
    values, boxes = values[is_place], np.round(boxes[is_place], 5)
    x, y = (_edges(boxes[:, axes]) for axes in ((0, 2), (1, 3)))
    total, covered = np.zeros((len(y) - 1, len(x) - 1)), np.zeros((len(y) - 1, len(x) - 1), bool)
    columns, rows = (np.searchsorted(edges, boxes[:, axes] - 1e-7) for edges, axes in ((x, (0, 2)), (y, (1, 3))))
    for value, (left, right), (top, bottom) in zip(values * _weights(boxes), columns, rows):
        total[top:max(bottom, top + 1), left:max(right, left + 1)] += value
        covered[top:max(bottom, top + 1), left:max(right, left + 1)] = True
    return np.where(covered, total, np.nan), x, y


def _edges(ends: np.ndarray) -> np.ndarray:
    found = np.unique(ends)
    return found if len(found) <= MAX_EDGES else np.linspace(found[0], found[-1], MAX_EDGES)


def _weights(boxes: np.ndarray) -> np.ndarray:
    """How much smaller than the average token each is: equal tokens count 1."""
    areas = np.maximum((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]), 1e-9)
    return areas.mean() / areas


def gaze(looked: Looked, values: np.ndarray, *, title: str, unit: str = SHARE, top: float | None = None,
         height: int = 290) -> go.Figure:
    """One map over the picture with the true boxes; `top` is the brightest value, so that two maps can be compared."""
    top = float(np.max(values)) if top is None else top
    if looked.token_boxes is None:
        return _in_order(values, title=title, unit=unit, top=top, height=height)
    width_px, height_px = looked.size
    z, x, y = bricks(values, looked.token_boxes)
    figure = go.Figure(go.Heatmap(
        z=z, x=x * width_px, y=y * height_px, zmin=0, zmax=top or 1, colorscale=VEIL_SCALE, hoverongaps=False,
        hovertemplate=f"%{{z:.2f}} {unit}<extra></extra>",
        colorbar={"orientation": "h", "thickness": 7, "y": 0, "yanchor": "top", "ypad": 4, "len": 0.9, "nticks": 4,
                  "ticksuffix": " %", "outlinewidth": 0}))
    figure.add_layout_image(source=_data_url(looked.picture_jpeg), xref="x", yref="y", x=0, y=0, sizex=width_px, sizey=height_px,
                            sizing="stretch", layer="below")
    _mark_boxes(figure, looked)
    figure.update_xaxes(visible=False, range=[0, width_px], constrain="domain")
    figure.update_yaxes(visible=False, range=[height_px, 0], scaleanchor="x", constrain="domain")
    figure.update_layout(height=height, margin={"l": 0, "r": 0, "b": 26}, dragmode="pan", title=titled(title, unit))
    return described(figure, _where(looked, values))


def _where(looked: Looked, values: np.ndarray) -> str:
    """Where the brightest token lies, in words."""
    if looked.token_boxes is None or not np.isfinite(values).any() or not values.max() > 0:
        return f"The largest value is {np.max(values):.2f}."
    x1, y1, x2, y2 = looked.token_boxes[int(np.argmax(values))]
    across, down = (x1 + x2) / 2, (y1 + y2) / 2
    place = (f"{('top', 'middle', 'bottom')[min(2, int(3 * down))]} {('left', 'centre', 'right')[min(2, int(3 * across))]}"
             if np.isfinite(across + down) else "no place of the picture")
    return (f"The map is brightest at the {place}, {np.max(values):.2f} there; the brightest tenth of the tokens hold "
            f"{_tenth(values):.0f} %.")


def _tenth(values: np.ndarray) -> float:
    """Per cent of the whole that the largest tenth of the values holds."""
    largest = np.sort(np.nan_to_num(values))[::-1]
    return 100 * float(largest[:max(1, len(largest) // 10)].sum() / (largest.sum() or 1))


def _data_url(jpeg: np.ndarray) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(jpeg.tobytes()).decode()


def _mark_boxes(figure: go.Figure, looked: Looked) -> None:
    """The true boxes, if they are known: white on black, which reads on any picture."""
    width, height = looked.size
    for name, x1, y1, x2, y2 in looked.true_boxes:
        box: dict[str, object] = {"type": "rect", "x0": x1 * width, "y0": y1 * height, "x1": x2 * width, "y1": y2 * height}
        figure.add_shape(**box, line={"color": "#000000", "width": 3}).add_shape(**box, line={"color": "#FFFFFF", "width": 1.3})
        figure.add_annotation(x=x1 * width, y=y1 * height, text=said(name), showarrow=False, xanchor="left",
                              yanchor="bottom", borderpad=1, font={"color": "#FFFFFF", "size": 12}, bgcolor="rgba(0,0,0,0.6)")


def _in_order(values: np.ndarray, *, title: str, unit: str, top: float, height: int) -> go.Figure:
    """Tokens in the order in which they are read: where they lie on the picture is not known of this model."""
    figure = go.Figure(go.Bar(x=np.arange(len(values)), y=values, marker_color="#D55E00", marker_line_width=0,
                              hovertemplate=f"image token %{{x}}: %{{y:.2f}} {unit}<extra></extra>"))
    figure.update_layout(height=height, title=titled(title, unit), bargap=0,
                         xaxis={"title": "image token, places not known", "nticks": 6},
                         yaxis={"title": "%", "range": [0, 1.05 * (top or 1)]})
    return described(figure, f"Token {int(np.argmax(values))} of {len(values)}, in reading order, gets most, {np.max(values):.2f}; "
                             "where it lies on the picture is not known of this model.")


def overlay(looked: Looked, values: np.ndarray, *, top: float | None = None) -> np.ndarray:
    """The picture under its map, (h, w, 3) uint8 RGB; without known places, the picture alone."""
    base = decode_jpeg(looked.picture_jpeg)
    if looked.token_boxes is None:
        return base
    z, x, y = bricks(values, looked.token_boxes)
    rows = np.clip(np.searchsorted(y, (np.arange(base.shape[0]) + 0.5) / base.shape[0]) - 1, 0, z.shape[0] - 1)
    columns = np.clip(np.searchsorted(x, (np.arange(base.shape[1]) + 0.5) / base.shape[1]) - 1, 0, z.shape[1] - 1)
    share = np.nan_to_num(z[np.ix_(rows, columns)]) / (top or float(np.max(values)) or 1)
    stops = [at for at, _, _ in VEIL]
    colour = np.stack([np.interp(share, stops, [rgb[channel] for _, rgb, _ in VEIL]) for channel in range(3)], axis=-1)
    opacity = np.interp(share, stops, [part for _, _, part in VEIL])[..., None]
    return np.round(base * (1 - opacity) + colour * opacity).astype(np.uint8)


def png(looked: Looked, values: np.ndarray, *, top: float | None = None) -> bytes:
    """The same as a PNG file."""
    return cv2.imencode(".png", overlay(looked, values, top=top)[:, :, ::-1])[1].tobytes()


def heads(looked: Looked, layer: int | None) -> go.Figure | None:
    """Every head's own map at alpha 1, small: of one layer, or of all where they are few. None where none were kept."""
    if looked.head_maps is None or looked.token_boxes is None:
        return None
    shows_all = looked.num_layers * looked.num_heads <= ALL_HEADS_AT_ONCE
    layers = list(range(looked.num_layers)) if shows_all else [layer if layer is not None else looked.num_layers // 2]
    per_row = looked.num_heads if shows_all else int(np.ceil(np.sqrt(looked.num_heads)))
    tiles = [(f"L{row} H{head}", looked.head_maps[row, head]) for row in layers for head in range(looked.num_heads)]
    num_rows = -(-len(tiles) // per_row)
    step = MOSAIC_CELLS + 1
    mosaic = np.full((num_rows * step, per_row * step), np.nan)
    figure = go.Figure()
    for number, (name, values) in enumerate(tiles):
        row, column = divmod(number, per_row)
        mosaic[row * step:row * step + MOSAIC_CELLS, column * step:column * step + MOSAIC_CELLS] = _tile(values, looked.token_boxes)
        figure.add_annotation(x=column * step, y=row * step, text=name, showarrow=False, xanchor="left", yanchor="top",
                              font={"size": 12, "color": "#FFFFFF"}, bgcolor="rgba(0,0,0,0.55)", borderpad=1)
    figure.add_trace(go.Heatmap(z=mosaic, zmin=0, zmax=1, colorscale="Cividis", showscale=False, hoverongaps=False,
                                hovertemplate="%{z:.0%} of this head's maximum<extra></extra>"))
    figure.update_xaxes(visible=False, constrain="domain")
    figure.update_yaxes(visible=False, autorange="reversed", scaleanchor="x", constrain="domain")
    which = "every layer" if shows_all else f"layer {layers[0]}"
    figure.update_layout(height=60 + min(720, 150 * num_rows), margin={"l": 0, "r": 0, "b": 4},
                         title=titled(f"Each head of {which}", "share of its own maximum, at alpha 1"))
    layer_at, head_at = np.unravel_index(int(np.argmax(looked.head_maps[layers].max(-1))), (len(layers), looked.num_heads))
    return described(figure, f"{len(tiles)} small maps; the most pointed is head {head_at} of layer {layers[int(layer_at)]}.")


def _tile(values: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """(image tokens,) -> (MOSAIC_CELLS, MOSAIC_CELLS), 0..1 of its maximum."""
    z, x, y = bricks(values, boxes)
    middles = (np.arange(MOSAIC_CELLS) + 0.5) / MOSAIC_CELLS
    rows, columns = (np.clip(np.searchsorted(edges, middles) - 1, 0, len(edges) - 2) for edges in (y, x))
    tile = z[np.ix_(rows, columns)]
    return tile / (np.nanmax(tile) or 1)


def other(looked: Looked, one: OtherMap) -> go.Figure:
    """Another way of looking over the picture, in shares of its own maximum."""
    values = 100 * one.map / (float(np.max(one.map)) or 1)
    return gaze(looked, values, title=said(one.name), unit="% of its own maximum", top=100, height=280)


def pair(looked: Looked, first: AtAlpha, second: AtAlpha, *, layer: int | None, is_share: bool,
         titles: Sequence[str]) -> tuple[go.Figure, go.Figure]:
    """Two alphas' maps on one scale, so that brighter means more in both."""
    one, two = (attention(at.maps, layer, is_share=is_share) for at in (first, second))
    top = float(max(one.max(), two.max()))
    unit = SHARE if is_share else ABSOLUTE
    return (gaze(looked, one, title=titles[0], unit=unit, top=top), gaze(looked, two, title=titles[1], unit=unit, top=top))
