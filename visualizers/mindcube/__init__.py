"""Figures and pictures of MindCube: a room from its cameras and in 3-D, maps on the grid, evaluations, trainings, gazes."""
