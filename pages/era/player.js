// The clock and the keys of an episode. Whether it plays is the server's to say; when the next step is due, is said here: one step is
// asked for at a time, and only once the one before and its picture stand, so that a slow machine plays slower and nothing piles up.
const STEP = ".st-key-era-step", BUTTONS = ".st-key-era-transport", SAID = ".st-key-era-said", PICTURE = ".st-key-era-picture .stImage img";
// Where keys have a meaning of their own: what is typed in or slid, choices, tabs, tables, menus.
const TAKEN = "input, textarea, select, [contenteditable], canvas, [role=slider], [role=radiogroup], [role=tablist], [role=grid], " +
  "[role=listbox], [role=menu], [role=combobox], [data-testid=stDataFrame]";
const PRESSED = "button, a, summary, [role=button]";  // what the space bar presses
const KEYS = {"ArrowLeft": "step-back", "ArrowRight": "step-on", "Shift ArrowLeft": "call-back", "Shift ArrowRight": "call-on", " ": "play"};
const SLID = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "PageUp", "PageDown"];
const PICTURE_MS = 3000;  // a picture that does not come holds nothing up for longer
const SLIDER_MS = 600;  // until a slider that was let go has said where it stands

const button = name => [...document.querySelectorAll(`.st-key-era-${name} button`)].find(one => one.offsetParent);

// While it plays, the text beside the picture keeps its room: what is below stays where it is.
function keep(own, is_kept) {
  const said = document.querySelector(SAID), row = said?.closest(".stHorizontalBlock");
  if (is_kept === Boolean(own.kept) || (is_kept && !row)) return;
  if (is_kept) {
    const [inside, around] = [said, row].map(one => one.getBoundingClientRect());
    own.kept = [said, row];
    Object.assign(row.style, {minHeight: `${around.height}px`});
    Object.assign(said.style, {flex: "none", height: `${around.bottom - inside.top}px`, overflowY: "auto"});
  } else {
    own.kept.forEach(one => one.removeAttribute("style"));
    own.kept = null;
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  const own = parentElement.player ??= {};
  own.stop?.();
  own.is_held &&= data.playing;
  keep(own, data.playing);

  const tick = () => {
    const picture = document.querySelector(PICTURE);
    if (picture && !picture.complete && Date.now() < own.asked + PICTURE_MS) { own.timer = setTimeout(tick, 30); return; }
    own.asked = Date.now();
    setTriggerValue("tick", data.step + 1);
  };
  if (data.playing && !own.is_held) {
    own.asked ??= Date.now();
    own.timer = setTimeout(tick, Math.max(0, own.asked + 1000 / data.pace - Date.now()));
  } else if (!data.playing) own.asked = null;

  const hold = () => {  // the slider is in somebody's hand: no tick moves it
    if (!data.playing) return;
    clearTimeout(own.timer);
    own.is_held = true;
  };
  const let_go = () => {
    if (own.is_held) own.resting = setTimeout(() => setTriggerValue("rest", true), SLIDER_MS);
  };
  const pointed = event => {
    own.by_pointer = true;
    if (event.target.closest?.(STEP)) { clearTimeout(own.resting); hold(); }
  };
  const pressed = event => {
    if (event.key === "Tab") own.by_pointer = false;
    const at = event.composedPath()[0];
    if (at.closest?.(STEP) && SLID.includes(event.key)) { clearTimeout(own.resting); hold(); let_go(); return; }
    const name = KEYS[(event.shiftKey ? "Shift " : "") + event.key];
    if (!name || event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    if (at.closest?.(TAKEN) || document.querySelector("[role=dialog]")) return;
    // a button that was reached by the Tab key is pressed by the space bar; after a click on one beside the slider, it plays
    if (name === "play" && at.closest?.(PRESSED) && !(own.by_pointer && at.closest(BUTTONS))) return;
    event.preventDefault();
    if (event.repeat && (name === "play" || own.from === data.step)) return;  // the step before is not there yet
    own.from = data.step;
    button(name)?.click();
  };
  const released = event => {  // else Firefox presses the button too
    if (event.key === " " && own.by_pointer && event.composedPath()[0].closest?.(BUTTONS)) event.preventDefault();
  };
  const heard = [["pointerdown", pointed], ["pointerup", let_go], ["keydown", pressed], ["keyup", released]];
  heard.forEach(([kind, does]) => document.addEventListener(kind, does, true));
  own.stop = () => {
    clearTimeout(own.timer);
    heard.forEach(([kind, does]) => document.removeEventListener(kind, does, true));
  };
  return () => { own.stop(); clearTimeout(own.resting); keep(own, false); };
}
