"""Trains the shapes miniature, on which AdaptVis can be seen: the small VLM of `scenes_vlm` on plain boards with two shapes.

    python -m models.recipes.shapes_vlm [--seed 1 --only-train --out /tmp/seed-1] [--only-measure --replicas /tmp/seed-1]

It sees clean pictures alone, in which two of four relations are rare. Noise, clutter and further things, which it meets
in tests only, leave it unsure, and it falls back on the two relations that it knows best. The scenes miniature is trained on
such pictures too and has little left to mend.
"""

from models.recipes.scenes_vlm.training import Size, Training, main

NAME = "shapes-vlm"
SIZE = Size(input_px=48)
TRAINING = Training(
    scenery="board",
    steps=2400,
    tower_steps=1200,
    question_weight=0.3,
    one_thing=(0.4, 0.4),
    depths=0.0,
    noise=(6.0, 6.0),
    clutter=0,
)

if __name__ == "__main__":
    main(NAME, SIZE, TRAINING)
