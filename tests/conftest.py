"""The suite runs with what every entrance of the app sets before its first heavy import."""

import environment

environment.prepare()
