// Draws one figure in a box of a given width and returns what a person could not read: a list of sentences, empty where all is well.
function shrunk(text) {  // plotly makes a bar's number fit by a scale
  const scale = /scale\(([\d.]+)/.exec(text.getAttribute("transform") || "");
  return scale ? parseFloat(scale[1]) : 1;
}

async function drawn(figure, width, {scale = 1, keep = false} = {}) {
  const LEAST_PX = 11, ACROSS_PX = 2, DOWN_PX = 3, OUT_PX = 1, ROOM_PX = 60;
  const box = document.createElement("div");
  document.body.append(box);
  const layout = {...figure.layout, width, height: figure.layout.height || 450};
  await Plotly.newPlot(box, figure.data, layout, {displayModeBar: false, staticPlot: true});
  const edge = box.querySelector(".main-svg").getBoundingClientRect(), found = [], texts = [];
  for (const text of box.querySelectorAll("svg text")) {
    const style = getComputedStyle(text), said = text.textContent.replace(/\u200b/g, "").trim(), at = text.getBoundingClientRect();
    if (!said || style.display === "none" || style.visibility === "hidden" || style.opacity === "0" || !at.width) continue;
    texts.push({text, said, at});
    const least = Math.min(...[text, ...text.querySelectorAll("tspan")].filter(one => one.textContent.trim())
      .map(one => parseFloat(getComputedStyle(one).fontSize))) * shrunk(text);
    if (least < LEAST_PX * scale - 0.01) found.push(`${said}: ${least.toFixed(1)} px`);
    if (at.left < edge.left - OUT_PX || at.right > edge.right + OUT_PX || at.top < edge.top - OUT_PX || at.bottom > edge.bottom + OUT_PX)
      found.push(`${said}: cut by ${Math.max(edge.left - at.left, at.right - edge.right, edge.top - at.top, at.bottom - edge.bottom).toFixed(0)} px`);
    const turn = /rotate\((-?[\d.]+)/.exec(text.getAttribute("transform") || "");
    if (turn && text.closest(".xtick") && Math.abs(parseFloat(turn[1])) > 1) found.push(`${said}: turned`);
  }
  texts.forEach((one, index) => texts.slice(index + 1).forEach(other => {
    const across = Math.min(one.at.right, other.at.right) - Math.max(one.at.left, other.at.left);
    const down = Math.min(one.at.bottom, other.at.bottom) - Math.max(one.at.top, other.at.top);
    if (across > ACROSS_PX && down > DOWN_PX) found.push(`${one.said} | ${other.said}: one over the other by ${across.toFixed(0)} x ${down.toFixed(0)} px`);
  }));
  for (const bar of box.querySelectorAll(".legend .scrollbar")) if (bar.getBoundingClientRect().height > 1) found.push("the legend scrolls");
  const size = box._fullLayout._size;
  if (size.h < ROOM_PX) found.push(`${size.h.toFixed(0)} px are left for the picture`);
  const area = {top: size.t, bottom: layout.height - size.b};
  if (!keep) { Plotly.purge(box); box.remove(); }
  return {found, area};
}
