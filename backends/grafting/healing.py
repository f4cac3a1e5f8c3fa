"""A grafting from beginning to end: cut, put in, stage 1, stage 2, with pictures on the way."""

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from backends.grafting.choices import StateName, layers_of
from backends.grafting.examples import TUNED_ON, Examples, examples
from backends.grafting.foreseen import Described, costs_of
from backends.grafting.locality import shares_of
from backends.grafting.painting import error_of, judge_of, kinds_of, paint
from backends.grafting.results import Cost, Grafted, Healed, Judgement, Samples, State
from backends.grafting.settings import GraftingSettings
from backends.run import Progress
from models.devices import MB, total_and_free_mb
from models.diffusion import training as tuning
from models.diffusion.assembling import Grafts
from models.diffusion.choices import MAX_SENTENCE, Loss, Place, learners, place_of, replaced, usual_loss
from models.diffusion.distilling import PAIR_PEAK, PEAK, Activations, Distilling, Unteachable, extract, relative_error
from models.diffusion.network import Transformer, count_parameters
from models.diffusion.painter import Painter
from models.diffusion.sampling import NotFinite
from models.diffusion.surgery import blocks_of, graft, operator_of, shape_of, standing
from models.diffusion.training import DiffusionTraining, Rates
from worlds.errors import InputError

BYTES, TUNED_COPIES = 4, 4  # of a number; averaged weights, gradients and two of the optimiser beside what is trained
ROUNDS = 10  # looks at stage 1 while it goes
CHECKED_UNHEALED = 32  # pictures that a model paints of which a few are for its error, where nothing is healed
PAINT_TOKENS, TUNE_TOKENS = 16_384, 8_192  # of one forward, and of one that is learned from
TUNE_BATCH, TUNE_LOOK = 32, 10  # pictures of a step; steps between two looks at its error
TUNE_PEAK, TUNE_WARM_UP, TUNE_KEEP = 1e-3, 25, 0.98
LARGE_PEAK, LARGE_WARM_UP, LARGE_KEEP, LARGE_CLIP = 1e-4, 1000, 0.9999, 10.0  # of DiT-XL in the paper, for 50,000 steps
OFFICIAL_PEAKS: dict[Place, float] = {"attention": 5e-4, "mlp": 1e-3, "block": 1e-4}  # of stage 1, as released; of pairs the paper's


@dataclass
class Grafting:
    """One grafting while it goes: what is known of it so far."""

    painter: Painter
    settings: GraftingSettings
    model: Transformer = field(init=False)  # in its newest state; before anything is put in, the original
    states: list[State] = field(default_factory=list)
    healed: list[Healed] = field(default_factory=list)
    tuned: list[tuple[int, float]] = field(default_factory=list)
    layers: tuple[int, ...] = ()
    picked_by: tuple[float, ...] = ()
    not_judged: Collection[StateName] = ()  # states that are known already
    examples: Examples | None = None
    stood: Grafts = field(default_factory=dict)  # what the original was grafted with before
    samples: Samples | None = None  # that somebody brought, judged
    ended_early: str = ""  # why the healing did not come to its end, in a sentence; then the model is good for nothing

    def __post_init__(self) -> None:
        self.model = self.original

    @property
    def original(self) -> Transformer:
        """What is grafted, which stays as it is."""
        return self.painter.network

    def events(self) -> Iterator[Progress | Grafted]:
        """Go through the stages that the settings ask for."""
        settings = self.settings
        yield Progress(0.0, "Choosing layers")
        self._choose()
        yield from self._learn_from()
        yield from self._look(self.original, "original", 0.0)
        self.model = graft(self.original, settings.operator, self.layers, seed=settings.seed).eval()
        yield from self._look(self.model, "swapped", 0.0)
        stages = {"none": (), "stage 1": (self._stage_1,), "both stages": (self._stage_1, self._stage_2)}
        yield from self._healing(*stages[settings.heals])

    def go_on(self, earlier: Grafted, model: Transformer) -> Iterator[Progress | Grafted]:
        """Stage 2 of a model that an earlier run grafted; what that run showed is shown before."""
        self.layers, self.picked_by, self.model = earlier.layers, earlier.picked_by, model
        self.states = [state for state in earlier.states if state.name != "stage 2"]
        self.healed = list(earlier.healed)
        yield from self._learn_from()
        yield self._so_far()
        yield from self._healing(self._stage_2)

    def _healing(self, *stages: Callable[[], Iterator[Progress | Grafted]]) -> Iterator[Progress | Grafted]:
        """Go through some stages; where an error that is no number ends one, what there was until then stays."""
        try:
            for stage in stages:
                yield from stage()
        except (NotFinite, Unteachable) as error:
            self.ended_early = str(error)
            yield self._so_far()

    def _learn_from(self) -> Iterator[Progress]:
        """Draw the pictures to learn from, or have the original paint them; where nothing is healed, a few to check on."""
        settings = self.settings
        wanted = settings if settings.heals != "none" or self.painter.is_drawn else settings.model_copy(
            update={"num_samples": CHECKED_UNHEALED})
        for each in examples(self.painter, wanted):
            if isinstance(each, float):
                yield Progress(each, f"Painting {wanted.num_samples:,} pictures to learn from")
            else:
                self.examples = each

    def _choose(self) -> None:
        settings, count = self.settings, len(blocks_of(self.original))
        if settings.pattern in ("top-local", "low-local"):
            self.picked_by = shares_of(self.painter, settings)
        named = settings.layers or layers_of(settings.pattern, count, self.picked_by)
        standing(settings.operator, named, count)  # says what is wrong with them
        self.layers = replaced(settings.operator, named, count)

    def _look(self, model: Transformer, name: StateName, seconds: float) -> Iterator[Progress | Grafted]:
        """Paint with a model, take its error, judge it if asked, and keep that as a state."""
        painter, at_once = self.painter, self._at_once(PAINT_TOKENS)
        yield from self._paint(model, name)
        yield Progress(1.0, f"Taking the error: {name}")
        error = error_of(model, painter, self._given().held_out, batch=at_once)
        state = self._state(name).model_copy(update={"held_out": error, "seconds": seconds})
        self._keep(state)
        yield self._so_far()
        if self.settings.num_judged and name not in self.not_judged:
            for said in judge_of(model, self.settings, self.painter):
                if isinstance(said, Judgement):
                    self._keep(state.model_copy(update={"judgement": said}))
                else:
                    yield Progress(said, f"Painting {self.settings.num_judged:,} to judge: {name}")
            yield self._so_far()

    def _paint(self, model: Transformer, name: StateName, *, keeps_path: bool = True) -> Iterator[Progress]:
        """Paint and keep it; a stop is heard at every step."""
        for each in paint(model, name, self.settings, self.painter, keeps_path=keeps_path):
            if isinstance(each, State):
                self._keep(each)
            else:
                yield Progress(each, f"Painting: {name}")

    def _state(self, name: StateName) -> State:
        return next(state for state in self.states if state.name == name)

    def _keep(self, state: State) -> None:
        """Take a state in, in the place of one of its name."""
        self.states = [*(one for one in self.states if one.name != state.name), state]

    def _stage_1(self) -> Iterator[Progress | Grafted]:
        settings, began = self.settings, time.monotonic()
        place, stands = place_of(settings.operator), learners(settings.operator, self.layers)
        yield Progress(0.0, "Stage 1: listening to what the old operators hear and say")
        given, process, at_once = self._given(), self.painter.process, self._at_once(PAINT_TOKENS)
        pictures, shown = given.seen
        self._check_memory(settings.num_samples + len(given.held_out[0]), len(stands))
        heard = extract(self.original, stands, place, pictures[:settings.num_samples], shown[:settings.num_samples],
                        seed=settings.seed, inputs=settings.hears, process=process, batch=at_once)
        held_out = extract(self.original, stands, place, *given.held_out, seed=settings.seed + 1, process=process, batch=at_once)
        learning = {layer: Distilling(operator_of(self.model, layer, place), heard[layer], loss=self._loss(), steps=settings.steps,
                                      seed=settings.seed * 1_000 + layer, peak=self._peak()) for layer in stands}
        errors = {layer: [(0, _stage_1_error(learner, held_out[layer], layer))] for layer, learner in learning.items()}
        rounds = min(ROUNDS, settings.steps)
        for end in (round(settings.steps * (number + 1) / rounds) for number in range(rounds)):
            for place_in_row, (layer, learner) in enumerate(learning.items()):
                done = (end - settings.steps / rounds + settings.steps / rounds * place_in_row / len(learning)) / settings.steps
                yield Progress(max(0.0, done), f"Stage 1: step {end} of {settings.steps}, layer {layer}",
                               _left(began, max(0.0, done)))
                learner.learn(end - learner.step)
                errors[layer].append((learner.step, _stage_1_error(learner, held_out[layer], layer)))
            self.healed = [Healed(layer=layer, steps=tuple(step for step, _ in each), errors=tuple(error for _, error in each))
                           for layer, each in errors.items()]
            yield from self._paint(self.model, "stage 1", keeps_path=False)
            yield self._so_far()
        yield from self._look(self.model, "stage 1", time.monotonic() - began)

    def _stage_2(self) -> Iterator[Progress | Grafted]:
        settings, began = self.settings, time.monotonic()
        has_teacher = settings.tune_loss != "diffusion"
        self._check_memory_to_tune(has_teacher)
        training = DiffusionTraining(
            self.model.train(), tune_rates(settings.tune_steps, is_large=not self.painter.is_drawn), seed=settings.seed,
            layers=learners(settings.operator, self.layers), taught_by=self.original if has_teacher else None,
            place=place_of(settings.operator), has_diffusion=settings.tune_loss != "activation", process=self.painter.process)
        looks = max(1, settings.tune_steps // 4)
        recent: list[float] = []
        for samples in batches(self._given(), settings.tune_steps, settings.seed, batch=self._at_once(TUNE_TOKENS)):
            recent.append(training.learn(samples))
            if training.step % TUNE_LOOK == 0 or training.step == settings.tune_steps:
                if not np.isfinite(np.mean(recent)):
                    raise NotFinite(f"Stage 2 ended at step {training.step}: its error is no number, so nothing can be learned.")
                self.tuned.append((training.step, float(np.mean(recent))))
                recent = []
                done = training.step / settings.tune_steps
                yield Progress(done, f"Stage 2: step {training.step} of {settings.tune_steps}", _left(began, done))
            if training.step % looks == 0:
                self.model = training.averaged
                yield from self._paint(self.model, "stage 2", keeps_path=False)
                yield self._so_far()
        self.model = training.averaged
        yield from self._look(self.model, "stage 2", time.monotonic() - began)

    def _check_memory(self, samples: int, count: int) -> None:
        """Raise InputError where what so many operators hear and say, in half precision, does not fit beside the model."""
        shape = shape_of(self.original)
        each_mb = 2 * 2 * shape.tokens * shape.width * count / MB
        if place_of(self.settings.operator) == "block" and not self.painter.kinds:  # blocks hear the sentence, in single precision
            each_mb += 4 * MAX_SENTENCE * shape.width * count / MB
        _, free_mb = total_and_free_mb(self.painter.device.type)
        if samples * each_mb > free_mb / 2:
            raise InputError(f"What {count} operators hear and say of {samples:,} pictures takes {samples * each_mb:,.0f} "
                             f"MB; half of what is free is {free_mb / 2:,.0f} MB. Learn from at most "
                             f"{free_mb / 2 / each_mb:,.0f} pictures, or graft fewer layers.")

    def _check_memory_to_tune(self, has_teacher: bool) -> None:
        """Raise InputError where what training takes beside the model does not fit."""
        copies = TUNED_COPIES + has_teacher
        needed_mb = copies * BYTES * count_parameters(self.model) / MB
        _, free_mb = total_and_free_mb(self.painter.device.type)
        if needed_mb > free_mb:
            raise InputError(f"Stage 2 takes {needed_mb:,.0f} MB beside the model, {copies} numbers for each of its parameters; "
                             f"{free_mb:,.0f} MB are free. Set 'heals' to 'stage 1', or choose a smaller model.")

    def _given(self) -> Examples:
        assert self.examples is not None, "what is learned from comes first"
        return self.examples

    def _at_once(self, tokens: int) -> int:
        """How many pictures make so many tokens of a forward, at least one."""
        return max(1, tokens // shape_of(self.original).tokens)

    def _peak(self) -> float:
        """The learning rate of stage 1: of the miniature as it was found best, of others as the released configurations say."""
        if self.painter.is_drawn:
            return PAIR_PEAK if self.settings.operator == "pairs" else PEAK
        return OFFICIAL_PEAKS[place_of(self.settings.operator)]

    def _loss(self) -> Loss:
        settings = self.settings
        return usual_loss(settings.operator) if settings.loss == "auto" else settings.loss

    def _so_far(self) -> Grafted:
        order, (before, after) = ("original", "swapped", "stage 1", "stage 2"), self._costs()
        return Grafted(
            operator=self.settings.operator, layers=self.layers, num_layers=len(blocks_of(self.original)),
            kinds=kinds_of(self.settings, self.painter), learned_from=self._given().source, tokens=shape_of(self.original).tokens,
            states=tuple(sorted(self.states, key=lambda state: order.index(state.name))),
            loss=self._loss(), healed=tuple(self.healed), tuned_steps=tuple(step for step, _ in self.tuned),
            tuned_errors=tuple(error for _, error in self.tuned),
            before=before, after=after, picked_by=self.picked_by, samples=self.samples)

    def _costs(self) -> tuple[Cost, Cost]:
        """Of the original, and of it with the new operators, beside what is replaced and what stands there."""
        shape, whole, operator = shape_of(self.original), count_parameters(self.original), self.settings.operator
        model = Described(shape.width, shape.heads, shape.tokens, len(blocks_of(self.original)),
                          reads_sentences=shape.reads_sentences)
        stood = {layer: had for (layer, place), had in self.stood.items() if place == place_of(operator)}
        had, now = costs_of(operator, self.layers, model, stood)
        return (had.model_copy(update={"parameters": whole}),
                now.model_copy(update={"parameters": whole + now.operator_parameters - had.operator_parameters}))


def tune_rates(steps: int, *, is_large: bool = False) -> Rates:
    """Those of stage 2; of large models as the paper has them, in fewer steps."""
    if is_large:
        return Rates(steps=steps, peak=LARGE_PEAK, warm_up=max(1, min(LARGE_WARM_UP, steps // 10)), decay=0.0, weight_decay=0.0,
                     keep=LARGE_KEEP, clip=LARGE_CLIP)
    return Rates(steps=steps, peak=TUNE_PEAK, warm_up=TUNE_WARM_UP, decay=None, weight_decay=0.0, keep=TUNE_KEEP)


def batches(given: Examples, steps: int, seed: int, *, batch: int = TUNE_BATCH) -> Iterator[tuning.Samples]:
    """Pictures to tune on, in an order of their own each time round."""
    pictures, shown = given.seen
    number = min(len(pictures), TUNED_ON)
    order, waiting = np.random.default_rng(seed), list[np.ndarray]()
    for _ in range(steps):
        waiting = waiting or np.array_split(order.permutation(number), max(1, number // min(batch, TUNE_BATCH)))
        chosen: Sequence[int] = waiting.pop().tolist()
        yield pictures[chosen], shown[chosen]


def _stage_1_error(learner: Distilling, held_out: Activations, layer: int) -> float:
    """The relative error of an operator at this step.

    Raises:
        NotFinite: it is no number.
    """
    error = relative_error(learner.operator, held_out)
    if not np.isfinite(error):
        raise NotFinite(f"Stage 1 ended at step {learner.step}: the error of layer {layer} is no number. What is said there is too "
                        "large, no number, or always the same, so nothing can be learned from it.")
    return error


def _left(began: float, done: float) -> float | None:
    return (time.monotonic() - began) * (1 - done) / done if done > 0.05 else None
