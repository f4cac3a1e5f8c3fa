"""FrozenLake: over ice to a goal, past holes; where the ice is slippery, a step may go to either side of what was meant.

Maps are drawn here, with start and goal anywhere (RAGEN's, not gymnasium's corners); where an action leads to, and how likely, is
gymnasium's own table. `maps.draw_lake` makes a lake from a seed, `table` holds the chances, `chances` what the best and the
random policy reach, `env.FrozenLake` is gymnasium's interface, `drawing.draw` the picture of a state.
"""
