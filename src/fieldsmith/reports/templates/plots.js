// Axes, marks and the list of plots of the page. A plot is drawn at its real width, so that its text can be read on a phone.
const plots = [];
const addPlot = plot => {
  // { figure, name, title, draw(width) -> svg, rows() -> table for CSV }
  plots.push(plot);
  plot.host = plot.figure.querySelector(".canvas");
  plot.redraw = () => {
    if (plot.figure.hidden) return;  // what is hidden has no width
    const width = Math.max(240, Math.floor(plot.host.clientWidth)), inside = plot.host.contains(document.activeElement);
    const focused = inside && document.activeElement.getAttribute("href");
    plot.host.replaceChildren(plot.draw(width));
    if (focused) plot.host.querySelector(`[href="${focused}"]`)?.focus({ preventScroll: true });
  };
  offerSaving(plot);
  plot.redraw();
  return plot;
};
const redrawAll = () => plots.forEach(plot => plot.redraw());

const roundStep = raw => { const base = 10 ** Math.floor(Math.log10(raw)); return [1, 2, 5, 10].map(m => m * base).find(step => step >= raw * 0.999); };
const plain = value => (value === 0 ? "0" : Math.abs(value) >= 1e5 || Math.abs(value) < 1e-3 ? inWords(value, 1) : String(+value.toPrecision(4)).replace("-", "−"));

// A scale maps values to pixels, linearly or by decades; `ticks` are [value, label] with a power as [value, label, power].
const scale = (values, from, to, { log = false, marked = null, most = 6, tight = false, whole = false } = {}) => {
  let low = Math.min(...values), high = Math.max(...values);
  if (log) {
    [low, high] = [Math.log10(low), Math.log10(high)];
    const pad = Math.max(0.12, 0.06 * (high - low)), short = Math.max(0, 0.6 - (high - low)) / 2;
    [low, high] = [low - pad - short, high + pad + short];
  } else if (!tight) {
    const pad = 0.05 * (high - low) || 0.5;
    [low, high] = [low - pad, high + pad];
  } else if (high === low) [low, high] = [low - 0.5, high + 0.5];
  // Very small or large figures share a power of ten, which the axis names.
  const far = Math.max(Math.abs(low), Math.abs(high)), power = !log && !marked && far > 0 && (far < 2e-2 || far >= 1e5) ? Math.floor(Math.log10(far)) : 0;
  const at = value => from + ((log ? Math.log10(value) : value) - low) / (high - low) * (to - from);
  const ticks = () => {
    if (marked) return marked.map(value => [value, plain(value)]);
    if (!log) {
      const step = Math.max(roundStep((high - low) / most), whole ? 1 : 0), first = Math.ceil(low / step - 1e-9), last = Math.floor(high / step + 1e-9);
      return Array.from({ length: Math.max(0, last - first + 1) }, (_, n) => [(first + n) * step, plain(+((first + n) * step / 10 ** power).toPrecision(10))]);
    }
    const decades = [];
    for (let n = Math.ceil(low); n <= Math.floor(high); n++) decades.push(n);
    if (decades.length >= 3) {
      const every = Math.ceil(decades.length / most);
      return decades.filter((_, n) => n % every === 0).map(n => [10 ** n, "10", String(n).replace("-", "−")]);
    }
    const fine = [];
    for (let n = Math.floor(low); n <= high; n++) for (const m of high - low < 0.9 ? [1, 2, 3, 5, 7] : [1, 2, 5]) {
      const value = m * 10 ** n;
      if (Math.log10(value) >= low && Math.log10(value) <= high) fine.push(n > -3 && n < 4 ? [value, plain(value)] : [value, `${m}·10`, String(n).replace("-", "−")]);
    }
    return fine;
  };
  return { at, ticks, power };
};

const tickText = (attributes, [, label, power]) => draw("text", attributes, label, power !== undefined && draw("tspan", { dy: -5, class: "power" }, power));

// The frame of a chart: grid, ticks and the names of the axes; `body` goes on top of it.
const frame = ({ width, height, x, y, xName, yName, title, margin }, ...body) => {
  const { left, right, top, bottom } = margin, base = height - bottom;
  const svg = draw("svg", { class: "chart", width, height, viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": title });
  for (const tick of y.ticks()) {
    const at = y.at(tick[0]);
    svg.append(draw("line", { class: "grid", x1: left, x2: width - right, y1: at, y2: at }), tickText({ x: left - 8, y: at + 4, "text-anchor": "end" }, tick));
  }
  for (const tick of x.ticks()) {
    const at = x.at(tick[0]);
    svg.append(draw("line", { class: "tick", x1: at, x2: at, y1: base, y2: base + 4 }), tickText({ x: at, y: base + 18, "text-anchor": "middle" }, tick));
  }
  svg.append(
    draw("line", { class: "axis", x1: left, x2: width - right, y1: base, y2: base }),
    draw("text", { class: "label", x: (left + width - right) / 2, y: height - 5, "text-anchor": "middle" }, xName),
    draw("text", { class: "label", transform: `translate(13 ${(top + base) / 2}) rotate(-90)`, "text-anchor": "middle" }, yName, y.power ? ` / 10${superscript(String(y.power).replace("-", "−"))}` : ""),
  );
  svg.append(...body.flat().filter(Boolean));
  return svg;
};
// Labels are measured, so that none is cut: the widest of these ticks, or of these texts, in pixels.
const ruler = document.createElement("canvas").getContext("2d");
const widthOf = (text, size = 12) => { ruler.font = `${size}px ${getComputedStyle(document.body).fontFamily}`; return ruler.measureText(text).width; };
const widest = ticks => Math.max(0, ...ticks.map(([, label, power]) => widthOf(label) + (power === undefined ? 0 : widthOf(power, 9) + 1)));
const chartSize = (width, yTicks = []) => ({ width, height: Math.round(Math.min(320, Math.max(260, width * 0.62))), margin: { left: Math.max(56, Math.ceil(widest(yTicks)) + 34), right: 18, top: 22, bottom: 46 } });

const trustedLine = (value, y, { width, margin }, word = "trusted") => value && [
  draw("line", { class: "trusted", x1: margin.left, x2: width - margin.right, y1: y.at(value), y2: y.at(value) }),
  draw("text", { class: "trusted-label", x: margin.left + 6, y: y.at(value) - 5 }, word),
];

// Arrow keys walk along the marks of a chart; only one of them is in the tab order.
const walkable = svg => {
  const marks = [...svg.querySelectorAll("a.mark")];
  if (!marks.length) return svg;
  const place = mark => { const m = mark.transform.baseVal.getItem(0).matrix; return m.e + m.f * 1e-4; };
  marks.sort((a, b) => place(a) - place(b));
  (marks.find(mark => mark.classList.contains("chosen")) || marks[0]).setAttribute("tabindex", 0);
  svg.addEventListener("keydown", event => {
    const at = marks.indexOf(event.target), to = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: marks.length - 1 }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    const next = marks[Math.min(marks.length - 1, Math.max(0, to))];
    marks.forEach(mark => mark.setAttribute("tabindex", mark === next ? 0 : -1));
    next.focus();
  });
  return svg;
};
