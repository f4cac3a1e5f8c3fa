"""The bandit with two arms: one pays a little for sure, one pays 1 now and then, and only their names hint at which is which.

A game is one pull. `names` are the pairs of names, `state` a pull before and after, `payouts` what arms pay, `env.Bandit` gymnasium's
interface, `drawing.draw` the two arms as slot machines.
"""
