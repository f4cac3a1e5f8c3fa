"""The suite runs with what every entrance of the app sets before its first heavy import."""

import os

import environment

os.environ["ORRERY_KEPT_MB"] = "0"  # what one test has run is not what the next one gets
environment.prepare()
