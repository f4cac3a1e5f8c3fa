"""The words around a game, in RAGEN's layout (arXiv 2504.20073, Sec. 2; released code, ctx_manager.py): the order is theirs, the
sentences are ours.

First comes the system's sentence, then one message of the user: what the game is, a legend, the actions and the budget, and then
the first turn. What the agent is paid for a turn begins the next message of the user.
"""

from collections.abc import Mapping, Sequence

SEPARATOR = "||"  # between the actions of one answer
MAX_WORDS = 100
SYSTEM = "You play small games and decide what to do next."


def legend(symbols: Mapping[str, str]) -> str:
    """The line that says what a grid's symbols mean; "" where there is no grid."""
    return "Legend: " + ", ".join(f"{symbol}: {meaning}" for symbol, meaning in symbols.items()) if symbols else ""


def opening(instruction: str, symbols: Mapping[str, str], actions: Sequence[str], *, max_actions: int) -> str:
    """What stands before the first turn.

    Args:
        symbols: of the grid, with their meanings.
        max_actions: of the whole episode.
    """
    many = f"{max_actions} actions" if max_actions != 1 else "1 action"
    budget = f"The whole episode lasts {many} at most; write {SEPARATOR} between actions that shall follow one another."
    lines = (instruction, legend(symbols), f"Actions: {', '.join(actions)}", budget)
    return "\n".join(line for line in lines if line)


def turn(number: int, written: str, *, left: int, thinks: bool = True, max_words: int = MAX_WORDS) -> str:
    """What an agent reads in one turn.

    Args:
        number: of the turn, from 1.
        written: the state as the game writes it.
        left: actions of the episode that are left.
        thinks: whether a thought is asked for before the answer.
    """
    thought = "<think>your thoughts</think>" if thinks else ""
    return (f"Turn {number}:\nState:\n{written}\nYou have {left} actions left. "
            f"Reply in this form: {thought}<answer>your actions</answer> Write no more than {max_words} words.")


def reward(value: float) -> str:
    """What a turn was paid, which begins the next message."""
    return f"Reward:\n{round(float(value), 6)}\n"  # ten times -0.1 is not -0.9999999999999999
