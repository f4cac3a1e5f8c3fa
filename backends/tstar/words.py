"""What the chosen detector does not know of what is asked, said before a run: while somebody types, and at the REST door."""

from backends.knobs import UPLOAD
from backends.tstar.grounding import ground_template
from backends.tstar.settings import TStarSettings
from models.vocabulary import refusal
from worlds.errors import InputError
from worlds.haystack.samples import haystack_of

MOST = 2  # sentences; whoever mends two words sees the third


def objection(settings: TStarSettings) -> str:
    """Why these objects cannot be looked for, and what would work; nothing where they can, or where only a model knows."""
    if settings.by_example:
        return ""
    names = [*settings.targets, *settings.cues]
    if not settings.targets and settings.grounder == "template" and settings.question.strip() and not _is_own_question(settings):
        names += ground_template(settings.question.strip(), {}).targets
    said = [sentence for name in dict.fromkeys(names) if (sentence := refusal(settings.detector, name))]
    return " ".join(said[:MOST])


def _is_own_question(settings: TStarSettings) -> bool:
    """Whether it is a drawn video's own question, whose objects are known."""
    if settings.video.startswith(UPLOAD):
        return False
    try:
        questions = haystack_of(settings.video).questions
    except InputError:
        return False
    return any(question.question == settings.question.strip() for question in questions)
