"""Which picture shows the world before and after a step. Pictures are named, never read, and one that is missing is an empty name."""

from collections.abc import Iterable, Sequence

from backends.era.formats.names import Frame, frame_of
from backends.files.logs import Notes

_SHOWN = ("", "front_rgb", "front", "rgb")  # what an action's frame is; others are further views of it
_GIVEN = ("front_rgb_annotated", "front_bb")  # what the agent was shown, where it was drawn into


class Frames:
    """The pictures of one episode, by step."""

    def __init__(self, names: Iterable[str], *, num_steps: int | None, notes: Notes) -> None:
        found = [frame for name in names if (frame := frame_of(name))]
        self._plain = _latest(frame for frame in found if frame.view.lower() in _SHOWN)
        self._given = _latest(frame for frame in found if frame.view.lower() in _GIVEN)
        if not self._plain:  # views of other names: the first one in the alphabet, throughout
            views = sorted({frame.view for frame in found} - set(_GIVEN))
            self._plain = _latest(frame for frame in found if views and frame.view == views[0])
        steps = sorted(self._plain)
        self._shift = 1 if steps and steps[0] == 1 and num_steps is not None and steps[-1] == num_steps + 1 else 0
        if self._shift:
            notes.add("The frames are numbered from 1: the first is taken as the one before the first step.")
        self._note_missing(steps, num_steps, notes)

    def _note_missing(self, steps: Sequence[int], num_steps: int | None, notes: Notes) -> None:
        if num_steps is None:
            return
        lost = [step for step in range(min(num_steps, 10_000) + 1) if step + self._shift not in self._plain]
        if steps and lost:
            one = len(lost) == 1
            notes.add(f"{'The frame' if one else f'{len(lost):,} frames'} of step {', '.join(map(str, lost[:3]))}"
                      f"{', …' if len(lost) > 3 else ''} {'is' if one else 'are'} missing.")

    def before(self, step: int) -> str:
        """Return what the agent saw after `step` steps: the picture with what was drawn into it, if there is one."""
        return self._given.get(step + self._shift) or self.after(step)

    def after(self, step: int) -> str:
        """Return the plain picture after `step` steps."""
        return self._plain.get(step + self._shift, "")

    @property
    def given_steps(self) -> tuple[int, ...]:
        """The steps whose picture was drawn into for the agent."""
        return tuple(sorted(step - self._shift for step in self._given))


def _latest(frames: Iterable[Frame]) -> dict[int, str]:
    """Return the picture of each step; of several attempts the one written last."""
    return {frame.step: frame.name for frame in sorted(frames, key=lambda frame: (frame.stamp, frame.name))}


def views(name: str, names: Iterable[str]) -> dict[str, str]:
    """Return every picture of the same step in the same folder, by its view: the plain one, with boxes, of the wrist, from above."""
    own = frame_of(name)
    folder = name.rpartition("/")[0]
    if own is None:
        return {}
    found = (frame_of(other) for other in names if other.rpartition("/")[0] == folder)
    return {frame.view or "plain": frame.name for frame in found
            if frame and (frame.episode, frame.step, frame.stamp) == (own.episode, own.step, own.stamp)}
