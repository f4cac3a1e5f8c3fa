"""MiniHome: a household of one room, in which an agent is asked for things (stands for EB-ALFRED in ERA).

A person or a model sees the place it stands before, the row of all places, and its hand; it acts with EmbodiedBench's skills. What a
thing has been through (clean, hot, cold) is not seen and has to be remembered. `scene.draw_home` makes a home from a seed,
`actions.act` is the simulator, `drawing.draw` the picture of a state, `env.MiniHome` gymnasium's interface to them. It is no
physics: things stand in slots, and doors are open or shut.
"""
