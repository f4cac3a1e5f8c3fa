// Renders figures to SVG in the browser and hands them over as one zip. Streamlit's charts leave Plotly in the window; where there
// is none, the text of the plotly package's own script is asked for, once.
async function plotly(text) {
  if (!window.Plotly && text) {
    const address = URL.createObjectURL(new Blob([text], {type: "text/javascript"})), script = document.createElement("script");
    await new Promise((done, failed) => {
      script.onload = done;
      script.onerror = () => failed(new Error("the drawing script did not load"));
      script.src = address;
      document.head.append(script);
    }).finally(() => URL.revokeObjectURL(address));
  }
  return window.Plotly;
}

const CRC = Uint32Array.from({length: 256}, (_, byte) => {
  for (let bit = 0; bit < 8; bit++) byte = byte & 1 ? 0xedb88320 ^ (byte >>> 1) : byte >>> 1;
  return byte >>> 0;
});

function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = CRC[(crc ^ byte) & 255] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

function header(numbers) {  // [value, bytes] pairs, little end first
  const bytes = [];
  for (const [value, size] of numbers) for (let place = 0; place < size; place++) bytes.push((value / 2 ** (8 * place)) & 255);
  return new Uint8Array(bytes);
}

function zip(files) {  // stored, not compressed: names are UTF-8 (bit 11), the day is 1 January 1980
  const parts = [], list = [], encode = new TextEncoder();
  let at = 0;
  for (const [name, text] of files) {
    const title = encode.encode(name), content = encode.encode(text), crc = crc32(content);
    const shared = [[20, 2], [0x800, 2], [0, 2], [0, 2], [33, 2], [crc, 4], [content.length, 4], [content.length, 4], [title.length, 2], [0, 2]];
    parts.push(header([[0x04034b50, 4], ...shared]), title, content);
    list.push(header([[0x02014b50, 4], [20, 2], ...shared, [0, 2], [0, 2], [0, 2], [0, 4], [at, 4]]), title);
    at += 30 + title.length + content.length;
  }
  const size = list.reduce((sum, part) => sum + part.length, 0);
  const end = header([[0x06054b50, 4], [0, 2], [0, 2], [files.length, 2], [files.length, 2], [size, 4], [at, 4], [0, 2]]);
  return new Blob([...parts, ...list, end], {type: "application/zip"});
}

export async function drawn(Plotly, {name, figure, width}) {
  const height = figure.layout.height || 400;
  const address = await Plotly.toImage({data: figure.data, layout: {...figure.layout, width, height}}, {format: "svg", width, height});
  return [name, fitted(decodeURIComponent(address.slice(address.indexOf(",") + 1)))];
}

// Each line of text is told its width in the page's font: on a machine without that font another one is drawn as wide, so nothing
// that had room here overlaps there.
export function fitted(text) {
  const place = document.createElement("div");
  place.style.cssText = "position: absolute; left: -10000px; top: 0";
  place.innerHTML = text;
  document.body.append(place);
  const lines = [...place.querySelectorAll("text, tspan")].filter((one) => !one.querySelector("tspan") && one.textContent.trim());
  const widths = lines.map((one) => one.getComputedTextLength());
  lines.forEach((one, index) => {
    if (!widths[index]) return;
    one.setAttribute("textLength", widths[index].toFixed(1));
    one.setAttribute("lengthAdjust", "spacingAndGlyphs");
  });
  const fit = new XMLSerializer().serializeToString(place.querySelector("svg"));
  place.remove();
  return fit;
}

const done = new Set();  // clicks that were answered: the component may be drawn again

export default async function ({data, parentElement, setTriggerValue}) {
  const said = parentElement.querySelector("p");
  if (!data || done.has(data.click)) return;
  try {
    const Plotly = await plotly(data.script);
    if (!Plotly) { setTriggerValue("needs_script", data.click); return; }
    if (done.has(data.click)) return;
    done.add(data.click);
    const files = [];
    for (const one of data.figures) files.push(await drawn(Plotly, one));
    const link = document.createElement("a");
    link.href = URL.createObjectURL(zip(files));
    link.download = data.name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    said.textContent = `${files.length} figures saved in ${data.name}.`;
  } catch (error) {
    said.textContent = `The figures could not be drawn: ${error.message}`;
  }
}
