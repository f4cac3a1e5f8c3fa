"""What is shown of a person's own file before anything is run with it: what it is, the knobs that matter, Run."""

import streamlit as st

from backends.grafting.results import GraftingResult
from backends.grafting.settings import GraftingSettings
from backends.registry import System
from pages.grafting import own_file, own_knobs, views
from pages.house import knobs, session, tasks, view
from pages.house.text import plain
from pages.house.theme import is_dark
from visualizers.grafting import checkpoint, strips
from worlds.errors import InputError

SHOWN = 8  # of somebody's pictures
LABELS = {"graft": "Graft your checkpoint", "locality": "Watch your checkpoint", "speed": "Time its operators"}


def panel(system: System[GraftingSettings, GraftingResult]) -> None:
    """The checkpoint and the pictures as they were read, what is to be cut, and the button."""
    task = tasks.now(system)
    own, brought = knobs.own_file(system, "checkpoint"), own_file.samples(system, task)
    if line := own_file.configuration(system):
        st.info(plain(line), icon=":material/description:")
    is_ready = _checkpoint(system, own) if own else True
    if brought:
        _pictures(system, brought)
    if not is_ready:
        return
    if task == "graft":
        own_knobs.cut(system, ("num_judged",) if brought else ())
    label = LABELS[task] if own else "Judge them beside a graft" if brought else "Graft as it says"
    tasks.run_button(system, {"task": task, **own_knobs.said(system, task)}, label=label, cost=views.cost, key="run.own")
    st.button("Leave it out", key="grafting.own.out", type="tertiary", icon=":material/close:", on_click=own_file.leave_out,
              args=(system,), help="Back to the page's own model.")


def _checkpoint(system: System[GraftingSettings, GraftingResult], name: str) -> bool:
    """What was read of it; False where it cannot be used, with the reason."""
    values = knobs.said(system, ("checkpoint_heads",))
    try:
        found = own_file.described(str(session.current().inputs().file(name)), name, int(str(values["checkpoint_heads"])))
    except InputError as error:
        st.error(plain(str(error)), icon=":material/error:")
        if own_knobs.needs_heads(error) or values["checkpoint_heads"]:
            knobs.knobs(system, ("checkpoint_heads",))
        return False
    st.markdown(plain(checkpoint.sentence(name, found.shape, found.parameters, found.layout)))
    if values["checkpoint_heads"]:
        knobs.knobs(system, ("checkpoint_heads",))
    if found.grafts:
        view.chart(checkpoint.standing(found.grafts, found.shape.num_layers), key="grafting.brought")
    st.caption(f"{plain(checkpoint.grafted(found.grafts))} It is taken to say v at the noise levels of a cosine schedule, as the "
               "page's own model does; one that learned otherwise paints noise here.")
    return True


def _pictures(system: System[GraftingSettings, GraftingResult], name: str) -> None:
    """The first of them, and how many there are."""
    try:
        shown, number, has_kinds, note = own_file.pictures(str(session.current().inputs().file(name)), name, SHOWN)
    except InputError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    left, right = st.columns(2)
    with left:
        view.picture(strips.strip(shown, ground=views.GROUNDS[is_dark()]), "grafting.own",
                     alt=f"The first {len(shown)} of {number} pictures of {name}", caption=f"{plain(name)}, the first {len(shown)}")
    right.markdown(f"**{plain(name)}** holds {number:,} pictures{' and their kinds' if has_kinds else ''}. They are judged by the "
                   f"classifier beside what the run paints: {'accuracy and ' if has_kinds else ''}proxy-FD, with the floor of as "
                   "many real pictures.")
    for line in own_file.warnings(number, note):
        right.warning(plain(line), icon=":material/warning:")
