"""Networks: catalogue, loading, quantisation, memory budget; miniatures and the recipes that made them."""
