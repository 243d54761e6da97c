// Solution, reference and error: which picture is shown, its maps, and the lines through them or of its components.
const showFields = () => {
  if (!data.pictures.length || !document.getElementById("fields")) return;
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
  // Of many samples only some are drawn.
  const total = data.charts.count, numbersOf = p => samplesOf(p.field).map(one => one.sample);
  const drawnOf = p => (total > numbersOf(p).length ? ` (${numbersOf(p).length} of ${total} are drawn)` : "");
  const whichDrawn = p => {
    const own = numbersOf(p), first = own.findIndex((n, place) => n !== place);
    if (total <= own.length) return "";
    return `. ${own.length} of ${total} samples are drawn: ${first < 0 ? `the first${own.length > 1 ? ` ${own.length}` : ""}` : `the first${first > 1 ? ` ${first}` : ""} and that with the largest error`}`;
  };
  const isMap = p => p.kind !== "lines";
  let printing = false;  // on paper nothing can be moved: the last frame
  const frame = p => (printing ? p.frames - 1 : Math.min(+control("frame").value, p.frames - 1));
  const row = p => Math.min(+control("row").value, p.rows - 1);
  const shade = kind => shadeOf(kind, current(), frame(current()), { decades: control("shades").value === "log", each: current().frame && control("reach").value === "one" });
  const largestAt = p => {
    const { error } = arraysOf(p);
    let best = 0;
    error.forEach((value, i) => { if (Math.abs(value) > Math.abs(error[best])) best = i; });
    return Math.floor(best / p.columns);
  };

  // What is shown, in words.
  const short = value => plain(+value.toPrecision(3));
  const frameMoment = p => `${p.frame.axis} = ${short(p.frame.places[frame(p)])}`;
  const moment = p => [p.frame && frameMoment(p), isMap(p) && `${p.axes[0]} = ${short(along(p, 0, row(p)))}`].filter(Boolean).join(", ");
  const when = p => (p.frame ? ` at ${frameMoment(p)}` : "");
  const stem = p => `${data.name}-${p.field}-sample${p.sample}${p.frame ? `-${p.frame.axis}${short(p.frame.places[frame(p)])}` : ""}`.replace(/[^\w.-]+/g, "_");
  const chosen = p => (isMap(p) ? [] : control("component").value === "all" || +control("component").value >= p.rows ? [...Array(p.rows).keys()] : [+control("component").value]);

  const readOut = (p, r, c) => {
    const values = arraysOf(p), i = (frame(p) * p.rows + r) * p.columns + c;
    const given = p.given ? `, ${p.given.name} = ${inWords(values.given[i], 3)}` : "";
    const words = p.alone ? `${inWords(values.solution[i], 3)}` : `solution ${inWords(values.solution[i], 3)}, reference ${inWords(values.reference[i], 3)}, error ${inWords(values.error[i])}`;
    control("readout").textContent = `${p.axes[0]} = ${plain(along(p, 0, r))}, ${p.axes[1]} = ${plain(along(p, 1, c))}${given}: ${words}`;
  };
  const map = kind => width => {
    const p = current();
    const room = Math.max(...mapsOf(p).map(one => barRoom(shade(one))));
    return drawMap({ kind, p, frame: frame(p), row: row(p), shade: shade(kind), room, width, when: when(p), onPoint: (r, c) => readOut(p, r, c), onPress: r => { control("row").value = r; update(); } });
  };
  const linesOf = p => {
    const values = arraysOf(p), rows = isMap(p) ? [row(p)] : chosen(p);
    return rows.map(r => ({ component: isMap(p) || p.rows === 1 ? null : r, ...Object.fromEntries(kindsOf(p).map(kind => [kind, lineOf(values[kind], p, frame(p), r)])) }));
  };
  const lines = (of, word) => width => {
    const p = current(), place = moment(p), axis = p.axes.at(-1), name = `${word}${isMap(p) || chosen(p).length > 1 ? p.field : p.components[chosen(p)[0]]}`;
    return drawLines({ kinds: of(p), p, lists: linesOf(p), width, name, title: `${name} along ${axis}${place ? ` at ${place}` : ""}` });
  };

  // Tables for CSV.
  const mapTable = p => {
    const kinds = mapsOf(p), values = kinds.map(kind => frameOf(arraysOf(p)[kind], p, frame(p))), rows = [[...p.axes, ...kinds.map(kind => (kind === "given" ? p.given.name : kind))]];
    for (let r = 0; r < p.rows; r++) for (let c = 0; c < p.columns; c++) rows.push([along(p, 0, r), along(p, 1, c), ...values.map(list => list[r * p.columns + c])]);
    return rows;
  };
  const lineTable = p => {
    const kinds = kindsOf(p), lists = linesOf(p), axis = p.axes.length - 1;
    const head = lists.flatMap(list => kinds.map(kind => (list.component === null ? kind : `${kind} ${p.components[list.component]}`)));
    return [[p.axes[axis], ...head], ...p.places[axis].map((place, c) => [place, ...lists.flatMap(list => kinds.map(kind => list[kind][c]))])];
  };

  const shown = (id, yes) => { control(id).hidden = !yes; };
  const offered = (id, yes) => { control(id).parentElement.hidden = !yes; };
  const labels = () => {
    const p = current();
    for (const kind of ["given", "solution", "reference", "error"]) shown(`map-${kind}`, isMap(p) && mapsOf(p).includes(kind));
    if (p.given) control("map-given").querySelector("b").textContent = capital(p.given.name);
    control("maps").classList.toggle("four", mapsOf(p).length > 3);
    control("maps").classList.toggle("one", mapsOf(p).length < 2);
    shown("maps", isMap(p));
    control("cut").classList.toggle("several", !isMap(p) && p.rows > 1);
    shown("cut-error", !p.alone);
    shown("key-reference", !p.alone);
    shown("key-solution", !p.alone);
    control("cut").classList.toggle("alone", p.alone);
    shown("readout", isMap(p));
    control("cut-name").textContent = isMap(p) ? "Along the line" : p.alone ? "Solution" : "Solution and reference";
    control("cut-error-name").textContent = isMap(p) ? "Error along the line" : "Error";
    offered("row", isMap(p));
    offered("frame", p.frames > 1);
    offered("reach", p.frames > 1);
    offered("shades", isMap(p) && !p.alone);
    offered("component", !isMap(p) && p.rows > 1);
    control("row").max = p.rows - 1;
    control("frame").max = p.frames - 1;
    if (p.frame) {
      control("frame-name").textContent = p.frame.axis === p.time ? "Time" : p.frame.axis;
      control("frame-value").textContent = frameMoment(p);
      control("frame").setAttribute("aria-valuetext", frameMoment(p));
    }
    if (isMap(p)) {
      const line = `${p.axes[0]} = ${short(along(p, 0, row(p)))}`;
      control("row-name").textContent = p.axes[0] === p.time ? "Time" : `Line at ${p.axes[0]}`;
      control("row-value").textContent = line;
      control("row").setAttribute("aria-valuetext", line);
    } else if (control("component").dataset.of !== p.components.join()) {
      control("component").replaceChildren(make("option", { value: "all" }, "all"), ...p.components.map((name, n) => make("option", { value: n }, name)));
      control("component").dataset.of = p.components.join();
    }
    document.querySelector("#cut .legend").replaceChildren(...(!isMap(p) && p.rows > 1 ? componentKeys(p, chosen(p)) : []));
    control("sample-value").textContent = `${p.sample}${drawnOf(p)}`;
    const size = isMap(p) ? `${p.rows} × ${p.columns} values` : `${p.columns} values`;
    control("which").textContent = [`${p.split} split`, `sample ${p.sample}`, p.frame && `${frameMoment(p)}${p.frames > 1 ? `, one of ${p.frames} times` : ""}`, size, p.note].filter(Boolean).join(", ") + whichDrawn(p);
  };
  const kept = memory.kept.values || {};
  for (const id of ["field", "sample", "shades", "reach"]) if (kept[id] !== undefined) control(id).value = kept[id];
  // Opened afresh, it shows the sample that rules the error.
  const errors = data.charts.samples?.errors;
  if (kept.sample === undefined && errors) {
    const own = samplesOf(fields[+control("field").value || 0]), largest = Math.max(...own.map(p => errors[p.sample] ?? 0));
    control("sample").max = own.length - 1;
    control("sample").value = Math.max(0, own.findIndex(p => errors[p.sample] === largest));
  }
  labels();
  const first = current();
  control("frame").value = kept.frame ?? (!first.frame || first.frame.axis === first.time ? first.frames - 1 : 0);
  control("row").value = kept.row ?? (first.kind === "map" && first.errorSize ? largestAt(first) : Math.floor((first.rows - 1) / 2));
  if (kept.component !== undefined) control("component").value = kept.component;
  labels();
  const own = ["given", "solution", "reference", "error"].map(kind => addPlot({
    figure: control(`map-${kind}`), draw: map(kind), rows: () => mapTable(current()),
    get name() { return `${stem(current())}-${kind}`; }, get title() { return `${shownIn(kind, current())}, sample ${current().sample}${when(current())}`; },
  }));
  const at = () => (moment(current()) ? ` at ${moment(current())}` : ` of ${current().field}, sample ${current().sample}`);
  const title = () => (current().alone ? "Solution" : "Solution and reference");
  own.push(addPlot({ figure: control("cut"), draw: lines(p => (p.alone ? ["solution"] : ["reference", "solution"]), ""), rows: () => lineTable(current()), get name() { return `${stem(current())}-line`; }, get title() { return `${title()}${at()}`; } }));
  own.push(addPlot({ figure: control("cut-error"), draw: lines(() => ["error"], "error of "), rows: () => lineTable(current()), get name() { return `${stem(current())}-line-error`; }, get title() { return `Error${at()}`; } }));
  let waiting = 0;
  const update = () => {
    labels();
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(() => own.forEach(plot => plot.redraw()));
  };
  for (const id of ["field", "sample", "frame", "row", "component", "reach", "shades"]) control(id).addEventListener("input", update);
  const onPaper = now => { printing = now; labels(); own.forEach(plot => plot.redraw()); };
  addEventListener("beforeprint", () => onPaper(true));
  addEventListener("afterprint", () => onPaper(false));
};
