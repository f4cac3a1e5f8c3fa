"""MiniTable: a table top with bodies and a gripper, in which an agent is asked to move them (stands for EB-Manipulation in
ERA).

An action is EmbodiedBench's: seven whole numbers, where the gripper shall be, how it is turned, and whether it is open. MuJoCo
says what happens to the bodies; the picture is painted here, without a graphics library. `scene.draw_table` makes a table from a
seed, `actions.act` is the simulator, `drawing.draw` the picture of a state, `env.MiniTable` gymnasium's interface to them. MuJoCo
is loaded with the first motion, not before. It is no robot: the arm is only drawn, the fingers touch nothing but what they hold,
and of the three angles only yaw turns anything.
"""
