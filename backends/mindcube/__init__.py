"""MindCube: can a model build a map of a scene from a few views, and reason over it? (arXiv 2506.21458)"""
