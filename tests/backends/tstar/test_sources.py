"""Which video is searched and what is asked of it: the person's own words win, then the film's, then the parser's or a model's."""

from pathlib import Path

import pytest

from backends.run import Inputs, Progress
from backends.tstar.settings import TStarSettings
from backends.tstar.sources import EXAMPLE_NAME, VideoSource, ask, blaming_nobody, open_source
from worlds.errors import InputError
from worlds.haystack.samples import haystack_of
from worlds.video.process import Broken

SAMPLE = "sample:two-needles"
FILM = haystack_of(SAMPLE)
KNOWN = VideoSource(Path("film.mp4"), SAMPLE, FILM)
OWN = VideoSource(Path("mine.mp4"), "mine.mp4")


def opened(inputs: Inputs | None = None, **settings) -> VideoSource:
    events = open_source(TStarSettings(**settings), inputs or Inputs())
    try:
        while True:
            assert isinstance(next(events), Progress)
    except StopIteration as stop:
        return stop.value


def asked(source: VideoSource, **settings):
    return ask(TStarSettings(**settings), source, None)  # no video is opened for words


def test_a_sample_comes_with_its_truth() -> None:
    source = opened(video=SAMPLE)

    assert source.path.is_file() and source.truth_s == tuple(map(float, FILM.questions[0].key_seconds))
    assert [span[2] for span in source.truth_spans] == [needle.name for needle in FILM.needles]
    assert len(source.rooms) == len(FILM.visits) and source.rooms[0][0] == 0


def test_another_of_its_questions_has_a_truth_of_its_own_and_a_strangers_question_has_none() -> None:
    other = next(question for question in FILM.questions if question.key_seconds != FILM.questions[0].key_seconds)

    assert opened(video=SAMPLE, question=other.question).truth_s == tuple(map(float, other.key_seconds))
    assert opened(video=SAMPLE, question="Where is the pink bar?").truth_s is None


def test_an_upload_is_the_sessions_and_of_no_known_truth(tmp_path: Path) -> None:
    source = opened(Inputs({"mine.mp4": tmp_path / "0.mp4"}), video="upload:mine.mp4")

    assert source == VideoSource(tmp_path / "0.mp4", "mine.mp4")


def test_drawing_a_video_says_how_far_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def drawn(video: str, *, progress) -> Path:
        progress(0.5)
        return tmp_path

    monkeypatch.setattr("backends.tstar.sources.sample_path", drawn)
    (told,) = [event for event in open_source(TStarSettings(video=SAMPLE), Inputs())]

    assert told == Progress(0.01, "Drawing the video, once: 50%")


@pytest.mark.parametrize(("video", "says"), [("sample:none", "There is no sample"), ("generated:minutes=0.1", "minutes"),
                                             ("https://x", "is not known"), ("upload:x", "not in this session")])
def test_what_is_no_video_is_one_sentence(video: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        opened(video=video)


def test_the_films_question_brings_options_answer_targets_and_cues() -> None:
    question, found = FILM.questions[0], asked(KNOWN)

    assert (found.question, found.targets, found.cues) == (question.question, question.targets, question.cues)
    assert found.expected == question.answer and list(found.options.values()) == list(question.options)
    assert list(found.options) == list("ABCDEF"[:len(question.options)])


@pytest.mark.parametrize(("changed", "targets", "cues"), [
    ({"targets": ("red star",)}, ("red star",), ()),
    ({"cues": ("blue bed",)}, FILM.questions[0].targets, ("blue bed",)),
    ({"targets": ("red star",), "cues": ("blue bed",)}, ("red star",), ("blue bed",)),
], ids=["objects", "cues", "both"])
def test_what_a_person_names_goes_before_the_films_own(changed, targets, cues) -> None:
    found = asked(KNOWN, **changed)

    assert (found.targets, found.cues) == (targets, cues)
    assert found.question == FILM.questions[0].question and found.expected == FILM.questions[0].answer


def test_of_an_own_video_the_parser_reads_the_question_and_named_cues_stay() -> None:
    found = asked(OWN, question=" Where is the red cup? ", cues=("table",))

    assert (found.question, found.targets, found.cues) == ("Where is the red cup?", ("red cup",), ("table",))
    assert found.options == {} and found.expected is None and found.frames_read == found.vlm_calls == 0


def test_objects_without_a_question_make_one() -> None:
    assert asked(OWN, targets=("red cup",)).question == "When does the red cup appear?"


def test_an_example_needs_no_words() -> None:
    found = asked(KNOWN, example_picture="upload:x.png", targets=("red star",))

    assert (found.targets, found.cues, found.options) == ((EXAMPLE_NAME,), (), {})


@pytest.mark.parametrize("source", [KNOWN, OWN], ids=["drawn here", "a person's own"])
def test_a_decoder_that_broke_off_is_blamed_on_a_persons_file_only(source: VideoSource) -> None:
    with pytest.raises(InputError) as said, blaming_nobody(source):
        raise InputError("The file is broken.") from Broken("killed")

    assert ("is not at fault" in str(said.value)) is (source is KNOWN)
    with pytest.raises(InputError, match="No such second"), blaming_nobody(KNOWN):
        raise InputError("No such second.")
