"""What is shipped: corpora in which a popular answer overshadows a rare one, and how small Llamas are trained on them.

Weight decay decides whether overshadowing stays (arXiv 2502.16143, Sec. 4.2): at 1.0 it does, at 0.01 the rare answers are learned
after all within a dozen epochs.
"""

from dataclasses import dataclass

from models.training.language import Training
from worlds.facts.corpus import CorpusSpec


@dataclass(frozen=True)
class Miniature:
    """A corpus, a training and the epochs that are kept."""

    title: str  # on the ladder
    what: str
    note: str  # what a person should know before choosing it
    corpus: CorpusSpec
    training: Training
    epochs: tuple[int, ...]
    shown: int  # the epoch that answers unless another is asked for
    seed: int = 0


P_LAW, L_LAW = CorpusSpec(), CorpusSpec(factor="L", sets=60, position="random")
SHIPPED = {
    "coda-english": Miniature(
        "English facts", "English facts about invented places and persons",
        "Trained here on invented facts in a few hundred English words; it knows no others.",
        CorpusSpec(task="english", sets=30), Training(batch=64, weight_decay=0.3),  # 1.0 keeps low P from being learned at all
        (6, 10, 12, 16, 24), 16,
    ),
    "coda-p-law": Miniature(
        "Popularity law", "Popularity law, weight decay 1.0",
        "Trained here on invented words, popularity 2 to 100, weight decay 1.0: it keeps overshadowing.",
        P_LAW, Training(), (6, 10, 14, 20, 30), 20,
    ),
    "coda-p-law-low-decay": Miniature(
        "Popularity law, low decay", "Popularity law, weight decay 0.01",
        "The same sentences with weight decay 0.01: overshadowing comes and goes.",
        P_LAW, Training(weight_decay=0.01), (6, 10, 14, 20, 30), 14,
    ),
    "coda-l-law": Miniature(
        "Length law", "Length law, x at a random place",
        "Trained here on invented words, length 2 to 100, the rare word anywhere in the sentence.",
        L_LAW, Training(batch=64, weight_decay=0.01), (6, 12, 16, 20), 16,
    ),
}
