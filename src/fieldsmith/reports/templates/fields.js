// Solution, reference and error over space and time or over the plane, and along a line through them.
const showFields = () => {
  if (!data.pictures.length || !document.getElementById("fields")) return;
  const decode = text => {
    const bytes = Uint8Array.from(atob(text), c => c.charCodeAt(0)), numbers = new DataView(bytes.buffer);
    return Float64Array.from({ length: bytes.length / 4 }, (_, i) => numbers.getFloat32(4 * i, true));
  };
  const decoded = new Map();
  const arraysOf = picture => {
    if (!decoded.has(picture)) {
      const reference = decode(picture.reference), error = decode(picture.error);
      decoded.set(picture, { reference, error, solution: reference.map((value, i) => value + error[i]) });
    }
    return decoded.get(picture);
  };
  const largestAt = p => {
    const { error } = arraysOf(p);
    let best = 0;
    error.forEach((value, i) => { if (Math.abs(value) > Math.abs(error[best])) best = i; });
    return Math.floor(best / p.columns);
  };
  const control = id => document.getElementById(id);
  const fields = [...new Set(data.pictures.map(p => p.field))];
  fields.forEach((name, n) => control("field").append(make("option", { value: n }, name)));
  control("field").parentElement.hidden = fields.length < 2;
  const samplesOf = field => data.pictures.filter(p => p.field === field);
  const current = () => {
    const own = samplesOf(fields[+control("field").value || 0]);
    control("sample").max = own.length - 1;
    control("sample").parentElement.hidden = own.length < 2;
    return own[Math.min(+control("sample").value, own.length - 1)];
  };
  const span = p => (p.extent.length === 4 ? p.extent : [0, p.rows - 1, 0, p.columns - 1]);
  const along = (p, axis, n) => {  // where the n-th value of an axis lies
    if (p.points.length === 4) return +(p.points[2 * axis] + n * p.points[2 * axis + 1]).toPrecision(12);
    const [low, high] = span(p).slice(2 * axis);
    return low + n / Math.max(1, (axis ? p.columns : p.rows) - 1) * (high - low);
  };
  const row = p => Math.min(+control("row").value, p.rows - 1);
  const kindName = { solution: "Solution", reference: "Reference", error: "Error" };
  const stem = p => `${data.name}-${p.field}-sample${p.sample + 1}`.replace(/[^\w.-]+/g, "_");

  // Colours: fields share one range; the error is symmetric about zero, by request in decades so that small errors show.
  const shade = (kind, p) => {
    if (kind !== "error") return { table: tables.value, of: v => (v - p.range[0]) / (p.range[1] - p.range[0] || 1), at: s => p.range[0] + s * (p.range[1] - p.range[0]) };
    const size = p.errorSize || 1, small = size * 1e-3, logs = Math.log1p(size / small);
    if (control("shades").value !== "log") return { table: errorTable(), of: v => 0.5 + 0.5 * v / size, at: s => (2 * s - 1) * p.errorSize };
    return { table: errorTable(), of: v => 0.5 + 0.5 * Math.sign(v) * Math.log1p(Math.abs(v) / small) / logs, at: s => Math.sign(2 * s - 1) * small * Math.expm1(Math.abs(2 * s - 1) * logs) * (p.errorSize ? 1 : 0) };
  };
  const painting = (kind, p) => {
    const canvas = make("canvas", { width: p.rows, height: p.columns }), context = canvas.getContext("2d"), image = context.createImageData(p.rows, p.columns);
    const values = arraysOf(p)[kind], { table, of } = shade(kind, p);
    for (let r = 0; r < p.rows; r++) for (let c = 0; c < p.columns; c++) {
      const rgb = table[Math.min(511, Math.max(0, Math.round(of(values[r * p.columns + c]) * 511)))], at = 4 * ((p.columns - 1 - c) * p.rows + r);
      image.data[at] = rgb[0]; image.data[at + 1] = rgb[1]; image.data[at + 2] = rgb[2]; image.data[at + 3] = 255;
    }
    context.putImageData(image, 0, 0);
    return canvas.toDataURL();
  };

  const map = kind => width => {
    const p = current(), [a, b, low, high] = span(p), margin = { left: 50, right: 64, top: 22, bottom: 40 }, wide = width - margin.left - margin.right;
    const plane = p.axes[0] !== "t", tall = Math.round(wide * (plane ? Math.min(1.6, Math.max(0.4, (high - low) / (b - a || 1))) : width < 360 && innerWidth < 600 ? 0.7 : 0.92)), height = tall + margin.top + margin.bottom, base = margin.top + tall;
    const x = scale([a, b], margin.left, margin.left + wide, { tight: true, most: 4 }), y = scale([low, high], base, margin.top, { tight: true, most: 4 });
    const svg = draw("svg", { class: "chart map", width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${kindName[kind]} of ${p.field}, sample ${p.sample + 1}: ${p.axes[0]} to the right, ${p.axes[1]} upwards` });
    svg.append(draw("image", { class: tall >= p.columns && wide >= p.rows ? "pixels" : "smooth", href: painting(kind, p), x: margin.left, y: margin.top, width: wide, height: tall, preserveAspectRatio: "none" }), draw("rect", { class: "edge", x: margin.left, y: margin.top, width: wide, height: tall }));
    for (const tick of x.ticks()) svg.append(draw("line", { class: "tick", x1: x.at(tick[0]), x2: x.at(tick[0]), y1: base, y2: base + 4 }), tickText({ x: x.at(tick[0]), y: base + 17, "text-anchor": "middle" }, tick));
    for (const tick of y.ticks()) svg.append(draw("line", { class: "tick", x1: margin.left - 4, x2: margin.left, y1: y.at(tick[0]), y2: y.at(tick[0]) }), tickText({ x: margin.left - 7, y: y.at(tick[0]) + 4, "text-anchor": "end" }, tick));
    svg.append(draw("text", { class: "label", x: margin.left + wide / 2, y: height - 5, "text-anchor": "middle" }, p.axes[0]), draw("text", { class: "label", x: 10, y: margin.top + tall / 2, "text-anchor": "middle" }, p.axes[1]));
    const at = x.at(along(p, 0, row(p)));
    svg.append(draw("line", { class: "line-under", x1: at, x2: at, y1: margin.top, y2: base }), draw("line", { class: "line-over", x1: at, x2: at, y1: margin.top, y2: base }));
    const { table, at: valueAt } = shade(kind, p), bar = margin.left + wide + 12, steps = 64;
    for (let n = 0; n < steps; n++) svg.append(draw("rect", { fill: `rgb(${table[Math.round((n + 0.5) / steps * 511)]})`, x: bar, width: 11, y: base - (n + 1) / steps * tall, height: tall / steps + 0.6 }));
    const largest = Math.max(Math.abs(valueAt(0)), Math.abs(valueAt(1))), power = largest && (largest < 0.05 || largest >= 1e4) ? Math.floor(Math.log10(largest)) : 0;
    for (const s of [0, 0.25, 0.5, 0.75, 1]) {
      const exact = valueAt(s), value = Math.abs(exact) < 1e-5 * largest ? 0 : exact / 10 ** power, text = Math.abs(value) < 0.095 && value ? value.toPrecision(1) : value.toFixed(Math.abs(value) < 1 ? 2 : 1);
      svg.append(draw("text", { x: bar + 15, y: base - s * tall + (s === 0 ? 0 : s === 1 ? 9 : 4), class: "bar-label" }, value ? text.replace("-", "−") : "0"));
    }
    if (power) svg.append(draw("text", { x: bar + 11, y: margin.top - 8, class: "bar-label", "text-anchor": "middle" }, "× 10", draw("tspan", { dy: -4, class: "power" }, String(power).replace("-", "−"))));
    const inside = event => {
      const box = svg.getBoundingClientRect(), clamp = (v, n) => Math.min(n - 1, Math.max(0, Math.round(v * (n - 1))));
      return [clamp((event.clientX - box.left - margin.left) / wide, p.rows), clamp((base - event.clientY + box.top) / tall, p.columns)];
    };
    svg.addEventListener("pointermove", event => {
      const [r, c] = inside(event), values = arraysOf(p), i = r * p.columns + c;
      control("readout").textContent = `${p.axes[0]} = ${plain(along(p, 0, r))}, ${p.axes[1]} = ${plain(along(p, 1, c))}: solution ${inWords(values.solution[i], 3)}, reference ${inWords(values.reference[i], 3)}, error ${inWords(values.error[i])}`;
    });
    svg.addEventListener("click", event => { control("row").value = inside(event)[0]; update(); });
    return svg;
  };

  const lines = (kinds, name) => width => {
    const p = current(), size = chartSize(width), [, , low, high] = span(p), values = arraysOf(p), start = row(p) * p.columns;
    const lists = kinds.map(kind => values[kind].subarray(start, start + p.columns)), all = kinds[0] === "error" ? [...lists[0], 0] : lists.flatMap(list => [...list]);
    const x = scale([low, high], size.margin.left, width - size.margin.right, { tight: true }), y = scale(all, size.height - size.margin.bottom, size.margin.top);
    const path = list => Array.from(list, (v, n) => `${n ? "L" : "M"}${x.at(along(p, 1, n)).toFixed(1)} ${y.at(v).toFixed(1)}`).join("");
    return frame({ ...size, x, y, xName: p.axes[1], yName: name(p), title: `${name(p)} along ${p.axes[1]} at ${moment(p)}` }, kinds.map((kind, n) => draw("path", { class: `line-${kind}`, d: path(lists[n]) })));
  };
  const moment = p => `${p.axes[0]} = ${plain(+along(p, 0, row(p)).toPrecision(3))}`;

  const longTable = p => {
    const values = arraysOf(p), rows = [[...p.axes, "solution", "reference", "error"]];
    for (let r = 0; r < p.rows; r++) for (let c = 0; c < p.columns; c++) {
      const i = r * p.columns + c;
      rows.push([along(p, 0, r), along(p, 1, c), values.solution[i], values.reference[i], values.error[i]]);
    }
    return rows;
  };
  const lineTable = p => {
    const values = arraysOf(p), start = row(p) * p.columns;
    return [[p.axes[1], "solution", "reference", "error"], ...Array.from({ length: p.columns }, (_, c) => [along(p, 1, c), values.solution[start + c], values.reference[start + c], values.error[start + c]])];
  };
  const labels = () => {
    const p = current();
    control("row").max = p.rows - 1;
    control("row-name").textContent = p.axes[0] === "t" ? "Time" : `Line at ${p.axes[0]}`;
    control("row-value").textContent = moment(p);
    control("row").setAttribute("aria-valuetext", moment(p));
    control("sample-value").textContent = `${p.sample + 1}`;
    control("which").textContent = `${p.split} split, sample ${p.sample + 1}, ${p.rows} × ${p.columns} values`;
  };
  const kept = memory.kept.values || {};
  if (kept.row === undefined) control("row").value = current().errorSize ? largestAt(current()) : Math.floor((current().rows - 1) / 2);
  for (const id of ["field", "sample", "shades"]) if (kept[id] !== undefined) control(id).value = kept[id];
  labels();
  if (kept.row !== undefined) control("row").value = kept.row;
  labels();
  const own = ["solution", "reference", "error"].map(kind => addPlot({
    figure: control(`map-${kind}`), draw: map(kind), rows: () => longTable(current()),
    get name() { return `${stem(current())}-${kind}`; }, get title() { return `${kindName[kind]} of ${current().field}, sample ${current().sample + 1}`; },
  }));
  own.push(addPlot({ figure: control("cut"), draw: lines(["reference", "solution"], p => p.field), rows: () => lineTable(current()), get name() { return `${stem(current())}-line`; }, get title() { return `Solution and reference at ${moment(current())}`; } }));
  own.push(addPlot({ figure: control("cut-error"), draw: lines(["error"], p => `error of ${p.field}`), rows: () => lineTable(current()), get name() { return `${stem(current())}-line-error`; }, get title() { return `Error at ${moment(current())}`; } }));
  let waiting = 0;
  const update = () => {
    labels();
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(() => own.forEach(plot => plot.redraw()));
  };
  for (const id of ["field", "sample", "row", "shades"]) control(id).addEventListener("input", update);
};
