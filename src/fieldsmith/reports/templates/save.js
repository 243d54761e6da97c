// Every plot as a picture, and what it shows as a table.
const download = (blob, name) => {
  const address = URL.createObjectURL(blob), link = make("a", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
};
const csvCell = value => {
  const text = value === null || value === undefined ? "" : String(value);
  // Quoted where commas or quotes would break a row; words of programs must not become formulas of a spreadsheet.
  const safe = typeof value === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};
const saveCsv = plot => download(new Blob([plot.rows().map(row => row.map(csvCell).join(",")).join("\r\n") + "\r\n"], { type: "text/csv" }), `${plot.name}.csv`);

const painted = ["fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-linejoin", "font-size", "font-weight", "font-family", "opacity", "paint-order", "text-anchor", "image-rendering"];
// A copy that carries its own style, since an image knows nothing of the page's.
const standalone = svg => {
  const copy = svg.cloneNode(true), from = [svg, ...svg.querySelectorAll("*")], to = [copy, ...copy.querySelectorAll("*")];
  from.forEach((element, n) => {
    const style = getComputedStyle(element);
    to[n].setAttribute("style", painted.map(name => `${name}:${style.getPropertyValue(name)}`).join(";"));
  });
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  return copy;
};
const imageOf = async svg => {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(standalone(svg)))}`;
  await image.decode();
  return image;
};
// The keys of a figure, each with its sign and words, set in rows of at most this width.
const keysOf = async (figure, context, width) => {
  const keys = [];
  let x = 0, row = 0;
  for (const key of figure.querySelectorAll(".key")) {
    const sign = key.querySelector("svg"), words = key.textContent.trim();
    const across = sign ? Number(sign.getAttribute("width")) : 0, size = across + 5 + context.measureText(words).width;
    if (x && x + size > width) { x = 0; row += 1; }
    keys.push({ x, row, words, across, down: sign ? Number(sign.getAttribute("height")) : 0, image: sign ? await imageOf(sign) : null });
    x += size + 16;
  }
  return keys;
};
const savePng = async plot => {
  const svg = plot.host.querySelector("svg"), width = Number(svg.getAttribute("width")), height = Number(svg.getAttribute("height"));
  const enlarged = Math.max(2, 1600 / width), pad = 12, head = 24, line = 20;
  const image = await imageOf(svg), style = getComputedStyle(document.body), small = `13px ${style.fontFamily}`;
  const canvas = make("canvas"), context = canvas.getContext("2d");
  context.font = small;
  const keys = await keysOf(plot.figure, context, width), below = keys.length ? (keys.at(-1).row + 1) * line : 0;
  canvas.width = Math.round((width + 2 * pad) * enlarged);
  canvas.height = Math.round((height + 2 * pad + head + below) * enlarged);
  context.scale(enlarged, enlarged);
  context.fillStyle = style.backgroundColor;
  context.fillRect(0, 0, width + 2 * pad, height + 2 * pad + head + below);
  context.fillStyle = style.color;
  context.font = `600 14px ${style.fontFamily}`;
  context.fillText(plot.title, pad, pad + 12, width);
  context.drawImage(image, pad, pad + head, width, height);
  context.font = small;
  for (const key of keys) {
    const middle = pad + head + height + key.row * line + line / 2;
    if (key.image) context.drawImage(key.image, pad + key.x, middle - key.down / 2, key.across, key.down);
    context.fillText(key.words, pad + key.x + key.across + 5, middle + 4);
  }
  canvas.toBlob(blob => download(blob, `${plot.name}.png`), "image/png");
};
const offerSaving = plot => {
  const button = (word, act) => make("button", { type: "button", class: "save", "aria-label": `Save “${plot.title}” as ${word}`, onclick: () => act(plot) }, word);
  plot.figure.querySelector(".saving").replaceChildren(button("PNG", savePng), button("CSV", saveCsv));
};
