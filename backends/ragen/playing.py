"""Plays one of the fixed starts turn by turn: a player's own turns, and those by hand. The same turns are the same episode again."""

from collections.abc import Iterator, Sequence

from backends.episode import By
from backends.files.rows import counted
from backends.ragen.games import new_game, rules_of, turns_of
from backends.ragen.players import Player, Said
from backends.ragen.rollouts import Rollout
from backends.ragen.settings import OWN_TURN, RagenSettings
from backends.ragen.training import entropies_of, episode_of, pieces_of, state_of
from backends.run import Progress
from models.gamers.turns import Turns
from models.training.generation import Prompt, Reply
from models.training.rollout import Played, PlayedTurn, Start
from worlds.errors import InputError
from worlds.games.replies import written
from worlds.games.seeds import VALIDATION

QUOTED = 40  # letters of a turn by hand


def play(settings: RagenSettings, player: Player) -> Iterator[Progress | Rollout]:
    """Yield Progress and the growing episode, with the state that it has come to.

    Raises:
        InputError: a turn by hand names what is no action of the game.
    """
    game = new_game(settings)()
    world = Turns(game, rules_of(settings))
    seed, many = VALIDATION + settings.start, turns_of(settings)
    observation, info = world.reset(seed=seed)
    played = Played(Start(seed, settings.seed), observation, info)
    by: list[By] = []
    yield _so_far(played, player)
    while not played.ended:
        number = len(played.turns)
        entry = settings.entries[number] if number < len(settings.entries) else OWN_TURN
        prompt = player.prompt(played) or Prompt(())
        said = player.turn(game, played) if entry == OWN_TURN else _by_hand(entry, game.actions)
        by.append(player.by if entry == OWN_TURN else "person")
        observation, reward, terminated, truncated, info = world.step(said.text)
        played.turns.append(PlayedTurn(number, player.name, played.observation, played.info, prompt,
                                       Reply(said.ids, said.logprobs, stopped=True, entropies=said.entropies), said.text, reward))
        played.observation, played.info = observation, info
        played.ended = "terminated" if terminated else "truncated" if truncated else "turns" if number + 1 == many else ""
        yield Progress(min(0.99, (number + 1) / many), f"Turn {number + 1}")
        newest = _so_far(played, player, by)
        yield _noted(newest, settings.entries[number + 1:]) if played.ended else newest


def _noted(rollout: Rollout, behind: Sequence[str]) -> Rollout:
    """Return a whole episode, and whether turns by hand stand behind its end, which nobody has looked at."""
    if not behind:
        return rollout
    note = f"The episode is over before {counted(len(behind), 'turn')} by hand, {behind[0][:QUOTED]!r} first: nothing is done of " \
           f"{'it' if len(behind) == 1 else 'them'}."
    return rollout.model_copy(update={"episode": rollout.episode.model_copy(update={"notes": (*rollout.episode.notes, note)})})


def _so_far(played: Played, player: Player, by: Sequence[By] = ()) -> Rollout:
    return Rollout(tag=played.info["game"], score=float(sum(played.rewards)),
                   penalty=float(sum(info["penalty"] for info in played.outcomes)), final=state_of(played.info),
                   entropies=entropies_of(played), pieces=pieces_of(played, player.speech),
                   episode=episode_of(played, player.name, by=by, speech=player.speech))


def _by_hand(entry: str, actions: tuple[str, ...]) -> Said:
    """What a person does, as a reply without a thought."""
    names = [name for part in entry.split("||") if (name := part.strip())]
    known = {action.lower(): action for action in actions}
    if wrong := next((name for name in names if name.lower() not in known), None if names else entry):
        raise InputError(f"There is no action {wrong[:QUOTED]!r} in this game. There are {', '.join(actions)}.")
    return Said(written("", " || ".join(known[name.lower()] for name in names)))
