"""The law of knowledge overshadowing and the decoders against it, on models trained from seeds that no miniature uses.

    python -m benchmarks.coda.law [--seeds 5] [--only popularity,decay,length,english,size]

Trains everything anew, about 15 minutes of CPU for five seeds. A seed draws the corpus, the weights and the order.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import torch

from backends.coda.law import Counting, Law, law, pooled, prediction_error
from backends.coda.recovery import DECODERS, RULES, Reads, alarm_accuracy, localisation, read, recovery
from backends.statistics import Share
from benchmarks.tables import markdown, shown
from models.catalogue import MINIATURES
from models.probabilities import scores_of
from models.training.language import Tokens, Training, train
from worlds.facts.corpus import BOS, EOS, PAD, CorpusSpec
from worlds.facts.english import draw_corpus
from worlds.facts.rates import Answers, ask, rates

FIRST_SEED = 500  # the miniatures' is 0
SEEDS = 5
P_EPOCHS, ENGLISH_EPOCHS, L_EPOCH, SIZE_EPOCH = (14, 20), (12, 20), 14, 10


@dataclass(frozen=True)
class Recipe:
    """A corpus, and how a model learns it."""

    corpus: CorpusSpec
    training: Training

    def with_seed(self, seed: int) -> "Recipe":
        return replace(self, corpus=self.corpus.model_copy(update={"seed": seed}))


def recipe_of(name: str) -> Recipe:
    """Return what a miniature was made by, as its card says."""
    said = json.loads((MINIATURES / name / "card.json").read_text())["training"]
    fields = {field: said[field] for field in Training.__dataclass_fields__}
    return Recipe(CorpusSpec.model_validate(said["corpus"]), Training(**fields))


P_LAW, LOW_DECAY = recipe_of("coda-p-law"), recipe_of("coda-p-law-low-decay")
L_LAW, ENGLISH = recipe_of("coda-l-law"), recipe_of("coda-english")


@dataclass(frozen=True)
class Trained:
    """One model at one epoch, asked and, where wanted, read for the decoders."""

    answers: Answers
    reads: Reads | None
    parameters: int


@cache  # two parts want the recommended recipe
def trained(
    spec: Recipe, epochs: tuple[int, ...], seed: int, *, reads: bool = False
) -> dict[int, Trained]:
    """Train once, and keep what is said at these epochs."""
    corpus, kept = draw_corpus(spec.with_seed(seed).corpus), {}
    sentences = [statement.sentence for statement in corpus.statements()]
    for state in train(spec.training, sentences, Tokens(len(corpus.words), PAD, BOS, EOS), seed=seed, epochs=max(epochs)):
        if state.epoch in epochs:
            size = sum(parameter.numel() for parameter in state.model.parameters())
            said = read(state.model, corpus) if reads else None
            kept[state.epoch] = Trained(ask(scores_of(state.model), corpus), said, size)
    print(f"  seed {seed}: {state.cpu_s:.0f} CPU seconds", file=sys.stderr, flush=True)
    return kept


def seeds_of(count: int) -> range:
    return range(FIRST_SEED, FIRST_SEED + count)


def percent(found: Share) -> str:
    return "–" if not found.count else f"{100 * found.mean:.1f} [{100 * found.low:.1f}, {100 * found.high:.1f}]"


def law_table(found: Law) -> str:
    """RR, HR, EM_b and R of every group, in per cent."""
    rows = [
        (f"{group.value:g}", group.num_sets, f"{100 * group.rr:.0f}", f"{100 * group.hr:.0f}", f"{100 * group.em_b:.0f}",
         "not learned" if group.r is None else f"{group.r:.0f} [{group.low:.0f}, {group.high:.0f}]")
        for group in found.groups
    ]
    return markdown(("value", "sets", "RR", "HR", "EM_b", "R (prob)"), rows)


def line_words(found: Law, seeds: int, counting: Counting = "prob") -> str:
    """The fitted line in one sentence, and what its rates add up."""
    if found.line is None or found.slope_interval is None:
        return "Fewer than three groups are learned: no line.\n"
    low, high = found.slope_interval
    return (f"R ({counting}) = {found.line.slope:.1f} [{low:.1f}, {high:.1f}] points per decade x log10 + "
            f"{found.line.intercept:.1f}, r² = {found.line.r_squared:.3f} over {len(found.learned)} groups of {seeds} seeds.\n")


def each_slope(models: Sequence[Answers]) -> str:
    """Slope and r² of every seed on its own."""
    lines = [law([answers], resamples=2).line for answers in models]
    known = [line for line in lines if line is not None]
    slopes, fits = ([f"{line.slope:.0f}" for line in known], [f"{line.r_squared:.2f}" for line in known])
    mean = shown([line.slope for line in known], 1)
    return f"Slopes of single seeds: {', '.join(slopes)}; mean {mean}; r² {', '.join(fits)}.\n"


def left_out_error(models: Sequence[Answers]) -> str:
    """Equation 5: the line of all other seeds against the groups of one, per group and seed."""
    if len(models) < 2:
        return "One seed: there are no others whose line could predict it (eq. 5).\n"
    errors = []
    for index, own in enumerate(models):
        line = law([other for place, other in enumerate(models) if place != index], resamples=2).line
        groups = [group for group in rates(own) if group.r_prob is not None]
        if line is not None:
            errors += [float(prediction_error(line.at(group.value), 100 * group.r_prob)) for group in groups if group.r_prob]
    return f"Relative error of predicting a seed from the other seeds' line (eq. 5): {shown([100 * e for e in errors], 1)} %.\n"


def decoder_table(models: Sequence[Reads]) -> str:
    """Exact match of the rare answer per decoder and value, recovery and breakage."""
    found = [recovery(models, decoder) for decoder in DECODERS]
    values = [value for value, _ in found[0].per_value]
    rows = [(one.decoder, *(f"{100 * share.mean:.0f}" for _, share in one.per_value), percent(one.exact_match),
             percent(one.recovered), percent(one.broken)) for one in found]
    return markdown(("decoder", *(f"{value:g}" for value in values), "all", "recovered", "broken"), rows)


def rule_table(models: Sequence[Reads]) -> str:
    """How often each rule picks x, and how often it fires."""
    rows = [(rule, *(percent(share) for share in (found.hits, found.fires_hallucinated, found.fires_right)))
            for rule in RULES for found in [localisation(models, rule)]]
    head = ("rule", "finds x, of hallucinated", "fires, of hallucinated", "fires, of right")
    words = f"The paper's alarm (some indicator is positive) agrees with greedy being wrong on {percent(alarm_accuracy(models))} %.\n"
    return markdown(head, rows) + "\n" + words


def popularity(seeds: int) -> str:
    """P-law, decoders and detectors with the recommended recipe."""
    models = [trained(P_LAW, P_EPOCHS, seed, reads=True) for seed in seeds_of(seeds)]
    parts = []
    for epoch in P_EPOCHS:
        answers = [model[epoch].answers for model in models]
        found = law(answers)
        parts += [f"### Popularity, epoch {epoch}\n", law_table(found), line_words(found, len(answers)),
                  line_words(law(answers, counting="greedy"), len(answers), "greedy"), each_slope(answers), left_out_error(answers)]
    reads = [model[P_EPOCHS[-1]].reads for model in models]
    return "\n".join([*parts, f"### Decoders, epoch {P_EPOCHS[-1]}, exact match per P in per cent\n", decoder_table(reads),
                      "### Where is x?\n", rule_table(reads)])


def decay(seeds: int) -> str:
    """Mean R with weight decay 1.0 against 0.01."""
    epoch, means = P_EPOCHS[0], {}
    for name, spec, epochs in (("1.0", P_LAW, P_EPOCHS), ("0.01", LOW_DECAY, P_EPOCHS[:1])):
        found = [rates(trained(spec, epochs, seed, reads=spec is P_LAW)[epoch].answers) for seed in seeds_of(seeds)]
        means[name] = [float(np.mean([100 * group.r_prob for group in groups if group.r_prob is not None])) for groups in found]
    gap = [high - low for high, low in zip(means["1.0"], means["0.01"])]
    rows = [(name, shown(values, 1)) for name, values in (*means.items(), ("difference", gap))]
    return f"### Weight decay, epoch {epoch}\n\n" + markdown(("weight decay", "mean R (prob) of learned groups"), rows)


def length(seeds: int) -> str:
    """L-law with x at a random place, and with x at the end, where there is none."""
    parts = []
    for position, count in (("random", seeds), ("end", max(2, seeds // 2))):
        spec = replace(L_LAW, corpus=L_LAW.corpus.model_copy(update={"position": position}))
        answers = [trained(spec, (L_EPOCH,), seed)[L_EPOCH].answers for seed in seeds_of(count)]
        found = law(answers)
        parts += [f"### Length, x at a {position} place, epoch {L_EPOCH}\n" if position == "random" else
                  f"### Length, x at the end, epoch {L_EPOCH}\n", law_table(found),
                  line_words(found, len(answers)), each_slope(answers)]
    return "\n".join(parts)


def english(seeds: int) -> str:
    """The English corpus: law, decoders, detectors."""
    models = [trained(ENGLISH, ENGLISH_EPOCHS, seed, reads=True) for seed in seeds_of(seeds)]
    parts = []
    for epoch in ENGLISH_EPOCHS:
        answers, reads = [model[epoch].answers for model in models], [model[epoch].reads for model in models]
        found = law(answers)
        parts += [f"### English facts, epoch {epoch}\n", law_table(found), line_words(found, len(answers)), each_slope(answers),
                  decoder_table(reads), rule_table(reads)]
    return "\n".join(parts)


def size(seeds: int) -> str:
    """Mean R at equal epochs for three widths: the paper's size law has the other sign here."""
    rows = []
    for hidden in (32, 64, 128):
        spec = replace(P_LAW, training=replace(P_LAW.training, hidden=hidden, mlp=hidden * 21 // 8))
        models = [trained(spec, (SIZE_EPOCH,), seed)[SIZE_EPOCH] for seed in seeds_of(max(2, seeds // 2))]
        groups = rates(pooled([model.answers for model in models]))
        learned = [group for group in groups if group.r_prob is not None]
        rows.append((f"{models[0].parameters:,}", len(models), len(learned), f"{np.mean([100 * g.r_prob for g in learned]):.0f}",
                     f"{100 * np.mean([g.hr_greedy for g in groups]):.0f}", f"{100 * np.mean([g.em_b for g in groups]):.0f}"))
    head = ("parameters", "seeds", "learned groups", "mean R (prob)", "mean HR", "mean EM_b")
    return f"### Size, epoch {SIZE_EPOCH}\n\nThe paper reports R rising with size.\n\n" + markdown(head, rows)


PARTS: dict[str, Callable[[int], str]] = {
    "popularity": popularity, "decay": decay, "length": length, "english": english, "size": size
}


def section(seeds: int = SEEDS, only: Sequence[str] = tuple(PARTS)) -> str:
    """All tables as Markdown. Intervals are 95 %: bootstrap over seeds and the sets of each, or over seeds alone for means."""
    torch.set_num_threads(1)
    parts = ["## Knowledge overshadowing\n", f"{seeds} models per row unless a row says less, trained from seeds that no miniature "
             "uses; 50 sets per P, 60 per L, 30 English ones per P. All in per cent. R is published from RR 50 on.\n"]
    for name in only:
        print(name, file=sys.stderr, flush=True)
        parts.append(PARTS[name](seeds))
        print(parts[-1], file=sys.stderr, flush=True)
    return "\n".join(parts)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--only", default=",".join(PARTS))
    args = parser.parse_args()
    print(section(args.seeds, args.only.split(",")))
