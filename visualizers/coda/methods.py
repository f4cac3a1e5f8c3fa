"""Names and colours of CoDA's pages, once for every chart and list; told apart by colour-blind readers.

One meaning per colour: green is the correct answer, orange the popular one, grey any other; blue is the masked word and what is
read without it; violet is what a contrast changes, so CoDA and the tokens that differ from greedy; pink is this run's or one's own.
The other decoders keep to what is left.
"""

MASKED_COLOUR, CHANGED_COLOUR, OWN_COLOUR = "#0072B2", "#8C6BB1", "#CC79A7"
FORMULA_COLOUR = "#7D8A1E"  # the paper's formula without Orrery's floor, the masked word told or found
DECODER_COLOURS = {
    "greedy": "#6B7280", "sample": "#B8A04A", "coda": CHANGED_COLOUR, "coda_paper": "#C43A5B", "cad": "#8B5A2B",
    "cad_random": "#C39B6E", "cd": "#2F7F86", "dola": "#7FB7BD",
}
DECODER_NAMES = {
    "greedy": "Greedy", "sample": "Sampling", "coda": "CoDA, Orrery's variant", "coda_paper": "CoDA, as in the paper", "cad": "CAD",
    "cad_random": "CAD, random word", "cd": "CD", "dola": "DoLa",
}
