"""Name and colour of the decoders that CoDA is compared with, once for every chart and list; told apart by colour-blind readers."""

DECODER_COLOURS = {
    "greedy": "#8A8F98", "sample": "#A6761D", "coda": "#D55E00", "coda_paper": "#F3A26B", "cad": "#0072B2",
    "cad_random": "#66AEDB", "cd": "#8C6BB1", "dola": "#56B4E9",
}
DECODER_NAMES = {
    "greedy": "Greedy", "sample": "Sampling", "coda": "CoDA", "coda_paper": "CoDA as printed", "cad": "CAD",
    "cad_random": "CAD, random word", "cd": "CD", "dola": "DoLa",
}
