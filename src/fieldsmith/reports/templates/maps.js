// A map of the values over space and time or over the plane, with a bar of its colours and the line that is drawn below.
const painting = (values, p, { table, of }) => {
  const across = pixelsOf(p, 0), up = pixelsOf(p, 1), wide = across.length, tall = up.length;
  const canvas = make("canvas", { width: wide, height: tall }), context = canvas.getContext("2d"), image = context.createImageData(wide, tall);
  for (let x = 0; x < wide; x++) for (let y = 0; y < tall; y++) {
    const rgb = table[Math.min(511, Math.max(0, Math.round(of(values[across[x] * p.columns + up[y]]) * 511)))], at = 4 * ((tall - 1 - y) * wide + x);
    image.data[at] = rgb[0]; image.data[at + 1] = rgb[1]; image.data[at + 2] = rgb[2]; image.data[at + 3] = 255;
  }
  context.putImageData(image, 0, 0);
  return canvas.toDataURL();
};
// The values beside a bar of colours as [share of its height, text], and the power of ten that they share.
const barLabels = ({ at: valueAt }) => {
  const largest = Math.max(Math.abs(valueAt(0)), Math.abs(valueAt(1))), power = largest && (largest < 0.05 || largest >= 1e4) ? Math.floor(Math.log10(largest)) : 0;
  // All with as many decimals as tell neighbours apart by two digits.
  const step = Math.abs(valueAt(1) - valueAt(0)) / 4 / 10 ** power, decimals = step > 1e-9 ? Math.max(0, 1 - Math.floor(Math.log10(step))) : 2;
  const labels = [0, 0.25, 0.5, 0.75, 1].map(s => {
    const exact = valueAt(s), value = Math.abs(exact) < 1e-5 * largest ? 0 : exact / 10 ** power;
    return [s, +value.toFixed(decimals) ? value.toFixed(decimals).replace("-", "−") : "0"];
  });
  return { labels, power };
};
const barRoom = shade => Math.ceil(Math.max(26, ...barLabels(shade).labels.map(([, text]) => widthOf(text, 11))));
const colourBar = (svg, shade, bar, base, tall, top) => {
  const steps = 64, { table } = shade, { labels, power } = barLabels(shade);
  for (let n = 0; n < steps; n++) svg.append(draw("rect", { fill: `rgb(${table[Math.round((n + 0.5) / steps * 511)]})`, x: bar, width: 11, y: base - (n + 1) / steps * tall, height: tall / steps + 0.6 }));
  for (const [s, text] of labels) svg.append(draw("text", { x: bar + 15, y: base - s * tall + (s === 0 ? 0 : s === 1 ? 9 : 4), class: "bar-label" }, text));
  if (power) svg.append(draw("text", { x: bar + 11, y: top - 8, class: "bar-label", "text-anchor": "middle" }, "× 10", draw("tspan", { dy: -4, class: "power" }, String(power).replace("-", "−"))));
};
// `room` is for the widest labels of all bars, so that maps side by side are of one size; `onPoint(row, column)` is told what is pointed at, `onPress(row)` which row is pressed.
const drawMap = ({ kind, p, frame, row, shade, room, width, when, onPoint, onPress }) => {
  const [a, b, low, high] = p.extent, yTicks = scale([low, high], 1, 0, { tight: true, most: 4 }).ticks();
  const margin = { left: Math.ceil(widest(yTicks) + widthOf(p.labels[1], 12.5)) + 20, right: room + 32, top: 22, bottom: 40 }, wide = width - margin.left - margin.right;
  const plane = p.axes[0] !== p.time, tall = Math.round(wide * (plane ? Math.min(1.6, Math.max(0.4, (high - low) / (b - a || 1))) : width < 360 && innerWidth < 600 ? 0.7 : 0.92)), height = tall + margin.top + margin.bottom, base = margin.top + tall;
  const x = scale([a, b], margin.left, margin.left + wide, { tight: true, most: 4 }), y = scale([low, high], base, margin.top, { tight: true, most: 4 });
  const svg = draw("svg", { class: "chart map", width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${shownIn(kind, p)}, sample ${p.sample}${when}: ${p.axes[0]} to the right, ${p.axes[1]} upwards` });
  svg.append(draw("image", { class: tall >= p.columns && wide >= p.rows ? "pixels" : "smooth", href: painting(frameOf(arraysOf(p)[kind], p, frame), p, shade), x: margin.left, y: margin.top, width: wide, height: tall, preserveAspectRatio: "none" }), draw("rect", { class: "edge", x: margin.left, y: margin.top, width: wide, height: tall }));
  for (const tick of x.ticks()) svg.append(draw("line", { class: "tick", x1: x.at(tick[0]), x2: x.at(tick[0]), y1: base, y2: base + 4 }), tickText({ x: x.at(tick[0]), y: base + 17, "text-anchor": "middle" }, tick));
  for (const tick of y.ticks()) svg.append(draw("line", { class: "tick", x1: margin.left - 4, x2: margin.left, y1: y.at(tick[0]), y2: y.at(tick[0]) }), tickText({ x: margin.left - 7, y: y.at(tick[0]) + 4, "text-anchor": "end" }, tick));
  svg.append(draw("text", { class: "label", x: margin.left + wide / 2, y: height - 5, "text-anchor": "middle" }, p.labels[0]), draw("text", { class: "label", x: 3, y: margin.top + tall / 2 }, p.labels[1]));
  const at = x.at(along(p, 0, row));
  svg.append(draw("line", { class: "line-under", x1: at, x2: at, y1: margin.top, y2: base }), draw("line", { class: "line-over", x1: at, x2: at, y1: margin.top, y2: base }));
  colourBar(svg, shade, margin.left + wide + 12, base, tall, margin.top);
  const inside = event => {
    const box = svg.getBoundingClientRect();
    return [nearest(p, 0, a + (event.clientX - box.left - margin.left) / wide * (b - a)), nearest(p, 1, low + (base - event.clientY + box.top) / tall * (high - low))];
  };
  svg.addEventListener("pointermove", event => onPoint(...inside(event)));
  svg.addEventListener("click", event => onPress(inside(event)[0]));
  return svg;
};
