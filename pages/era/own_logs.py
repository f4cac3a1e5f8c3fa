"""A person's own logs of an embodied agent."""

from backends.era.settings import LOGS_MB
from backends.era.system import SYSTEM
from pages.house.own_logs import OwnLogs

LAYOUT = ("EmbodiedBench's folders: below eb_alfred/MODEL_RUN/base (or another subset) episode_1_step_9.json, the steps of "
          "episode 1 of which 9 is the last; results/episode_1_final_res.json; images/episode_1/episode_1_step_0.png.")
LOGS = OwnLogs(
    SYSTEM, "replay", ("beside", "log", "episode"),
    note=f"A zip of the folder of EmbodiedBench, ERA or VAGEN, or one of their files; at most {LOGS_MB} MB. {LAYOUT}",
    which="Which run and which episode", button="Replay your logs",
    cost="Takes seconds: pictures are read one at a time, when they are looked at.", again="replay another of its episodes")
