"""Trainings, games and experiments that show something, each by one click, and the trainings that the page keeps recorded.

What the texts say was measured on five seeds of each (0 to 4); docs/ragen.md has the table. One seed is no law: another one can end
otherwise, and a run with the same settings on another processor too.
"""

from backends.ragen.settings import RagenSettings

RECORDED_RUNS: dict[str, RagenSettings] = {
    "learns": RagenSettings(iterations=40),
    "echoes": RagenSettings(iterations=100),  # the same training, later
    "loses_format": RagenSettings(algorithm="grpo", shared_noise=True, seed=4, iterations=100),
    "saved": RagenSettings(algorithm="grpo", shared_noise=True, seed=4, iterations=100, ratio=0.25, clip_high=0.28, kl=0.0),
}
"""By the name of a file: a training that learns, one that says one thing in the end, one whose replies can no longer be read, and the
third once more with StarPO-S."""

PRESETS: dict[str, tuple[RagenSettings, str]] = {  # label: settings, what to notice
    "Collapse": (
        RECORDED_RUNS["loses_format"],
        "All starts are learned from, and all pulls of a start meet one coin. By iteration 10 only the safe arm is pulled, and no "
        "group has a spread: amber at 14. What moves the words then is no reward. From iteration 70 on no reply can be read, and "
        "each costs 0.1."),
    "Filter": (
        RECORDED_RUNS["saved"],
        "Only the quarter of the starts whose rewards differ most is learned from (StarPO-S). The arm that pays more is pulled "
        "nearly always from iteration 5 on, with dips, and replies can be read to the end; without the filter they cannot. Thoughts "
        "still become one: the commonest is four of five at the end."),
    "Echo": (
        RECORDED_RUNS["echoes"],
        "PPO with a coin for every pull. From iteration 10 on reward and spread stay as good as they get, to the end. Look at the "
        "thoughts: after 100 iterations there is one, of a single word. No reward says so; the share of the commonest thought does."),
    "Learn": (
        RECORDED_RUNS["learns"],
        "The same training, and its first 40 iterations only: the reward comes close to what the better arm pays, and thoughts are "
        "as many as at the start. Words and curves say the same here; later they do not."),
    "Wrong arm": (
        RagenSettings(iterations=40, chance=0.1, ratio=0.25, clip_high=0.28, kl=0.0),
        "The risky arm now pays 0.10 on average, the safe one 0.15. With the filter the risky one is pulled in nine of ten episodes "
        "by iteration 10: groups in which it happened to pay differ most, so they are kept. With the share kept at 1 it is hardly "
        "pulled from there on."),
    "Play the lake": (
        RagenSettings(task="play", game="lake"),
        "A beginner crosses ice that slips in one step of five. It says where it stands and where the goal is, and errs as often as "
        "the script that it learned from. Go first by hand, or let the script that knows best play the same start."),
    "Ask why": (
        RagenSettings(task="why", ratio=0.25),
        "No training: arms are pulled 2,000 times over, and the step that would follow is worked out. Kept groups push toward the "
        "risky arm with 0.57, all groups with 0.31: among the kept it paid in 38 % of its pulls, not in 25 %. Let it pay in 10 %, "
        "and only the filter still pushes toward it."),
}
