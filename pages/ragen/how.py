"""How RAGEN works: the loop, the spread of a group, advantages, clipping; with this run's numbers in the formulas."""

import streamlit as st

from backends.ragen.lab import Pushed
from backends.ragen.results import RagenResult, Snapshot
from backends.ragen.settings import FILTER_NAMES
from pages.house import view
from pages.house.text import plain
from pages.ragen import training as story

MOST = 8  # numbers that are written out


def how_it_works(task: str, result: RagenResult) -> None:
    """The formulas of what is shown."""
    if task == "why" and result.why is not None:
        _lab(result.why.pushed)
        return
    st.markdown("1. A player reads the game as text and replies with a thought and an answer. The actions of the answer are done, up "
                "to a few per turn; a reply that cannot be read, or names what is no action, costs a penalty.\n"
                "2. Every start is played several times. Rewards and penalties of an episode together are its score *R*; the spread "
                "of a group's scores says whether there is anything to learn from that start:")
    view.formula(r"U(s_0) = \sqrt{\tfrac{1}{N-1}\textstyle\sum_i (R_i - \bar R)^2}")
    shot = _shown(result)
    if shot is not None:
        st.markdown(_spread(shot))
    settings = result.settings
    st.markdown(f"3. A filter may keep a share of the groups. Here it keeps {settings.ratio:.0%}: "
                f"{plain(FILTER_NAMES[settings.filtered] if settings.ratio < 1 or settings.filtered == 'top_p' else 'all of them')}. "
                "StarPO keeps all, StarPO-S the quarter that differs most.\n"
                "4. A score becomes an *advantage*: how much better an episode was than what it is compared with. GRPO takes its "
                "group; PPO takes what a critic expected at each word, and makes all advantages of a batch one size:")
    view.formula(r"A^{\text{GRPO}}_i = \frac{R_i - \bar R}{U + 10^{-6}} \qquad A^{\text{PPO}}_t = \text{whitened}(R - V_t)")
    if shot is not None:
        st.markdown(_advantage(shot))
    st.markdown("5. Each word of the player's becomes likelier or less likely by its advantage, no further than the clip allows. "
                "ρ is how much likelier the word is now than when it was said:")
    low, high = 1 - settings.clip_low, 1 + settings.clip_high
    view.formula(rf"\min\left(\rho_t A_t,\ \text{{clip}}(\rho_t, {low:g}, {high:g})\,A_t\right)")
    if task == "train":
        kept = max(1, int(settings.ratio * settings.groups)) * settings.members
        steps = max(1, -(-kept // settings.slice)) * settings.passes
        alone = " With one step ρ is 1 throughout, so the clip never acts." if steps == 1 else ""
        st.markdown(f"An iteration of this run learns from {kept} episodes in {steps} step{'s' * (steps != 1)}.{alone}")


def _shown(result: RagenResult) -> Snapshot | None:
    """The iteration whose words are read above."""
    shots = story.worded(result.training) if result.training else []
    at = st.session_state.get(story.ITERATION)
    return next((shot for shot in shots if shot.iteration == at), shots[-1] if shots else None)


def _spread(shot: Snapshot) -> str:
    """The spread of the group that is shown first, with its numbers where all of its episodes were kept."""
    number = shot.rollouts[0].group
    group = next((one for one in shot.groups if one.group == number), None)
    if group is None or group.std is None:
        return ""
    scores = [one.score for one in shot.rollouts if one.group == number and one.score is not None]
    some = ", ".join(f"{score:g}" for score in scores[:MOST])
    spreads = ", ".join(f"{one.std:.2f}" for one in shot.groups[:MOST] if one.std is not None)
    return (f"In iteration {shot.iteration}, start {number}: scores {some}{' and so on' if group.episodes > MOST else ''}, mean "
            f"{group.mean or 0:.3f}, *U* = **{group.std:.3f}**. The starts of that iteration have {spreads}.")


def _advantage(shot: Snapshot) -> str:
    """The advantage of the first episode that is shown, with the numbers that it is made of."""
    one = shot.rollouts[0]
    group = next((own for own in shot.groups if own.group == one.group), None)
    if group is None or one.score is None or group.mean is None or not group.std:
        return ""
    grpo = (one.score - group.mean) / (group.std + 1e-6)
    own = f" This run gave its words {one.advantage:+.2f} on average." if one.advantage is not None else ""
    return (f"The first episode of that start scored {one.score:g}: GRPO gives it ({one.score:g} − {group.mean:.3f}) / "
            f"{group.std:.3f} = **{grpo:+.2f}**.{own}")


def _lab(pushed: Pushed) -> None:
    """The experiment of the two arms."""
    made = pushed.lab
    st.markdown(f"A policy pulls the risky arm with chance π = {made.policy:g}. It pays 1 with chance p = {made.chance:g}, the safe "
                f"arm always {made.safe:g}. From {made.groups} starts of {made.pulls} pulls, rewards become advantages *A*, and the "
                "step pushes the log-odds of the risky arm by")
    view.formula(r"\text{push} = \frac{1}{n}\sum_i A_i\, \frac{[\text{risky}_i] - \pi}{\pi (1 - \pi)}")
    st.markdown(f"over the pulls of the groups that are kept. An honest push has the sign of p − safe = **{pushed.honest:+.2f}**. "
                f"Over {made.repeats:,} repeats all groups push by {pushed.everything.mean:+.3f} (worked out exactly: "
                f"{pushed.expected:+.4f}), the kept ones by {pushed.filtered.mean:+.3f}."
                + (f" Nothing was kept in {pushed.filtered.empty:.1%} of the repeats." if pushed.filtered.empty else ""))
