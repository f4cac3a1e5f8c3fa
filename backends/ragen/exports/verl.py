"""The settings of a training as overrides for RAGEN's own repository, which trains with verl, Ray and vLLM.

Two states of it are known, whose keys differ: T1 is RAGEN-AI/RAGEN of September 2025 (5eb79b8), T2 mll-lab-nu/RAGEN
of April 2026 (20daedc), the code of RAGEN-2. What is written is a shell script; every setting is a
comment above the keys that it became, or in the list of those that neither state knows. Nothing of upstream's files is in it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from backends.ragen.exports.real import (
    DUAL_CLIP,
    FIRST_SEED,
    LORA_RANK,
    LORA_RATE,
    MODEL,
    RATES,
    Missing,
    groups_played,
    missing_lines,
    model_of,
    real_value,
    said,
    scaled,
)
from backends.ragen.games import rules_of, turns_of
from backends.ragen.settings import Game, RagenSettings
from worlds.games.bandit.names import PAIRS
from worlds.games.seeds import VALIDATION

Target = Literal["T1", "T2"]
TARGETS: dict[Target, str] = {"T1": "github.com/RAGEN-AI/RAGEN at 5eb79b8 (6 September 2025; its verl is 1e47e41)",
                              "T2": "github.com/mll-lab-nu/RAGEN at 20daedc (14 April 2026, RAGEN-2)"}
TAGS: dict[Game, str] = {"bandit": "Bandit", "lake": "FrozenLake", "sokoban": "SimpleSokoban"}
CONFIGS: dict[Game, str] = {"bandit": "_1_bandit", "lake": "_3_frozen_lake", "sokoban": "_2_sokoban"}
ROLLOUT, ACTOR = "actor_rollout_ref.rollout", "actor_rollout_ref.actor"  # "++" before a key: also where a file lacks it
ICY = 1 / 3  # the one slippery ice that T1 knows


@dataclass(frozen=True)
class Mapped:
    """Settings, the overrides that they become, and a remark where these are not quite the same."""

    names: tuple[str, ...]
    overrides: tuple[str, ...]
    remark: str = ""

    def lines(self, settings: RagenSettings) -> Iterator[str]:
        """As a part of a list in bash."""
        yield f"  # {said(settings, self.names)}{f' ({self.remark})' if self.remark else ''}"
        yield from (f"  '{override}'" for override in self.overrides)


def verl_overrides(settings: RagenSettings, *, target: Target = "T2") -> str:
    """Return a shell script that starts RAGEN's training with these settings.

    Args:
        target: the state of the repository whose keys are written.
    Raises:
        ValueError: the target is not known.
    """
    if target not in TARGETS:
        raise ValueError(f"there is no target {target!r}; there are {', '.join(TARGETS)}")
    mapped = [*_games(settings, target), *_replies(settings), *_learning(settings), *_filters(settings, target), *_batches(settings)]
    lora = (f"lora.rank={LORA_RANK} lora.alpha={LORA_RANK} {ACTOR}.optim.lr={LORA_RATE * RATES['actor_rate']:g} "
            f"critic.optim.lr={LORA_RATE * RATES['critic_rate']:g}")
    return "\n".join([
        "#!/usr/bin/env bash",
        f"# A training of Orrery for {target}: {TARGETS[target]}.",
        "# Run it in that repository, installed as its README says: bash this.sh",
        "# What is written behind it overrules what stands here. LoRA, as in the paper's appendix:",
        f"#     bash this.sh {lora}",
        f"# A model of your own: MODEL=... bash this.sh (else {model_of(settings)})",
        "set -euo pipefail",
        "overrides=(",
        f"  # {said(settings, ('learner', 'model'))} (the paper has {MODEL})",
        f"  \"model_path=${{MODEL:-{model_of(settings)}}}\"",
        *(line for one in mapped for line in one.lines(settings)),
        ")",
        *missing_lines(settings, _missing(settings, target)),
        f"python train.py --config-name {CONFIGS[settings.game]} \"${{overrides[@]}}\" \"$@\"",
        "",
    ])


def _games(settings: RagenSettings, target: Target) -> Iterator[Mapped]:
    tag = TAGS[settings.game]
    yield Mapped(("game",), (f"es_manager.train.env_configs.tags=[{tag}]", f"es_manager.val.env_configs.tags=[{tag}]"))
    inside = f"++custom_envs.{tag}.env_config"
    if settings.game == "bandit":
        yield Mapped(("safe",), (f"{inside}.lo_arm_score={settings.safe}",))
        yield Mapped(("chance",), (f"{inside}.hi_arm_hiscore_prob={settings.chance}",))
        if target == "T1":
            pair = PAIRS[settings.names]
            yield Mapped(("names",), (f"{inside}.lo_arm_name={pair.low}", f"{inside}.hi_arm_name={pair.high}"))
    if settings.game == "lake":
        is_slippery = f"{inside}.is_slippery={settings.grip < 1}"
        yield Mapped(("frozen",), (f"{inside}.p={settings.frozen}",))
        if target == "T2":
            yield Mapped(("grip",), (is_slippery, f"{inside}.success_rate={settings.grip}"))
        else:
            is_known = settings.grip == 1 or abs(settings.grip - ICY) < 0.01
            yield Mapped(("grip",), (is_slippery,), "" if is_known else "NOT THE SAME: T1 knows a third and 1, nothing between")


def _replies(settings: RagenSettings) -> Iterator[Mapped]:
    yield Mapped(("thinks",), (f"agent_proxy.enable_think={settings.thinks}",))
    yield Mapped(("turns",), (f"agent_proxy.max_turn={turns_of(settings)}",), _of_bandit(settings))
    yield Mapped(("actions_per_turn",), (f"agent_proxy.max_actions_per_turn={rules_of(settings).max_actions}",), _of_bandit(settings))
    budget = 1 if settings.game == "bandit" else settings.budget
    yield Mapped(("budget",), (f"custom_envs.{TAGS[settings.game]}.max_actions_per_traj={budget}",), _of_bandit(settings))
    yield Mapped(("penalty",), (f"es_manager.format_penalty={settings.penalty}",),
                 "not added where scores are by turn, as here" if settings.algorithm == "bi" and settings.penalty else "")
    yield Mapped(("max_tokens", "max_new_tokens"), (f"{ROLLOUT}.response_length={real_value(settings, 'max_tokens'):.0f}",),
                 scaled(settings))


def _of_bandit(settings: RagenSettings) -> str:
    return "the bandit has one" if settings.game == "bandit" else ""


def _learning(settings: RagenSettings) -> Iterator[Mapped]:
    is_grpo, is_bi = settings.algorithm == "grpo", settings.algorithm == "bi"
    yield Mapped(("algorithm",), (
        f"algorithm.adv_estimator={'grpo' if is_grpo else 'gae'}",
        f"agent_proxy.reward_normalization.method={'mean_std' if is_grpo else 'identity'}",
        "agent_proxy.reward_normalization.grouping=state", f"agent_proxy.use_turn_scores={is_bi}",
        f"algorithm.bi_level_gae={is_bi}", "algorithm.gamma=1.0", "algorithm.lam=1.0"))
    yield Mapped(("turn_gamma",), (f"algorithm.high_level_gamma={settings.turn_gamma}",), "" if is_bi else "bi-level alone reads it")
    yield Mapped(("clip_low", "clip_high"), (
        f"{ACTOR}.clip_ratio_low={settings.clip_low}", f"{ACTOR}.clip_ratio_high={settings.clip_high}",
        f"++{ACTOR}.clip_ratio_c={DUAL_CLIP}"))
    in_loss, in_reward = bool(settings.kl) and is_grpo, bool(settings.kl) and not is_grpo
    yield Mapped(("kl",), (
        f"{ACTOR}.use_kl_loss={in_loss}", f"{ACTOR}.kl_loss_coef={settings.kl}", f"{ACTOR}.kl_loss_type=kl",
        f"++algorithm.use_kl_in_reward={in_reward}", f"algorithm.kl_ctrl.kl_coef={settings.kl}",
        "algorithm.kl_penalty=kl"), "taken from rewards; the repository's own scripts never switch that on" if in_reward else "")
    yield Mapped(("entropy",), (f"{ACTOR}.entropy_coeff={settings.entropy}", f"++{ACTOR}.loss_agg_mode=token-mean"))
    yield Mapped(("actor_rate", "critic_rate"), (f"{ACTOR}.optim.lr={real_value(settings, 'actor_rate'):g}",
                                                 f"critic.optim.lr={real_value(settings, 'critic_rate'):g}"),
                 scaled(settings))
    yield Mapped(("learns_from",), (f"enable_response_mask={settings.learns_from != 'everything'}",),
                 "" if settings.learns_from != "drawn" else "upstream's mask has the role and the forced beginning in it, too")
    if settings.learner == "model":
        yield Mapped(("rank",), (f"lora.rank={settings.rank}", f"lora.alpha={settings.rank}"))


def _filters(settings: RagenSettings, target: Target) -> Iterator[Mapped]:
    """The keys of T1 and T2 have nothing in common but `rollout_filter_type`, which means something else."""
    kind, ratio = settings.filtered, settings.ratio
    if kind == "random":
        remark, kind, ratio = "nobody filters by chance, so fewer starts are played", "std", 1.0
    else:
        remark = ""
    if target == "T1":
        if kind == "top_p":
            remark, kind, ratio = "NOT THE SAME: T1 has no such filter, so all are kept", "std", 1.0
        yield Mapped(("filtered", "ratio"), (f"{ROLLOUT}.rollout_filter_ratio={ratio}", f"{ROLLOUT}.rollout_filter_type={kind}"),
                     remark)
        return
    is_sum = kind == "top_p"
    keeps_flat = not is_sum and not settings.skips_flat
    yield Mapped(("filtered", "ratio"), (
        f"{ROLLOUT}.rollout_filter_strategy={'top_p' if is_sum else 'top_k'}",
        f"{ROLLOUT}.rollout_filter_value={0.9 if is_sum else ratio}",
        f"{ROLLOUT}.rollout_filter_type={'smallest' if kind == 'std_rev' else 'largest'}",
        f"{ROLLOUT}.rollout_filter_metric=reward_variance", f"{ROLLOUT}.rollout_filter_top_p_prob_mode=linear",
        f"{ROLLOUT}.rollout_filter_selection_eps=0.01"), "the ratio is not read" if is_sum else remark)
    yield Mapped(("skips_flat",), (f"{ROLLOUT}.rollout_filter_include_zero={keeps_flat}",),
                 "T2 leaves each flat start out, not only iterations of nothing else" if settings.skips_flat else "")


def _batches(settings: RagenSettings) -> Iterator[Mapped]:
    groups = groups_played(settings)
    yield Mapped(("groups", "updates"), (
        f"es_manager.train.env_groups={groups}", f"es_manager.train.env_configs.n_groups=[{groups}]"),
                 "k times the starts, as upstream does Online-k" if settings.updates > 1 else "")
    yield Mapped(("members",), (f"es_manager.train.group_size={settings.members}",))
    yield Mapped(("slice",), (f"ppo_mini_batch_size={settings.slice}",))
    yield Mapped(("passes",), (f"{ACTOR}.ppo_epochs={settings.passes}", f"critic.ppo_epochs={settings.passes}"))
    yield Mapped(("temperature",), (f"{ROLLOUT}.temperature={settings.temperature}",))
    yield Mapped(("iterations",), (f"trainer.total_training_steps={settings.iterations}", f"seed.train={FIRST_SEED}"))
    validated = max(1, settings.validation)
    yield Mapped(("validation",), (
        f"es_manager.val.env_groups={validated}", f"es_manager.val.env_configs.n_groups=[{validated}]", "es_manager.val.group_size=1",
        f"trainer.test_freq={10 if settings.validation else -1}", f"trainer.val_before_train={bool(settings.validation)}",
        f"{ROLLOUT}.val_kwargs.temperature=0.5", f"seed.val={VALIDATION}"))


def _missing(settings: RagenSettings, target: Target) -> Iterator[Missing]:
    yield Missing(("seed",), "seed.train says which games are played; what vLLM draws has no seed")
    noise = "T1 always shares it" if target == "T1" else "T2 shares it on the lake and not in the bandit"
    yield Missing(("shared_noise",), f"{noise}, for the games of a group have one seed")
    yield Missing(("cleans",), "upstream always learns from cleaned replies")
    yield Missing(("quantisation",), "weights are in 16 bits there")
    if settings.learner == "beginner":
        yield Missing(("rank",), "the whole network learns here; the first lines say how an adapter does")
    yield Missing(("continues",), "a training there begins with MODEL, which may be a folder of your own")
    others = {"bandit": ("names", "chance", "safe"), "lake": ("frozen", "grip")}
    for game, names in others.items():
        if game != settings.game:
            yield Missing(names, f"they belong to another game than {settings.game}")
    if settings.game == "bandit" and target == "T2":
        yield Missing(("names",), "T2 draws the arms from a list of its own")
    if target == "T1":
        yield Missing(("skips_flat",), "T1 takes its step where every start is flat")
