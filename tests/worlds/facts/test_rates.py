import numpy as np
import pytest

from worlds.facts.corpus import CorpusSpec
from worlds.facts.english import draw_corpus
from worlds.facts.rates import GroupRates, ask, rates


def test_every_set_is_asked_its_rare_prompt_for_both_answers_and_one_popular_prompt():
    corpus = draw_corpus(CorpusSpec(values=(2, 5), sets=3, vocabulary=64))
    asked = []

    def says_the_popular_answer_of_popular_prompts(prompts, answers):
        asked.extend(zip(prompts, answers))
        return np.arange(18) < 6, np.full(18, 0.25)

    groups = rates(ask(says_the_popular_answer_of_popular_prompts, corpus))

    rare = [knowledge.statement("b") for knowledge in corpus.sets]
    assert [prompt for prompt, _ in asked[6:12]] == [prompt for prompt, _ in asked[12:]] == [statement.prompt for statement in rare]
    assert [answer for _, answer in asked[6:12]] == [answer for _, answer in asked[:6]]
    assert [answer for _, answer in asked[12:]] == [statement.y for statement in rare]
    assert [(group.value, group.sets, group.rr_greedy, group.hr_greedy, group.em_b) for group in groups] == [
        (2, 3, 1, 0, 0), (5, 3, 1, 0, 0)]
    assert groups[0].r_prob == 1 and groups[0].other == 1


@pytest.mark.parametrize(("rr", "r"), [(0.5, 0.8), (0.49, None)], ids=["at half", "below half"])
def test_r_is_given_from_half_of_the_popular_answers_on(rr: float, r: float | None) -> None:
    group = GroupRates(10, 50, rr_greedy=rr, hr_greedy=0.4, rr_prob=0.4, hr_prob=0.2, em_b=0.3)

    assert (group.r_greedy, group.is_learned) == (r, r is not None)
    assert (group.r_prob is None) == (r is None)
    assert group.other == pytest.approx(0.3)
