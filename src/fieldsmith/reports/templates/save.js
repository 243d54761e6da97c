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
const savePng = async plot => {
  const svg = plot.host.querySelector("svg"), width = Number(svg.getAttribute("width")), height = Number(svg.getAttribute("height"));
  const enlarged = Math.max(2, 1600 / width), pad = 12;
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(standalone(svg)))}`;
  await image.decode();
  const canvas = make("canvas", { width: Math.round((width + 2 * pad) * enlarged), height: Math.round((height + 2 * pad + 24) * enlarged) }), context = canvas.getContext("2d");
  const style = getComputedStyle(document.body);
  context.scale(enlarged, enlarged);
  context.fillStyle = style.backgroundColor;
  context.fillRect(0, 0, width + 2 * pad, height + 2 * pad + 24);
  context.fillStyle = style.color;
  context.font = `600 14px ${style.fontFamily}`;
  context.fillText(plot.title, pad, pad + 12, width);
  context.drawImage(image, pad, pad + 24, width, height);
  canvas.toBlob(blob => download(blob, `${plot.name}.png`), "image/png");
};
const offerSaving = plot => {
  const button = (word, act) => make("button", { type: "button", class: "save", "aria-label": `Save “${plot.title}” as ${word}`, onclick: () => act(plot) }, word);
  plot.figure.querySelector(".saving").replaceChildren(button("PNG", savePng), button("CSV", saveCsv));
};
