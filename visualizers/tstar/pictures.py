"""Pictures of T*: grids and key frames with what was seen in them. (h, w, 3) uint8 RGB throughout."""

import io
import zipfile
from collections.abc import Sequence

import cv2
import numpy as np
from PIL import Image

from backends.tstar.results import Iteration, Keyframe, SeenBox, TStarResult, Verification
from visualizers import covers
from visualizers.tstar.times import clock
from worlds.pictures import SHEET_QUALITY, decode_jpeg, encode_jpeg

TARGET_RGB, CUE_RGB = (213, 94, 0), (0, 114, 178)  # the boxes' colours: targets, cues
FOUND_RGB, REFUSED_RGB = (0, 158, 115), (200, 40, 60)  # frames that were looked at again: confirmed or not
BAND_RGB, RIM_PX = (28, 37, 48), 4
SMALL_PX = 40  # side of a box below which its line is thin: else a small thing is more box than thing
ENLARGED_PX = 480  # side of a cell that is shown by itself


def canvas_picture(iteration: Iteration) -> np.ndarray:
    """The grid picture with its boxes; cells that were looked at again are framed, and what was confirmed is said below it."""
    picture = decode_jpeg(iteration.canvas_jpeg)
    cell = picture.shape[0] // iteration.grid
    checks = _second_looks(iteration)
    for index, second in enumerate(iteration.positions.tolist()):
        left, top = _corner(iteration, index, cell)
        if second in checks:
            cv2.rectangle(picture, (left + 3, top + 3), (left + cell - 4, top + cell - 4),
                          FOUND_RGB if checks[second].is_confirmed else REFUSED_RGB, RIM_PX)
        if cell >= 70:
            _label(picture, clock(second), (left + 6, top + cell - 8))
    return _captioned(draw_boxes(picture, iteration.boxes, with_names=False), iteration)


def _second_looks(iteration: Iteration) -> dict[int, Verification]:
    """Frames that were looked at again, by second; of several looks at one, the confirming one."""
    return {check.second: check for check in sorted(iteration.verifications, key=lambda check: check.is_confirmed)}


def _corner(iteration: Iteration, index: int, cell: int) -> tuple[int, int]:
    """Left and top of a cell in pixels."""
    row, column = divmod(index, iteration.grid)
    return column * cell, row * cell


def _captioned(picture: np.ndarray, iteration: Iteration) -> np.ndarray:
    """The same picture over a band that names the confirmed cell: words on the cell itself would hide what was found."""
    found = _confirmed(iteration)
    if found is None:
        return picture
    index, check = found
    row, column = divmod(index, iteration.grid)
    height = max(26, picture.shape[1] // 16)
    band = Image.new("RGB", (picture.shape[1], height), BAND_RGB)
    said = f"Confirmed: {check.target} {check.score:.2f}, at {clock(check.second)} (row {row + 1}, column {column + 1})"
    covers.write(band, said, at=(10, height // 2), size_px=round(height * 0.6))
    return np.vstack([picture, np.asarray(band)])


def _confirmed(iteration: Iteration) -> tuple[int, Verification] | None:
    """The cell that was confirmed with the highest score, by its place in drawing order."""
    checks = [check for check in iteration.verifications if check.is_confirmed and check.second in iteration.positions]
    best = max(checks, key=lambda check: check.score, default=None)
    return None if best is None else (iteration.positions.tolist().index(best.second), best)


def enlarged_cell(iteration: Iteration, result: TStarResult | None = None) -> tuple[np.ndarray, str]:
    """The confirmed cell of a grid by itself, else its best one, with its boxes; and its caption.

    Args:
        result: where its second became a key frame, that larger picture is taken; else the cell is magnified.
    """
    found = _confirmed(iteration)
    index = int(np.argmax(iteration.cell_confidence)) if found is None else found[0]
    second = int(iteration.positions[index])
    look = "at the first glance, without a second" if result and not result.settings.verifies else "at the second look"
    said = (f"The confirmed cell, {clock(second)}: {found[1].target} {found[1].score:.2f} {look}" if found else
            f"The best cell of this grid, {clock(second)}: {iteration.cell_confidence[index]:.2f}{_refused(iteration, second)}")
    keyframe = next((frame for frame in result.keyframes if frame.second == second), None) if result else None
    if keyframe is None:
        return draw_boxes(_magnified(iteration, index), _boxes_of(iteration, index), with_names=False), said
    picture = decode_jpeg(keyframe.jpeg)
    # a key frame's own boxes are those of its second look, which a grid that did not confirm it knows nothing of
    shape = (picture.shape[0], picture.shape[1]) if result and result.settings.cell_fit == "letterbox" else (1, 1)
    boxes = keyframe.boxes if found else _boxes_of(iteration, index, shape=shape)
    return draw_boxes(picture, boxes, with_names=False), said


def _refused(iteration: Iteration, second: int) -> str:
    """Why a cell that lit up counts for nothing: what its second look said, or that there was none."""
    looks = [look for look in iteration.verifications if look.second == second]
    if not looks:
        return ", not confirmed: no second look was taken at it after this grid"
    best = max(looks, key=lambda look: look.score)
    return f", not confirmed: {best.target} {best.score:.2f} at the second look, from nearer"


def _magnified(iteration: Iteration, index: int) -> np.ndarray:
    """A cell cut out of its grid and drawn larger."""
    canvas = decode_jpeg(iteration.canvas_jpeg)
    cell = canvas.shape[0] // iteration.grid
    left, top = _corner(iteration, index, cell)
    return cv2.resize(canvas[top:top + cell, left:left + cell], (ENLARGED_PX, ENLARGED_PX), interpolation=cv2.INTER_CUBIC)


def _boxes_of(iteration: Iteration, index: int, *, shape: tuple[int, int] = (1, 1)) -> list[SeenBox]:
    """The boxes that a grid showed in a cell, in shares of that cell, or of the frame that lies in its middle.

    Args:
        shape: (height, width) of the frame; the rest of its square cell is black.
    """
    row, column = divmod(index, iteration.grid)
    across, down = (side / max(shape) for side in shape[::-1])

    def inside(share: float, place: int, part: float) -> float:
        return (share * iteration.grid - place - (1 - part) / 2) / part

    return [box.model_copy(update={"x1": inside(box.x1, column, across), "x2": inside(box.x2, column, across),
                                   "y1": inside(box.y1, row, down), "y2": inside(box.y2, row, down)})
            for box in iteration.boxes if box.cell == index]


def draw_boxes(picture: np.ndarray, boxes: Sequence[SeenBox], *, with_names: bool = True) -> np.ndarray:
    """Boxes on a copy of the picture: targets orange with their score, cues blue. They stand around a thing, not on its rim."""
    drawn = picture.copy()
    height, width = drawn.shape[:2]
    for box in boxes:
        left, top, right, bottom = (int(box.x1 * width), int(box.y1 * height), int(box.x2 * width), int(box.y2 * height))
        line = 3 if box.is_target and min(right - left, bottom - top) >= SMALL_PX else 2
        cv2.rectangle(drawn, (max(left - line, 0), max(top - line, 0)),
                      (min(right + line, width - 1), min(bottom + line, height - 1)),
                      TARGET_RGB if box.is_target else CUE_RGB, line)
    for box in boxes:
        if with_names and box.is_target:
            _label(drawn, f"{box.name} {box.score:.2f}", (int(box.x1 * width), max(12, int(box.y1 * height) - 5)))
    return drawn


def _label(picture: np.ndarray, text: str, at: tuple[int, int]) -> None:
    for colour, thickness in (((0, 0, 0), 3), ((255, 255, 255), 1)):  # white on a dark rim reads on any picture
        cv2.putText(picture, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.42, colour, thickness, cv2.LINE_AA)


def keyframe_picture(frame: Keyframe) -> np.ndarray:
    """A key frame with its boxes, (h, w, 3) uint8 RGB."""
    return draw_boxes(decode_jpeg(frame.jpeg), frame.boxes)


def cover(result: TStarResult) -> np.ndarray:
    """What stands for the system in the gallery: the first grid in which a target was confirmed, and that cell, enlarged."""
    found = [step for step in result.iterations if _confirmed(step) is not None]
    step = (found or result.iterations)[0]
    picture, _ = covers.blank()
    covers.paste(picture, draw_boxes(decode_jpeg(step.canvas_jpeg), step.boxes, with_names=False), at=(30, 30), within=(480, 480))
    _, height = covers.paste(picture, enlarged_cell(step, result)[0], at=(540, 30), within=(390, 390))
    said = f"{step.frames_seen} of {result.video.num_positions} frames looked at"
    covers.write(picture, said, at=(540, 30 + height + 40), size_px=30)
    return np.asarray(picture)


def contact_sheet(result: TStarResult, columns: int = 4, width_px: int = 360) -> bytes:
    """All key frames with their times in one JPEG file."""
    pictures = [keyframe_picture(frame) for frame in result.keyframes]
    scales = [min(width_px / picture.shape[1], 2 * width_px / picture.shape[0]) for picture in pictures]  # a tower is made narrower
    height = max(1, *(round(picture.shape[0] * scale) for picture, scale in zip(pictures, scales)))
    cells = []
    for frame, picture, scale in zip(result.keyframes, pictures, scales):
        inner = max(1, round(picture.shape[0] * scale)), max(1, round(picture.shape[1] * scale))
        cell = np.full((height + 30, width_px, 3), 255, np.uint8)
        cell[:inner[0], :inner[1]] = cv2.resize(picture, inner[::-1], interpolation=cv2.INTER_AREA)
        text = f"{clock(frame.second)}  score {frame.score:.2f}{'  confirmed' if frame.is_confirmed else ''}"
        cv2.putText(cell, text, (8, height + 20), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (30, 36, 48), 1, cv2.LINE_AA)
        cells.append(cell)
    while len(cells) % columns:
        cells.append(np.full_like(cells[0], 255))
    sheet = np.vstack([np.hstack(cells[i:i + columns]) for i in range(0, len(cells), columns)])
    return encode_jpeg(sheet, SHEET_QUALITY).tobytes()


def keyframe_zip(result: TStarResult) -> bytes:
    """The key frames as JPEG files in one zip, named by rank of time and second."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for index, frame in enumerate(result.keyframes, start=1):
            archive.writestr(f"keyframe-{index:02d}-{frame.second:05d}s.jpg", frame.jpeg.tobytes())
    return buffer.getvalue()
