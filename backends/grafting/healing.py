"""A grafting from beginning to end: cut, put in, stage 1, stage 2, with pictures on the way."""

import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from diffusers.models.transformers.dit_transformer_2d import DiTTransformer2DModel

from backends.grafting.choices import StateName, layers_of
from backends.grafting.foreseen import Described, operator_cost
from backends.grafting.locality import shares_of
from backends.grafting.painting import drawn, error_of, judge_of, kinds_of, paint
from backends.grafting.results import Cost, Grafted, Healed, Judgement, State
from backends.grafting.settings import GraftingSettings
from backends.run import Progress
from models.diffusion.choices import Loss, Operator, place_of, same_again, usual_loss
from models.diffusion.distilling import Distilling, extract, relative_error
from models.diffusion.judge import Judge, Moments
from models.diffusion.network import count_parameters
from models.diffusion.surgery import blocks_of, check_layers, graft, operator_of, shape_of
from models.diffusion.training import DiffusionTraining, Rates

ROUNDS = 10  # looks at stage 1 while it goes
CHECKED_ON = 500  # held-out pictures of the relative errors
TUNED_ON = 2_000  # pictures of stage 2: a tenth of all
TUNE_BATCH, TUNE_LOOK = 32, 10  # pictures of a step; steps between two looks at its error
TUNE_PEAK, TUNE_WARM_UP, TUNE_KEEP = 1e-3, 25, 0.98


@dataclass
class Grafting:
    """One grafting while it goes: what is known of it so far."""

    original: DiTTransformer2DModel
    settings: GraftingSettings
    judge: Judge
    reference: Moments
    model: DiTTransformer2DModel = field(init=False)  # in its newest state; before anything is put in, the original
    states: list[State] = field(default_factory=list)
    healed: list[Healed] = field(default_factory=list)
    tuned: list[tuple[int, float]] = field(default_factory=list)
    layers: tuple[int, ...] = ()
    picked_by: tuple[float, ...] = ()
    not_judged: Collection[StateName] = ()  # states that are known already

    def __post_init__(self) -> None:
        self.model = self.original

    def events(self) -> Iterator[Progress | Grafted]:
        """Go through the stages that the settings ask for."""
        settings = self.settings
        yield Progress(0.0, "Choosing layers")
        self._choose()
        yield from self._look(self.original, "original", 0.0)
        self.model = graft(self.original, settings.operator, self.layers, seed=settings.seed).eval()
        yield from self._look(self.model, "swapped", 0.0)
        if settings.heals != "none":
            yield from self._stage_1()
        if settings.heals == "both stages":
            yield from self._stage_2()

    def go_on(self, earlier: Grafted, model: DiTTransformer2DModel) -> Iterator[Progress | Grafted]:
        """Stage 2 of a model that an earlier run grafted; what that run showed is shown before."""
        self.layers, self.picked_by, self.model = earlier.layers, earlier.picked_by, model
        self.states = [state for state in earlier.states if state.name != "stage 2"]
        self.healed = list(earlier.healed)
        yield self._so_far()
        yield from self._stage_2()

    def _choose(self) -> None:
        settings, count = self.settings, len(blocks_of(self.original))
        if settings.pattern in ("top-local", "low-local"):
            self.picked_by = shares_of(self.original, settings)
        self.layers = tuple(sorted(settings.layers)) or layers_of(settings.pattern, count, self.picked_by)
        check_layers(self.layers, count)

    def _look(self, model: DiTTransformer2DModel, name: StateName, seconds: float) -> Iterator[Progress | Grafted]:
        """Paint with a model, take its error, judge it if asked, and keep that as a state."""
        yield Progress(0.0, f"Painting: {name}")
        state = paint(model, name, self.settings).model_copy(update={"held_out": error_of(model), "seconds": seconds})
        self._keep(state)
        yield self._so_far()
        if self.settings.num_judged and name not in self.not_judged:
            for said in judge_of(model, self.settings, self.judge, self.reference):
                if isinstance(said, Judgement):
                    self._keep(state.model_copy(update={"judgement": said}))
                else:
                    yield Progress(said, f"Painting {self.settings.num_judged:,} to judge: {name}")
            yield self._so_far()

    def _keep(self, state: State) -> None:
        """Take a state in, in the place of one of its name."""
        self.states = [*(one for one in self.states if one.name != state.name), state]

    def _stage_1(self) -> Iterator[Progress | Grafted]:
        settings, began = self.settings, time.monotonic()
        place = place_of(settings.operator)
        yield Progress(0.0, "Stage 1: listening to what the old operators hear and say")
        heard = extract(self.original, self.layers, place, *drawn(settings.num_samples, held_out=False), seed=settings.seed,
                        inputs=settings.hears)
        held_out = extract(self.original, self.layers, place, *drawn(CHECKED_ON, held_out=True), seed=settings.seed + 1)
        learners = {layer: Distilling(operator_of(self.model, layer, place), heard[layer], loss=self._loss(), steps=settings.steps,
                                      seed=settings.seed * 1_000 + layer) for layer in self.layers}
        errors = {layer: [(0, relative_error(learner.operator, held_out[layer]))] for layer, learner in learners.items()}
        rounds = min(ROUNDS, settings.steps)
        for end in (round(settings.steps * (number + 1) / rounds) for number in range(rounds)):
            for place_in_row, (layer, learner) in enumerate(learners.items()):
                done = (end - settings.steps / rounds + settings.steps / rounds * place_in_row / len(learners)) / settings.steps
                yield Progress(max(0.0, done), f"Stage 1: step {end} of {settings.steps}, layer {layer}",
                               _left(began, max(0.0, done)))
                learner.learn(end - learner.step)
                errors[layer].append((learner.step, relative_error(learner.operator, held_out[layer])))
            self.healed = [Healed(layer=layer, steps=tuple(step for step, _ in each), errors=tuple(error for _, error in each))
                           for layer, each in errors.items()]
            self._keep(paint(self.model, "stage 1", settings, keeps_path=False))
            yield self._so_far()
        yield from self._look(self.model, "stage 1", time.monotonic() - began)

    def _stage_2(self) -> Iterator[Progress | Grafted]:
        settings, began = self.settings, time.monotonic()
        has_teacher = settings.tune_loss != "diffusion"
        training = DiffusionTraining(self.model.train(), tune_rates(settings.tune_steps), seed=settings.seed, layers=self.layers,
                                     taught_by=self.original if has_teacher else None, place=place_of(settings.operator),
                                     has_diffusion=settings.tune_loss != "activation")
        looks = max(1, settings.tune_steps // 4)
        recent: list[float] = []
        for samples in batches(settings.tune_steps, settings.seed):
            recent.append(training.learn(samples))
            if training.step % TUNE_LOOK == 0 or training.step == settings.tune_steps:
                self.tuned.append((training.step, float(np.mean(recent))))
                recent = []
                done = training.step / settings.tune_steps
                yield Progress(done, f"Stage 2: step {training.step} of {settings.tune_steps}", _left(began, done))
            if training.step % looks == 0:
                self.model = training.averaged
                self._keep(paint(self.model, "stage 2", settings, keeps_path=False))
                yield self._so_far()
        self.model = training.averaged
        yield from self._look(self.model, "stage 2", time.monotonic() - began)

    def _loss(self) -> Loss:
        settings = self.settings
        return usual_loss(settings.operator) if settings.loss == "auto" else settings.loss

    def _so_far(self) -> Grafted:
        order = ("original", "swapped", "stage 1", "stage 2")
        return Grafted(
            operator=self.settings.operator, layers=self.layers, num_layers=len(blocks_of(self.original)),
            kinds=kinds_of(self.settings), states=tuple(sorted(self.states, key=lambda state: order.index(state.name))),
            loss=self._loss(), healed=tuple(self.healed), tuned_steps=tuple(step for step, _ in self.tuned),
            tuned_errors=tuple(error for _, error in self.tuned),
            before=_cost(self.original, same_again(self.settings.operator), len(self.layers)),
            after=_cost(self.original, self.settings.operator, len(self.layers)), picked_by=self.picked_by)


def _cost(original: DiTTransformer2DModel, operator: Operator, count: int) -> Cost:
    """Of the original with so many layers replaced by an operator; that which it has already changes nothing."""
    shape = shape_of(original)
    model = Described(shape.width, shape.heads, shape.tokens, len(blocks_of(original)))
    now, had = (operator_cost(each, model, count) for each in (operator, same_again(operator)))
    return now.model_copy(update={
        "parameters": count_parameters(original) + now.operator_parameters - had.operator_parameters})


def tune_rates(steps: int) -> Rates:
    """Those of stage 2."""
    return Rates(steps=steps, peak=TUNE_PEAK, warm_up=TUNE_WARM_UP, decay=None, weight_decay=0.0, keep=TUNE_KEEP)


def batches(steps: int, seed: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Pictures to tune on, in an order of their own each time round."""
    pictures, kinds = drawn(TUNED_ON, held_out=False)
    order, waiting = np.random.default_rng(seed), list[np.ndarray]()
    for _ in range(steps):
        waiting = waiting or np.array_split(order.permutation(TUNED_ON), TUNED_ON // TUNE_BATCH)
        chosen: Sequence[int] = waiting.pop().tolist()
        yield pictures[chosen], kinds[chosen]


def _left(began: float, done: float) -> float | None:
    return (time.monotonic() - began) * (1 - done) / done if done > 0.05 else None
