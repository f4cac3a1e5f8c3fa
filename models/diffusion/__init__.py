"""Diffusion transformers: the networks, what they are trained to say, and how pictures are sampled from them."""
