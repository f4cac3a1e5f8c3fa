"""The mathematics of T*: acceptance 1 to 6 of the paper's specification."""

import math

import numpy as np
import pytest
from scipy.interpolate import UnivariateSpline

from backends.tstar.search import Cell, Search, cell_of, cells_from_boxes, distribution, fit, select, spread, support
from backends.tstar.settings import TStarSettings

OFFICIAL = TStarSettings(rule="official", first_grid="stride", budget_share=1.0)


def search_through(settings: TStarSettings, needle: set[int], *, length: int, threshold: float = 0.5,
                   score: float = 1.0) -> Search:
    """A whole search with a detector that gives `score` on the needle's seconds and nothing elsewhere."""
    search = Search(settings, length=length, num_targets=1, threshold=threshold)
    search.drawn = []
    while not search.is_over:
        positions, q = search.next_positions()
        search.drawn.append((positions, q, search.is_new.copy()))
        cells = [Cell(score, (0,), {0: score}) if int(p) in needle else Cell(0.0) for p in positions]
        search.update(positions, cells)
        for position, cell in zip(positions, cells):
            for target in search.candidates(cell):
                search.verify(int(position), target, cell)
    return search


@pytest.mark.parametrize("grid", [1, 2, 4, 8])
def test_drawing_index_maps_to_its_row_and_column(grid):
    side = 16 * grid
    for index in range(grid * grid):
        row, column = divmod(index, grid)
        box = (column * 16 + 4, row * 16 + 4, column * 16 + 12, row * 16 + 12)

        assert cell_of(box, grid, (side, side)) == (row, column)


@pytest.mark.parametrize(("centre", "expected"), [((10, 10), (1, 1)), ((10, 3), (0, 1)), ((20, 20), (1, 1)), ((0, 0), (0, 0))],
                         ids=["inner corner", "inner border", "far edge is clamped", "origin"])
def test_centre_on_a_border_belongs_right_and_below(centre, expected):
    x, y = centre
    assert cell_of((x - 1, y - 1, x + 1, y + 1), 2, (20, 20)) == expected


@pytest.mark.parametrize(("boxes", "confidence"), [([(0, 0.8)], 0.8), ([(1, 0.9)], 0.45), ([(0, 0.8), (1, 0.9)], 0.8)],
                         ids=["target", "cue", "both"])
def test_cell_confidence_is_the_best_weighted_score(boxes, confidence):
    cell, *_ = cells_from_boxes([((1, 1, 3, 3), label, score) for label, score in boxes], grid=2, canvas_px=(20, 20),
                                num_cells=4, weights=[1.0, 0.5])

    assert cell.confidence == pytest.approx(confidence)


def test_spreading_shares_one_over_distance_plus_one_and_stops_at_the_window():
    scores = np.zeros(30)
    scores[15] = 0.6

    spread(scores, np.array([15]), window=5, quantile=0.75)

    np.testing.assert_allclose(scores[15:22], [0.6, 0.3, 0.2, 0.15, 0.12, 0.1, 0.0])
    np.testing.assert_allclose(scores[9:16], scores[21:14:-1])


def test_spreading_never_lowers_a_score_and_only_the_top_quarter_spreads():
    scores = np.zeros(100)
    scores[[10, 30, 50, 70]] = [0.2, 0.3, 0.4, 0.8]
    scores[71] = 0.7

    spread(scores, np.array([10, 30, 50, 70]), window=5, quantile=0.75)

    assert scores[71] == 0.7
    assert scores[69] == pytest.approx(0.4)
    assert scores[49] == scores[31] == scores[11] == 0.0


@pytest.mark.parametrize("rule", ["official", "early", "paper", "softmax", "random"])
def test_distribution_is_a_distribution_under_every_rule(rule):
    generator = np.random.default_rng(0)
    is_new, scores = np.ones(300, bool), np.full(300, 1e-6)
    visited = generator.choice(300, 48, replace=False)
    is_new[visited], scores[visited] = False, generator.random(48)

    probabilities = distribution(scores, is_new, rule=rule, smoothing=0.5, temperature=0.15)

    assert (probabilities >= 0).all()
    assert probabilities.sum() == pytest.approx(1, abs=1e-9)


def test_official_distribution_is_nearly_flat():
    is_new, scores = np.ones(300, bool), np.full(300, 1e-6)
    is_new[::6], scores[::6] = False, np.linspace(0, 0.9, 50)

    probabilities = distribution(scores, is_new, rule="official", smoothing=0.5, temperature=1.0)

    assert fit(scores, is_new, 0.5).max() <= 1
    assert probabilities.max() / probabilities.min() <= 1.463  # sigma(1) / sigma(0)


def quantile_by_hand(values: list[float], share: float) -> float:
    """The value at a share of the sorted list, between two of them in a straight line."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


class ByHand:
    """What the released searcher does with S, N, P and q between two grids, in plain loops over lists."""

    def __init__(self, length: int, count: int, *, has_mask: bool) -> None:
        self.length, self.count, self.has_mask = length, count, has_mask
        self.scores, self.is_new, self.probabilities = [1e-6] * length, [True] * length, [1 / length] * length

    def update(self, positions: list[int], confidences: list[float]) -> None:
        for position, confidence in zip(positions, confidences):
            self.scores[position], self.is_new[position] = confidence, False
        least = quantile_by_hand(confidences, 0.75)
        for position, confidence in zip(positions, confidences):
            if confidence < least:
                continue
            for neighbour in range(max(0, position - 5), min(self.length, position + 6)):
                shared = self.scores[position] / (abs(neighbour - position) + 1)  # whatever it is by now
                if shared > self.scores[neighbour]:
                    self.scores[neighbour] = shared
        visited = [t for t in range(self.length) if not self.is_new[t]]
        spline = UnivariateSpline(visited, [self.scores[t] for t in visited], s=0.5)
        raised = [max(1 / self.length, float(spline(t))) for t in range(self.length)]
        lit = [1 / (1 + math.exp(-value)) for value in raised]
        self.probabilities = [value / math.fsum(lit) for value in lit]

    def support(self) -> list[float]:
        prior = self.count / self.length
        q = [p + prior if new else 0.0 for p, new in zip(self.probabilities, self.is_new)]
        if self.has_mask:
            least = quantile_by_hand(q, 0.75)
            q = [value if value >= least else 0.0 for value in q]
        if sum(value > 0 for value in q) < self.count:
            q = [p + prior for p in self.probabilities]
        return [value / math.fsum(q) for value in q]


@pytest.mark.parametrize(("rule", "has_mask"), [("official", True), ("early", False)])
@pytest.mark.parametrize("length", [120, 311, 900], ids=["crowded", "odd", "long"])
def test_a_released_rule_is_the_released_code_to_one_in_a_thousand_million(rule, has_mask, length):
    cascades = 0
    for seed in range(4):
        generator = np.random.default_rng(seed)
        search = Search(OFFICIAL.model_copy(update={"rule": rule, "seed": seed}), length=length, num_targets=1, threshold=2.0)
        other = ByHand(length, 16, has_mask=has_mask)
        for _ in range(5):
            positions, q = search.next_positions()
            if search.iteration > 1:
                np.testing.assert_allclose(q, other.support(), rtol=0, atol=1e-9)
            lit = generator.random(len(positions))
            seen = np.where(lit > 0.8, lit, 0.0)  # as of a detector: mostly nothing, so that every frame shares
            raw = search.scores.copy()
            raw[positions] = seen
            spread(raw, positions, window=5, quantile=0.75)

            search.update(positions, [Cell(float(value)) for value in seen])
            other.update(positions.tolist(), seen.tolist())

            cascades += not np.array_equal(raw, search.scores)
            np.testing.assert_allclose(search.scores, other.scores, rtol=0, atol=1e-9)
            np.testing.assert_allclose(search.probabilities, other.probabilities, rtol=0, atol=1e-9)
    assert cascades or length > 120  # else nothing here would tell a raised score from a seen one


def test_a_raised_neighbour_shares_its_raised_score_under_a_released_rule_only():
    live, plain = np.zeros(12), np.zeros(12)
    for scores in (live, plain):
        scores[[3, 5]] = [0.9, 0.2]

    spread(live, np.array([3, 5]), window=5, quantile=0.0, is_live=True)
    spread(plain, np.array([3, 5]), window=5, quantile=0.0)

    assert live[5] == plain[5] == pytest.approx(0.3)  # 0.9 / 3
    assert live[6] == plain[6] == pytest.approx(0.225)  # 0.9 / 4 is more than 0.3 / 2
    assert live[9] == pytest.approx(0.3 / 5) and plain[9] == pytest.approx(0.2 / 5)  # six away from 3: out of its window


def test_the_official_mask_keeps_what_is_exactly_at_its_quantile():
    is_new, probabilities = np.ones(8, bool), np.full(8, 1 / 8)
    probabilities[0] *= 1 - 1e-10  # a hair below the others: the released code drops it

    q = support(probabilities, is_new, count=2, rule="official", quantile=0.75)

    assert q[0] == 0 and (q[1:] > 0).all()


@pytest.mark.parametrize("rule", ["official", "early", "paper"])
def test_fewer_than_four_visited_positions_give_an_even_distribution(rule):
    is_new = np.ones(50, bool)
    is_new[[1, 2, 3]] = False

    np.testing.assert_array_equal(distribution(np.zeros(50), is_new, rule=rule, smoothing=0.5, temperature=1.0), 1 / 50)


def test_spline_through_small_scores_has_no_inner_knots():
    scores = np.random.default_rng(0).uniform(0, 0.06, 64)

    assert len(UnivariateSpline(np.arange(64), scores, k=3, s=0.5).get_knots()) == 2


def test_no_position_is_drawn_twice_while_enough_are_left():
    search = search_through(OFFICIAL, set(), length=400, threshold=1.01)

    for positions, q, is_new in search.drawn:
        assert len(set(positions.tolist())) == len(positions)
        if np.count_nonzero((q > 0) & is_new) >= search.count:
            assert is_new[positions].all()


def test_official_first_grid_is_a_stride_from_zero():
    positions, _ = Search(OFFICIAL, length=100, num_targets=1, threshold=0.5).next_positions()

    np.testing.assert_array_equal(positions, np.arange(16) * 6)


def test_same_seed_gives_the_same_trace_and_another_seed_another():
    traces = [np.concatenate([p for p, _, _ in search_through(OFFICIAL.model_copy(update={"seed": seed}), set(), length=300,
                                                              threshold=1.01).drawn]) for seed in (5, 5, 6)]

    np.testing.assert_array_equal(traces[0], traces[1])
    assert not np.array_equal(traces[0], traces[2])


@pytest.mark.parametrize("share", [0.1, 0.5, 1.0])
@pytest.mark.parametrize("length", [160, 3000])
def test_search_without_a_find_runs_to_the_budget_and_not_beyond(share, length):
    settings = OFFICIAL.model_copy(update={"budget_share": share})
    search = search_through(settings, set(), length=length)

    assert search.iteration == math.ceil(min(1000, share * length) / 16)


def test_threshold_above_one_always_runs_to_the_budget():
    assert search_through(OFFICIAL, set(range(200)), length=200, threshold=1.01).iteration == math.ceil(200 / 16)


def test_score_equal_to_the_threshold_does_not_confirm():
    assert search_through(OFFICIAL, {0}, length=160, threshold=0.5, score=0.5).remaining == [0]
    assert search_through(OFFICIAL, {0}, length=160, threshold=0.5, score=0.501).remaining == []


def test_search_stops_in_the_turn_that_confirms_the_last_target():
    assert search_through(OFFICIAL, {0}, length=160).iteration == 1


@pytest.mark.parametrize("length", [1, 2, 3, 5, 15])
def test_video_shorter_than_a_grid_is_searched(length):
    search = search_through(OFFICIAL, {length - 1}, length=length)

    assert length - 1 in search.key_positions()


@pytest.mark.parametrize("length", [64, 320, 640, 960])
def test_perfect_detector_always_returns_the_needle(length):
    for seed in range(20):
        needle = {(seed * 37) % length}
        search = search_through(OFFICIAL.model_copy(update={"seed": seed}), needle, length=length)

        assert needle <= set(search.key_positions().tolist())


def test_blind_detector_finds_as_much_under_the_official_rule_as_at_random():
    def hits(rule: str, seed: int) -> int:
        settings = TStarSettings(rule=rule, first_grid="random", budget_share=0.3, seed=seed)
        search = search_through(settings, set(), length=400, threshold=1.01)
        return len({int(p) for positions, _, _ in search.drawn for p in positions} & set(range(100, 140)))

    official, random = (np.array([hits(rule, seed) for seed in range(200)]) for rule in ("official", "random"))

    error = np.sqrt(official.var() / 200 + random.var() / 200)
    assert abs(official.mean() - random.mean()) < 4 * error


@pytest.mark.parametrize("rule", ["top_scores", "draw_scores", "top_distribution"])
def test_selection_returns_sorted_distinct_seconds_that_keep_their_distance(rule):
    generator = np.random.default_rng(0)
    scores, probabilities = generator.random(200), np.full(200, 1 / 200)

    chosen = select(scores, probabilities, count=8, rule=rule, min_gap=10, generator=generator)

    assert len(chosen) == 8 and (np.diff(chosen) >= 10).all()


def test_top_scores_are_the_highest_scores():
    scores = np.array([0.1, 0.9, 0.2, 0.8, 0.3])

    np.testing.assert_array_equal(select(scores, scores, count=2, rule="top_scores", min_gap=0,
                                         generator=np.random.default_rng(0)), [1, 3])


def test_official_verification_lets_any_object_pass_and_ours_only_the_target():
    seen = Cell(0.9, (0, 1), {0: 0.3, 1: 0.9})
    official, own = (Search(TStarSettings(verify_rule=rule), length=100, num_targets=2, threshold=0.5)
                     for rule in ("official", "target"))

    assert official.verify(3, 0, seen)
    assert not own.verify(3, 0, seen)


@pytest.mark.parametrize("num_positive", [0, 3, 10], ids=["none", "fewer than K", "more than K"])
def test_a_draw_by_score_takes_seconds_without_a_score_only_to_fill_up(num_positive):
    scores = np.zeros(40)
    scores[5:5 + num_positive] = 0.5

    chosen = select(scores, np.full(40, 1 / 40), count=8, rule="draw_scores", min_gap=0, generator=np.random.default_rng(0))

    assert len(set(chosen.tolist())) == 8
    assert np.count_nonzero(scores[chosen]) == min(8, num_positive)
