"""A person's own logs of an embodied agent."""

from backends.era.settings import LOGS_MB
from backends.era.system import SYSTEM
from pages.house.own_logs import OwnLogs

LOGS = OwnLogs(
    SYSTEM, "replay", ("beside", "log", "episode"),
    note=f"A zip of the folder of EmbodiedBench, ERA or VAGEN, or one of their files; at most {LOGS_MB} MB.",
    which="Which run and which episode", button="Replay your logs",
    cost="Takes seconds: pictures are read one at a time, when they are looked at.", again="replay another of its episodes")
