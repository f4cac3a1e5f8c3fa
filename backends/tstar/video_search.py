"""One search on one video, turn by turn: T*'s mathematics (search), a detector on the frames, and what both have found.

Sec. 3.2 of the paper: draw a grid, detect in it, update S and P, verify what lit up. Where every appearance is asked for, a
confirmed second grows into a stretch (retrieval). Not here: when a run begins and ends (run), other methods (comparison).
"""

import time
from dataclasses import dataclass

import numpy as np

from backends.run import Progress
from backends.tstar.canvases import tile
from backends.tstar.detectors import ReadyDetector
from backends.tstar.results import (
    MAX_PICTURE_PX,
    Appearance,
    Iteration,
    Keyframe,
    SeenBox,
    Verification,
    recall_of,
)
from backends.tstar.retrieval import Appearances, in_order, leave_out, without
from backends.tstar.search import Cell, Search
from backends.tstar.settings import TStarSettings, most_grid_frames
from backends.tstar.shots import Shots
from backends.tstar.sources import Asked, VideoSource
from backends.tstar.video_detector import SHOWN_CANVAS_PX, VideoDetector
from worlds.errors import InputError
from worlds.pictures import encode_jpeg
from worlds.video import Video


@dataclass(frozen=True)
class Task:
    """What all searches of one run share: the video, what is asked of it, and the detector."""

    settings: TStarSettings
    source: VideoSource
    video: Video
    asked: Asked
    ready: ReadyDetector
    shots: Shots
    length: int  # L, seconds that can be looked at
    started: float  # time.perf_counter() when the file lay on the disk: drawing a video is not part of the search

    def detector(self) -> VideoDetector:
        return VideoDetector(self.video, self.ready.detector, (*self.asked.targets, *self.asked.cues),
                             num_targets=len(self.asked.targets), settings=self.settings, floor=self.ready.floor)


class VideoSearch:
    """One T* search. Where every appearance is looked for, the marked one is known from the start and left out."""

    def __init__(self, task: Task) -> None:
        """Raises: InputError where what is marked is in view all the time."""
        self.task, self.settings = task, task.settings
        self.search = Search(task.settings, length=task.length, num_targets=len(task.asked.targets), threshold=task.ready.threshold)
        self.detector = task.detector()
        self.iterations: list[Iteration] = []
        self.confirmed: set[int] = set()  # seconds
        self.boxes: dict[int, list[SeenBox]] = {}  # second -> of its single frame
        self.appearances: Appearances | None = None
        marked: Appearance | None = None
        if task.settings.finds_all:
            self.appearances = Appearances(self.detector.singles, task.shots, task.length, self.search.threshold)
            marked = self._mark(self.appearances)
        self.truth_s = without(task.source.truth_s, marked)  # finding what was marked is no find
        self.frames_shown = 0  # returned ones that were looked at alone only to show what is in them
        self.first_s = 0.0  # from the start to the end of the first turn

    def _mark(self, appearances: Appearances) -> Appearance | None:
        if not self.settings.example_box or self.settings.example_s is None:
            return None
        second = min(self.task.length - 1, int(self.settings.example_s))
        marked = appearances.add(second, 0, self.detector.names[0], 1.0, is_marked=True)
        if marked is not None:
            leave_out(self.search, marked)
        if self.search.is_left_out.all():
            raise InputError(f"The marked thing is in view in all {self.task.length} s of this video, so that there is nothing else "
                             "to search. Choose a longer video, or set 'finds' to 'first'.")
        return marked

    @property
    def is_over(self) -> bool:
        return self.search.is_over

    @property
    def frames_grid(self) -> int:
        """Frames in the grids so far."""
        return sum(len(iteration.positions) for iteration in self.iterations)

    def progress(self) -> Progress:
        """How far the search is, and what comes next."""
        total, spent, left = most_grid_frames(self.settings, self.task.length), self.frames_grid, None
        if self.iterations:
            mean = sum(iteration.seconds for iteration in self.iterations) / len(self.iterations)
            left = mean * (total - spent) / self.search.count
        stage = f"Searching: grid {self.search.iteration + 1}, {spent} of at most {total} frames seen"
        if self.appearances and (found := len(self.appearances.elsewhere())):
            stage += f", {found} appearance{'s' if found > 1 else ''} found"
        return Progress(0.05 + 0.85 * min(1.0, spent / total), stage, left)

    def iterate(self) -> Iteration:
        """One turn of Sec. 3.2, with all that is drawn of it: draw, detect, update, verify."""
        start, search = time.perf_counter(), self.search
        positions, q = search.next_positions()
        cells, boxes, frames = self.detector.grid(positions, search.grid)
        search.update(positions, cells)
        verifications = self._check(positions, cells)
        keyframes = self.key_seconds()
        self.iterations.append(Iteration(
            number=search.iteration, grid=search.grid, positions=positions, support=q,
            cell_confidence=np.array([cell.confidence for cell in cells]), scores=search.scores.copy(),
            probabilities=search.probabilities.copy(), is_new=search.is_new.copy(), boxes=tuple(boxes),
            verifications=tuple(verifications),
            canvas_jpeg=encode_jpeg(tile(frames, search.grid, (SHOWN_CANVAS_PX // search.grid,) * 2)),
            model_px=self.detector.canvas_px, budget_left=max(0, int(search.budget)),
            remaining=tuple(self.task.asked.targets[target] for target in search.remaining),
            frames_seen=self.frames_grid + len(positions), keyframes=keyframes, recall=recall_of(keyframes, self.truth_s),
            seconds=time.perf_counter() - start))
        self.first_s = self.first_s or time.perf_counter() - self.task.started
        return self.iterations[-1]

    def turn(self) -> None:
        """The same turn, of which nothing is kept to be drawn."""
        positions, _ = self.search.next_positions()
        cells, _, _ = self.detector.grid(positions, self.search.grid)
        self.search.update(positions, cells)
        self._check(positions, cells)

    def _check(self, positions: np.ndarray, cells: list[Cell]) -> list[Verification]:
        """Confirm what the grid showed: by the frame alone, or where that is off by the grid's own score."""
        if self.appearances is not None:
            return self._gather(self.appearances, positions, cells)
        if self.settings.verifies:
            return self._verify(positions, cells)
        taken = []
        for position, cell in zip(positions.tolist(), cells):
            for target in self.search.candidates(cell):
                if cell.best[target] > self.search.threshold:
                    self.search.remaining.remove(target)
                    self.confirmed.add(position)
                    taken.append(Verification(second=position, target=self.detector.names[target], score=cell.best[target],
                                              is_confirmed=True))
        return taken

    def _gather(self, appearances: Appearances, positions: np.ndarray, cells: list[Cell]) -> list[Verification]:
        """Add an appearance for every second that is confirmed and lies in none yet."""
        verifications = []
        for position, cell in zip(positions.tolist(), cells):
            for target in self.search.candidates(cell):
                name, seen = self.detector.names[target], cell
                if appearances.at(position, name) is not None:
                    continue
                if self.settings.verifies:
                    seen, self.boxes[position] = self.detector.singles([position])[0]
                is_confirmed, score = self.search.verify(position, target, seen), seen.best.get(target, 0.0)
                verifications.append(Verification(second=position, target=name, score=score, is_confirmed=is_confirmed))
                appearances.scores[position, name] = score
                if is_confirmed and (one := appearances.add(position, target, name, score)) is not None:
                    self.confirmed.add(position)
                    leave_out(self.search, one)
        self.boxes |= appearances.boxes
        return verifications

    def _verify(self, positions: np.ndarray, cells: list[Cell]) -> list[Verification]:
        """See the frames alone whose cell showed a target. All are detected in one batch, then judged in drawing order."""
        promising = [int(position) for position, cell in zip(positions, cells) if self.search.candidates(cell)]
        alone = dict(zip(promising, self.detector.singles(promising)))
        verifications = []
        for position, cell in zip(positions.tolist(), cells):
            for target in self.search.candidates(cell):
                seen, self.boxes[position] = alone[position]
                is_confirmed = self.search.verify(position, target, seen)
                verifications.append(Verification(second=position, target=self.detector.names[target],
                                                  score=seen.best.get(target, 0.0), is_confirmed=is_confirmed))
                if is_confirmed:  # at most one target per frame and turn, as in the released code
                    self.confirmed.add(position)
                    break
        return verifications

    def key_seconds(self) -> np.ndarray:
        """The seconds that would be returned now."""
        if self.appearances:
            return self.appearances.keyframes(self.search, self.settings.num_frames)
        return self.search.key_positions()

    def keyframes(self) -> list[Keyframe]:
        """The frames that are returned, with their pictures and what the detector sees in each alone."""
        seconds = self.key_seconds()
        frames = self.task.video.frames_at([float(second) for second in seconds], max_side_px=MAX_PICTURE_PX)
        unseen = [int(second) for second in seconds if int(second) not in self.boxes]
        self.boxes.update({second: boxes for second, (_, boxes) in zip(unseen, self.detector.singles(unseen))})
        self.frames_shown += len(unseen)
        alone: dict[int, float] = {}
        confirmed = self.confirmed
        if self.appearances is not None:
            alone = {second: score for (second, _), score in sorted(self.appearances.scores.items())}
            confirmed = {second for (second, _), score in self.appearances.scores.items() if score > self.search.threshold}
        return [Keyframe(second=second, score=float(alone.get(second, self.search.scores[second])), jpeg=encode_jpeg(frame),
                         is_confirmed=second in confirmed, boxes=tuple(self.boxes[second]))
                for second, frame in zip(seconds.tolist(), frames)]

    def found(self) -> tuple[Appearance, ...]:
        """Every appearance in order of time, the marked one too; none where one was enough."""
        return in_order(self.appearances.found) if self.appearances else ()

    def unconfirmed(self) -> tuple[str, ...]:
        """The targets that were not confirmed, or that have no appearance besides the marked one."""
        names = self.detector.names
        if self.appearances is None:
            return tuple(names[target] for target in self.search.remaining)
        found = {one.name for one in self.appearances.elsewhere()}
        return tuple(name for name in names[:self.detector.num_targets] if name not in found)
