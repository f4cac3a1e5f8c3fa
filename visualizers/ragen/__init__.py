"""Figures of RAGEN: how a training goes and which signs of a collapse it shows, what a filter keeps, why filtering is optimistic."""
