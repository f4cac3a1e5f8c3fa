"""Three text games for an agent of RAGEN (arXiv 2504.20073): a bandit with two arms, a frozen lake, and Sokoban.

Each is a package of its own: `state` what a game remembers, `env` gymnasium's interface, `drawing` the picture of a state. What an
agent reads is text: `texts` are the words around a game, `TextGame.written` a state as RAGEN writes it. `seeds` says which games are
for training, `lines` what chance and the best policy reach. The rules follow RAGEN's description; code and words are our own.
"""
