"""What two digits come to, and which facts everybody sees."""

import pytest

from worlds.sums.facts import OPERATIONS, STEPS, facts, is_seen, result


@pytest.mark.parametrize("operation, first, second, found", [
    ("+", 7, 8, 5), ("-", 3, 9, 4), ("*", 7, 8, 6), ("-", 4, 4, 0), ("++", 7, 8, 3), ("+-", 7, 8, 7),
    ("-+", 2, 9, 2), ("--", 1, 6, 9)])
def test_results_are_taken_modulo_ten_and_two_steps_use_the_second_digit_twice(operation, first, second, found):
    assert result(operation, first, second) == found


@pytest.mark.parametrize("operation", ["/", "", "+++", "+*", "L"])
def test_another_operation_is_refused_by_name(operation):
    with pytest.raises(ValueError, match="there is no operation"):
        result(operation, 1, 2)
    with pytest.raises(ValueError, match="there is no operation"):
        is_seen(operation, 1, 2)


def test_a_quarter_of_the_facts_is_seen_as_the_rule_says():
    seen = facts(seen=True)

    assert len(facts()) == 300 and len(seen) == 76 and not set(seen) & set(facts(seen=False))
    assert seen == [(sign, first, second) for place, sign in enumerate(OPERATIONS) for first in range(10) for second in range(10)
                    if (7 * first + 3 * second + 5 * place) % 4 == 0]


@pytest.mark.parametrize("operation", [*STEPS[1], *STEPS[2]])
def test_every_operation_is_seen_with_every_first_digit_and_unseen_too(operation):
    for seen in (True, False):
        assert {first for sign, first, _ in facts(len(operation), seen=seen) if sign == operation} == set(range(10))
    assert 23 <= sum(sign == operation for sign, _, _ in facts(len(operation), seen=True)) <= 27
