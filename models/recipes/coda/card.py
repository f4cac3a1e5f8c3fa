"""Trains one overshadowing miniature, keeps its epochs in half precision, and writes corpus, card and README."""

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from transformers import LlamaForCausalLM

from models.probabilities import next_log_probs, scores_of
from models.recipes.coda.miniatures import SHIPPED, Miniature
from models.training.language import Epoch, Tokens, train
from models.training.words import word_tokenizer
from worlds.facts.corpus import BOS, EOS, PAD, Corpus, Ids
from worlds.facts.english import draw_corpus, sentence
from worlds.facts.files import shown
from worlds.facts.rates import GroupRates, ask, rates

CANNOT = (
    "It knows the words of its own corpus and nothing else; a question in other words has no meaning to it.",
    "The rare statements were trained on, like all others: it shows what is suppressed, not what was never seen.",
    "The paper's size law does not show at this size: larger miniatures suppress less at equal epochs, not more.",
)
OWN_CANNOT = {
    "coda-p-law": "Groups with few popular statements are learned last: before about epoch 14 those with P = 2 are not.",
    "coda-p-law-low-decay": "Overshadowing passes: at the last epochs most rare answers are learned and no law is left.",
    "coda-l-law": (
        "R is near 0 for short sentences and near 1 for long ones: a curve with two flat ends, linear only between. "
        "At L = 50 and 100 not even a perfect mask brings answers back, and searching for x finds it in about a "
        "quarter of the hallucinated prompts (epoch 16)."
    ),
    "coda-english": (
        "L is that of the template (6 to 12) and does not vary; R and RR of one P rest on 30 sentences only. "
        "Searching for the name among all words is right in about 60 % of the hallucinated prompts at epoch 12 and "
        "80 % at 24, so decoding without being told the name gains nothing before epoch 24."
    ),
}


@dataclass(frozen=True)
class Kept:
    """An epoch as shipped: measured on the weights as they were read back from the files."""

    epoch: int
    loss: float
    cpu_s: float
    groups: list[GroupRates]
    unseen: float  # share of prompts with an x that the set never had that are answered with Y_a
    changed: float  # share of popular and rare prompts whose argmax half precision changed


def ship(name: str, miniature: Miniature, folder: Path) -> None:
    """Train, save the wanted epochs below `folder`, and write what describes them."""
    corpus = draw_corpus(miniature.corpus)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "corpus.json").write_text(miniature.corpus.model_dump_json(indent=2) + "\n")
    kept: list[Kept] = []
    started = time.monotonic()
    sentences = [statement.sentence for statement in corpus.statements()]
    for state in train(miniature.training, sentences, Tokens(len(corpus.words), PAD, BOS, EOS), seed=miniature.seed,
                       epochs=max(miniature.epochs)):
        print(f"{name} epoch {state.epoch}: loss {state.loss:.3f}, {state.cpu_s:.0f} CPU seconds", flush=True)
        if state.epoch in miniature.epochs:
            kept.append(keep(state, corpus, folder / f"epoch-{state.epoch:02d}"))
    minutes = (time.monotonic() - started) / 60
    parameters = sum(parameter.numel() for parameter in state.model.parameters())
    write_card(name, miniature, corpus, kept, folder, minutes=minutes, parameters=parameters)


def keep(state: Epoch, corpus: Corpus, folder: Path) -> Kept:
    """Save one epoch in half precision and measure it as it comes back."""
    word_tokenizer(corpus.words, corpus.openings).save_pretrained(folder)
    weights = {key: value.half() for key, value in state.model.state_dict().items()}
    half = LlamaForCausalLM(state.model.config).half()
    half.load_state_dict(weights)
    half.save_pretrained(folder)
    (folder / "model.safetensors").chmod(0o644)
    read = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32, local_files_only=True).eval()
    prompts = [knowledge.statement(kind).prompt for knowledge in corpus.sets for kind in ("a", "b")]
    before, after = (next_log_probs(model, prompts).argmax(-1) for model in (state.model, read))
    changed = float((before != after).mean())
    return Kept(state.epoch, state.loss, state.cpu_s, rates(ask(scores_of(read), corpus)), unseen_rate(read, corpus), changed)


def unseen_rate(model: LlamaForCausalLM, corpus: Corpus) -> float:
    """Return how often Y_a is said for an x that its set never had: the held-out side of "shared words -> Y_a".

    The x comes from another set of the same kind, so an English place is replaced by a place.
    """
    rng = np.random.default_rng(0)
    prompts: list[Ids] = []
    answers: list[int] = []
    for knowledge in corpus.sets:
        others = [x for other in corpus.sets if other.task == knowledge.task for x in (*other.popular, other.rare)]
        free = sorted(set(others) - {*knowledge.popular, knowledge.rare})
        x = free[int(rng.integers(len(free)))]
        prompts.append((*knowledge.share[: knowledge.position], *x, *knowledge.share[knowledge.position :]))
        answers.append(knowledge.popular_answer[0])
    return float((next_log_probs(model, prompts).argmax(-1) == np.array(answers)).mean())


def write_card(
    name: str, miniature: Miniature, corpus: Corpus, kept: list[Kept], folder: Path, *, minutes: float, parameters: int
) -> None:
    """Write `card.json` and `README.md` from what was measured."""
    sizes = [(folder / f"epoch-{state.epoch:02d}" / "model.safetensors").stat().st_size for state in kept]
    card = {
        "name": name,
        "what": miniature.what,
        "script": f"python -m models.recipes.coda {name}",
        "rung": rung(name, miniature, parameters),
        "training": {"corpus": miniature.corpus.model_dump(), **asdict(miniature.training), "seed": miniature.seed},
        "minutes": round(minutes, 1),
        "cpu_seconds": round(kept[-1].cpu_s),
        "parameters": parameters,
        "bytes_per_epoch": max(sizes),
        "words": len(corpus.words),
        "sentences": sum(1 for _ in corpus.statements()),
        "epochs": [{**asdict(state), "groups": [_row(group) for group in state.groups]} for state in kept],
        "cannot": [*CANNOT, OWN_CANNOT[name]],
    }
    (folder / "card.json").write_text(json.dumps(card, indent=2) + "\n")
    (folder / "README.md").write_text("\n".join(_readme(name, miniature, corpus, kept, card)))


def rung(name: str, miniature: Miniature, parameters: int) -> dict[str, object]:
    """Return the entry of the ladder; `models.catalogue.miniatures` says what its fields are."""
    return {
        "role": "language",
        "title": f"{miniature.title} (miniature)",
        "loader": "language-model",
        "architecture": "LlamaForCausalLM",
        "licence": "apache-2.0",
        "parameters": parameters,
        "note": miniature.note,
        "made_for": ["coda"],
        "recipe": f"coda {name}",
        "stages": {f"epoch {epoch}": f"epoch-{epoch:02d}" for epoch in miniature.epochs},
        "stage": f"epoch {miniature.shown}",
        "order": 10 + list(SHIPPED).index(name),
    }


def _row(group: GroupRates) -> dict[str, float | bool | None]:
    derived = {"is_learned": group.is_learned, "r_greedy": group.r_greedy, "r_prob": group.r_prob}
    return {**{key: round(value, 4) for key, value in asdict(group).items()}, **derived}


def _readme(name: str, miniature: Miniature, corpus: Corpus, kept: list[Kept], card: dict[str, object]) -> list[str]:
    spec, training = miniature.corpus, miniature.training
    factor = spec.factor
    example = corpus.sets[-1]
    statements = [example.statement(kind) for kind in ("a", "b")]
    if spec.task == "english":
        texts = [sentence(corpus, (*statement.prompt, *statement.y)) for statement in statements]
    else:
        texts = [shown(statement, corpus) for statement in statements]
    head = f"| epoch | loss | {' | '.join(f'{factor} = {group.value:g}' for group in kept[0].groups)} | unseen x |"
    return [
        f"# {name}",
        "",
        f"{miniature.what}: a LlamaForCausalLM with {card['parameters']:,} parameters and {len(corpus.words)} words, one folder"
        f" per kept epoch, {card['bytes_per_epoch'] / 1e6:.2f} MB each in half precision.",  # type: ignore[operator]
        "This file, `card.json` and `corpus.json` are written by the recipe.",
        "",
        f"- **Made by** `{card['script']}` (seed {miniature.seed}, {max(miniature.epochs)} epochs,"
        f" {card['cpu_seconds']} CPU seconds, {card['minutes']} minutes on one thread of a shared machine)",
        f"- **Data**: {len(corpus.sets)} knowledge sets, {card['sentences']:,} sentences, {factor} in"
        f" {', '.join(map(str, spec.values))}; `corpus.json` holds the spec from which `worlds.facts.english.draw_corpus` makes"
        " them again",
        f"- **Training**: AdamW, learning rate {training.learning_rate:g}, batches of {training.batch}, weight decay"
        f" {training.weight_decay:g}",
        f"- **A popular and a rare statement** ({factor} = {corpus.value(example):g}): {texts[0]} / {texts[1]}",
        "",
        "## Measured on the shipped weights",
        "",
        "Per cent. Each cell: RR / HR / R, then the rare answers that are right (EM_b). RR and HR are outputs (greedy), R is from",
        "probabilities; a dash where RR is below 50, which is not learned. *unseen x*: prompts with an x that the set never had",
        "that get the popular answer, the only prompts that were not trained on.",
        "",
        head,
        "|" + "---|" * (len(kept[0].groups) + 3),
        *(_epoch_row(state) for state in kept),
        "",
        f"Half precision changed the most likely word of {100 * max(state.changed for state in kept):.2f} % of the prompts at most.",
        "",
        "## What it cannot do",
        "",
        *(f"- {line}" for line in (*CANNOT, OWN_CANNOT[name])),
        "",
    ]


def _epoch_row(state: Kept) -> str:
    cells = " | ".join(_cell(group) for group in state.groups)
    return f"| {state.epoch} | {state.loss:.3f} | {cells} | {100 * state.unseen:.0f} |"


def _cell(group: GroupRates) -> str:
    ratio = f"{100 * group.r_prob:.0f}" if group.r_prob is not None else "–"
    return f"{100 * group.rr_greedy:.0f} / {100 * group.hr_greedy:.0f} / {ratio}, {100 * group.em_b:.0f}"
