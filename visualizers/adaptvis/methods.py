"""Name and colour of the methods that turn a gaze, and of their rivals, once for every chart and list."""

GAZE_COLOURS = {
    "greedy": "#8A8F98", "scalingvis": "#0072B2", "adaptvis": "#D55E00", "bias": "#CC79A7", "acc_bias": "#8C6BB1",
    "reweighted": "#E69F00", "vcd": "#A6761D", "dola": "#56B4E9", "oracle": "#444444",
}
GAZE_NAMES = {
    "greedy": "As it is", "scalingvis": "ScalingVis", "adaptvis": "AdaptVis", "bias": "Prior re-fit (bias)",
    "acc_bias": "Alpha and prior re-fit (acc+bias)", "reweighted": "AdaptVis, re-weighted", "vcd": "VCD", "dola": "DoLa",
    "oracle": "Any-alpha oracle",
}
