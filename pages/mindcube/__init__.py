"""Page of MindCube, a file per view."""
