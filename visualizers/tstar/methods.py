"""Name and colour of T*'s ways of choosing frames, once for every chart and list; told apart by colour-blind readers."""

METHOD_COLOURS = {
    "tstar": "#D55E00", "uniform": "#56B4E9", "random": "#999999", "random_grid": "#0072B2", "dense": "#009E73",
    "budgeted_dense": "#66C2A5", "scene_change": "#CC79A7", "top_similarity": "#E69F00", "aks": "#8C6BB1",
    "bolt": "#A6761D", "oracle": "#7A7F87",
}
# of a point; T*'s own is full and the others' are outlines, so that where points coincide each can be seen
METHOD_SYMBOLS = {
    "tstar": "circle", "uniform": "diamond-open", "random": "square-open", "random_grid": "circle-open", "dense": "triangle-up-open",
    "budgeted_dense": "triangle-down-open", "scene_change": "hexagon-open", "top_similarity": "star-open", "aks": "cross-open",
    "bolt": "x-open", "oracle": "pentagon-open",
}
METHOD_NAMES = {
    "tstar": "T*", "uniform": "Uniform", "random": "Random", "random_grid": "Random grid", "dense": "Dense scan",
    "budgeted_dense": "Budgeted dense", "scene_change": "Scene change", "top_similarity": "Top similarity", "aks": "AKS",
    "bolt": "BOLT", "oracle": "Oracle",
}
