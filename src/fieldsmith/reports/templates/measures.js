// What the steps of an episode did to its figures: every measure over steps, what was spent, and the Pareto front of two of them.
const decades = values => values.length > 0 && Math.min(...values) > 0 && Math.max(...values) >= 30 * Math.min(...values);
// Of hundreds of steps the marks are small and fainter, so that each can be seen and pressed.
const stepMark = (episode, record, x, y, words = "") => {
  const label = sayStep(episode, record) + words, back = record.action === "go_back", crowded = episode.byStep.size > 80;
  const link = draw("a", { href: linkOf(episode, record), class: `mark${crowded ? " crowded" : ""}${record.kind === "failure" ? " failed" : ""}${record.n === current.n ? " current" : ""}`, transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})`, tabindex: -1, "data-step": record.n, "aria-label": label });
  link.append(draw("title", {}, label), draw("circle", { class: "reach", r: crowded ? 4 : 10 }));
  link.append(record.kind === "failure" ? draw("path", { class: "cross", d: crowded ? "M-3 -3L3 3M-3 3L3 -3" : "M-4 -4L4 4M-4 4L4 -4" }) : back ? draw("path", { class: "dot hollow", d: crowded ? "M0 -4L4 0L0 4L-4 0Z" : "M0 -5.5L5.5 0L0 5.5L-5.5 0Z" }) : draw("circle", { class: "dot", r: crowded ? 2.6 : 4 }));
  return link;
};
const key = (shape, word) => make("span", { class: "key" }, draw("svg", { width: 24, height: 12, viewBox: "-12 -6 24 12", "aria-hidden": "true" }, shape), word);
const legendOf = (rows, more) => [
  ...more,
  rows.some(r => r.action === "go_back") && key(draw("path", { class: "dot hollow", d: "M0 -5L5 0L0 5L-5 0Z" }), "went back"),
  rows.some(r => r.kind === "failure") && key(draw("path", { class: "cross", d: "M-4 -4L4 4M-4 4L4 -4" }), "failed"),
].filter(Boolean);
// A plot with its place, its name, and a line below that tells what is pointed at.
const plotPlace = (host, name, hidden, ...controls) => {
  const figure = make("figure", {}, make("figcaption", {}, make("b", {}, name), hidden && make("span", { class: "chip hidden-figure" }, "not shown to the agent"), controls, make("span", { class: "saving" })), make("div", { class: "canvas" }), make("div", { class: "legend" }), make("p", { class: "note told", "aria-live": "polite" }));
  for (const kind of ["pointerover", "focusin"]) figure.addEventListener(kind, event => { const mark = event.target.closest?.("a.mark"); if (mark) figure.querySelector(".told").textContent = mark.getAttribute("aria-label"); });
  host.append(figure);
  return figure;
};
const smallSize = (width, yTicks) => ({ ...chartSize(width, yTicks), height: 210 });
const lineThrough = (points, kind) => points.length > 1 && draw("path", { class: kind, d: `M${points.map(p => p.map(v => v.toFixed(1)).join(" ")).join("L")}` });

const measureOver = (episode, host, { name, unit, lower, hidden, valueOf }) => {
  const rows = episode.records.filter(r => counts(r) && valueOf(r) !== null && valueOf(r) !== undefined), values = rows.map(valueOf);
  if (!rows.length) return;
  const figure = plotPlace(host, name, hidden), log = decades(values), path = new Set(episode.path), byStep = new Map(rows.map(r => [r.step, r]));
  const direction = lower === null ? "" : lower ? "lower is better" : "higher is better";
  addPlot({
    figure, name: `${data.name}-episode-${episode.id}-${fileName(name)}`, title: `${name} over steps`,
    draw: width => {
      const size = smallSize(width, scale(values, 1, 0, { log }).ticks()), { margin, height } = size;
      const x = scale(rows.map(r => r.step), margin.left, width - margin.right, { whole: true, tight: rows.length > 1 });
      const y = scale(values, height - margin.bottom, margin.top, { log, most: 4 }), at = r => [x.at(r.step), y.at(valueOf(r))];
      const ways = rows.filter(r => r.kind !== "start" && byStep.has(r.from) && r.from !== r.step).map(r => {
        const on = path.has(r.step) && path.has(r.from);
        return [on, lineThrough([at(byStep.get(r.from)), at(r)], on ? "best-line" : "aside")];
      }).sort((a, b) => a[0] - b[0]).map(([, line]) => line);
      let best = null;
      const soFar = lower === null ? [] : rows.filter(r => r.kind !== "failure").flatMap(r => {
        const before = best, v = valueOf(r);
        if (best === null || (lower ? v < best : v > best)) best = v;
        return before === null ? [[x.at(r.step), y.at(best)]] : [[x.at(r.step), y.at(before)], [x.at(r.step), y.at(best)]];
      });
      if (soFar.length) soFar.push([width - margin.right, soFar.at(-1)[1]]);
      return walkable(frame({ ...size, x, y, xName: "step", yName: unit ? `${name} / ${unit}` : name, title: `${name} over steps${direction && `, ${direction}`}` },
        lineThrough(soFar, "front"), ways, rows.map(r => stepMark(episode, r, ...at(r), `; ${name} ${inWords(valueOf(r))}${unit ? ` ${unit}` : ""}`))));
    },
    rows: () => [["step", "from", "action", "status", name], ...rows.map(r => [r.step, r.from, r.action, r.status, valueOf(r)])],
  });
  figure.querySelector(".legend").replaceChildren(...legendOf(rows, [direction && make("span", { class: "key" }, direction), lower !== null && key(draw("path", { class: "front", d: "M-12 0H12" }), "best so far"), rows.length > 1 && key(draw("path", { class: "best-line", d: "M-12 0H12" }), "to the final state")].filter(Boolean)));
};

const spendOver = (episode, host) => {
  const all = episode.records, sums = { tokens: 0, dollars: 0, seconds: 0 };
  const rows = all.map(r => {
    sums.tokens += (r.input || 0) + (r.output || 0); sums.dollars += r.usd || 0; sums.seconds += (r.seconds || 0) + (r.thinking || 0);
    return { record: r, ...sums };
  });
  const about = all.some(r => r.estimated) ? "about " : "";
  const offered = [sums.tokens > 0 && ["tokens", `${about}tokens`], sums.dollars > 0 && !all.some(r => r.unpriced) && ["dollars", `${about}US dollars`], sums.seconds > 0 && ["seconds", "seconds"]].filter(Boolean);
  if (!offered.length || rows.length < 2) return;
  const choice = make("select", { "aria-label": "What is added up" }, offered.map(([value, word]) => make("option", { value }, word)));
  const figure = plotPlace(host, "Spent so far:", false, choice);
  const plot = addPlot({
    figure, name: `${data.name}-episode-${episode.id}-spend`, title: "Spent so far over steps",
    draw: width => {
      const values = rows.map(r => r[choice.value]), size = smallSize(width, scale(values, 1, 0).ticks()), { margin, height } = size;
      const x = scale(rows.map((_, n) => n), margin.left, width - margin.right, { whole: true, tight: true }), y = scale(values, height - margin.bottom, margin.top, { most: 4 });
      const at = rows.map((r, n) => [x.at(n), y.at(r[choice.value])]);
      return walkable(frame({ ...size, x, y, xName: "call, those that cost no step included", yName: offered.find(([value]) => value === choice.value)[1], title: "Spent so far" },
        lineThrough(at, "best-line"), rows.filter(r => counts(r.record)).map(r => stepMark(episode, r.record, ...at[rows.indexOf(r)], `; ${inWords(r[choice.value])} ${choice.value}`))));
    },
    rows: () => [["call", "step", "action", "tokens", "dollars", "seconds"], ...rows.map((r, n) => [n, r.record.step, r.record.action, r.tokens, r.dollars, r.seconds])],
  });
  choice.addEventListener("input", plot.redraw);
};

// The efficient states: no other is as good by both measures and better by one.
const paretoOf = (episode, host) => {
  const directed = data.measures.map((m, n) => ({ ...m, n })).filter(m => m.lower_is_better !== null && m.name !== "score");
  const first = [...directed.filter(m => m.main && !m.held_out), ...directed.filter(m => !m.main && !m.held_out), ...directed.filter(m => m.held_out)];
  const states = episode.records.filter(r => r.kind === "start" || r.kind === "step"), withBoth = (a, b) => states.filter(r => r.values[a] !== null && r.values[b] !== null);
  const usable = first.filter(m => states.some(r => r.values[m.n] !== null));
  if (usable.length < 2) return;
  const options = chosen => usable.map(m => make("option", { value: m.n, selected: m === chosen }, m.name + (m.held_out ? " (held out)" : "")));
  const down = make("select", { "aria-label": "Measure upwards" }, options(usable[0])), along = make("select", { "aria-label": "Measure along" }, options(usable[1]));
  const figure = plotPlace(host, "Pareto front:", false, down, "against", along);
  const of = select => data.measures[+select.value];
  const efficient = () => {
    const sign = [of(along), of(down)].map(m => (m.lower_is_better ? 1 : -1)), of2 = r => [sign[0] * r.values[+along.value], sign[1] * r.values[+down.value]], rows = withBoth(+along.value, +down.value);
    return rows.filter(r => { const own = of2(r); return !rows.some(o => { const other = of2(o); return other[0] <= own[0] && other[1] <= own[1] && (other[0] < own[0] || other[1] < own[1]); }); });
  };
  const plot = addPlot({
    figure, name: `${data.name}-episode-${episode.id}-pareto`, title: "Pareto front of the states",
    draw: width => {
      const rows = withBoth(+along.value, +down.value), best = new Set(efficient()), [xs, ys] = [rows.map(r => r.values[+along.value]), rows.map(r => r.values[+down.value])];
      if (!rows.length) return make("p", { class: "note" }, "No state has both figures.");
      const size = smallSize(width, scale(ys, 1, 0, { log: decades(ys) }).ticks()), { margin, height } = size;
      const x = scale(xs, margin.left, width - margin.right, { log: decades(xs), most: width < 420 ? 4 : 6 }), y = scale(ys, height - margin.bottom, margin.top, { log: decades(ys), most: 4 });
      const at = r => [x.at(r.values[+along.value]), y.at(r.values[+down.value])], named = m => `${m.name}${m.unit ? ` / ${m.unit}` : ""}, ${m.lower_is_better ? "lower" : "higher"} is better`;
      return walkable(frame({ ...size, x, y, xName: named(of(along)), yName: `${of(down).name}${of(down).unit ? ` / ${of(down).unit}` : ""}`, title: "Pareto front of the states" },
        lineThrough([...best].map(at).sort((a, b) => a[0] - b[0]), "front"),
        rows.map(r => { const mark = stepMark(episode, r, ...at(r), `; ${of(down).name} ${inWords(r.values[+down.value])}, ${of(along).name} ${inWords(r.values[+along.value])}${best.has(r) ? "; efficient" : ""}`); if (best.has(r)) mark.append(draw("circle", { class: "ring", r: 8 })); return mark; })));
    },
    rows: () => [["step", "action", of(down).name, of(along).name, "efficient"], ...withBoth(+along.value, +down.value).map(r => [r.step, r.action, r.values[+down.value], r.values[+along.value], efficient().includes(r) ? "yes" : ""])],
  });
  for (const select of [down, along]) select.addEventListener("input", plot.redraw);
  figure.querySelector(".legend").replaceChildren(...legendOf(states, [key(draw("circle", { class: "ring", r: 5 }), "efficient"), key(draw("path", { class: "front", d: "M-12 0H12" }), "the front")]));
};

const showMeasures = episode => {
  const charts = document.getElementById("charts"), further = document.getElementById("further"), more = further.querySelector(".charts");
  plots.length = 0;
  charts.replaceChildren(); more.replaceChildren();
  measureOver(episode, charts, { name: "score", unit: "", lower: false, hidden: false, valueOf: r => r.score });
  paretoOf(episode, charts);
  data.measures.forEach((m, n) => {
    if (m.name === "score") return;
    measureOver(episode, m.main && !m.held_out ? charts : more, { name: m.name, unit: m.unit, lower: m.lower_is_better, hidden: m.held_out, valueOf: r => r.values[n] });
  });
  spendOver(episode, charts);
  further.hidden = !more.childElementCount;
  further.querySelector("summary").textContent = `Further figures over steps: ${more.childElementCount}`;
  redrawAll();  // all are there now, and each has the width it keeps
};
