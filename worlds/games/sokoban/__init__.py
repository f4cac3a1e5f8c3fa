"""Sokoban: push every box onto a target; boxes are never pulled, so a wrong push can lose a room.

`rooms.draw_room` makes a room from a seed, by a walk that clears floor and a play backwards that pulls the boxes away, so that it
can be solved; `moves.push` is the game, `solver.solve` the fewest actions, `chances` what the random policy reaches, `env.Sokoban`
gymnasium's interface, `drawing.draw` the picture of a state.
"""
