"""A person's own logs, or other files that are only read: brought beside the presets, read at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic

import streamlit as st

from backends.registry import System
from backends.run import R, S
from pages.house import knobs, tasks
from pages.house.frame import Own
from pages.house.text import plain

FILE = "file"  # the setting that names them


@dataclass(frozen=True)
class OwnLogs(Generic[S, R]):
    """Which task reads them, and the words that go with it."""

    system: System[S, R]
    task: str
    places: Sequence[str]  # the settings that say what of them is looked at: other logs begin with the first
    note: str  # whose logs
    which: str  # of them is read; a question that the knobs answer
    button: str
    cost: str
    again: str  # what else can be read of logs that were
    label: str = "Your logs"  # of their box

    def own(self) -> Own[R]:
        """What the frame of a page asks for."""
        return Own(box=self._box, is_there=lambda task: task == self.task and bool(knobs.own_file(self.system, FILE)),
                   is_answered=lambda result: knobs.is_about(self.system, FILE, self.system.settings_of(result)),
                   panel=self._panel, title=lambda: f"{plain(knobs.own_file(self.system, FILE))}: {self.again}")

    def from_the_first(self) -> None:
        """The knobs that say what of logs is looked at belong to other logs: begin with the first."""
        for name in self.places:
            knobs.set_default(self.system, name)

    def _box(self) -> None:
        knobs.own_upload(self.system, FILE, self.label, on_new=self._comes, note=f"{self.note} It stays in this session.")
        if st.session_state.pop(self._new, False) and knobs.own_file(self.system, FILE):
            tasks.start(self.system, self.system.settings(**{"task": self.task, **knobs.said(self.system, (FILE,))}))
            st.rerun()

    def _comes(self, _system: System) -> None:
        self.from_the_first()
        st.session_state[self._new] = True

    @property
    def _new(self) -> str:
        """In the session's state: a file came and was not read yet."""
        return f"{self.system.name}.own.new"

    def _panel(self) -> None:
        st.markdown(f"**{plain(knobs.own_file(self.system, FILE))}** is here. {self.which}, the knobs below say.")
        tasks.run_button(self.system, {"task": self.task, **knobs.said(self.system, (FILE, *self.places))}, label=self.button,
                         cost=lambda _asked: self.cost, key="run.own")
