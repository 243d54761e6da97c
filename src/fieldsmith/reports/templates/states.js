// The states of an episode as a list with lanes: each step is joined to the one it went on from, so that going back shows as a fork.
const stepNames = { start: "beginning", end: "end" };
const kindWords = { free: "free: no step used", invalid: "not valid: no step used", end: "ended from outside" };
const counts = record => ["start", "step", "failure"].includes(record.kind);
const failed = record => record.kind === "failure" || record.kind === "invalid";
const nameOf = record => record.action && record.kind !== "start" ? record.action : stepNames[record.kind] || "no call";
const titleOf = record => (record.kind === "start" ? "Beginning" : counts(record) ? `Step ${record.step}` : `After step ${record.step}`);
const statusWord = record => record.status.replaceAll("_", " ");
const statusMark = record => ({ success: "●", parse_error: "?", validation_error: "?", runtime_error: "×", timeout: "◷", budget_exceeded: "■" })[record.status] || "×";
const linkOf = (episode, record) => `#step-${episode.id}-${record.n}`;
const sayStep = (episode, record) => `${titleOf(record)}, ${nameOf(record)}, ${statusWord(record)}: score ${inWords(record.score)}`;
const wantedKinds = { all: () => true, steps: counts, failures: failed };

// Which lane each step is drawn in: the way to the final state is the first; a fork takes the first that is free beside it.
const lanesOf = (episode, rows) => {
  const place = new Map(rows.map((record, n) => [record, n])), byStep = new Map(), children = new Map(), lane = new Map(), parent = new Map();
  const nodes = rows.filter(counts), path = new Set(episode.path);
  for (const record of episode.records) if (counts(record)) byStep.set(record.step, record);
  for (const node of nodes) {
    const from = node.kind === "start" ? null : byStep.get(node.from);
    if (from && from !== node && place.has(from)) { parent.set(node, from); children.set(from, [...(children.get(from) || []), node]); }
  }
  const chainFrom = node => { const chain = [node]; for (let next = node; next;) { const own = children.get(next) || []; next = own.find(o => path.has(o.step)) || own[0]; if (next) chain.push(next); } return chain; };
  const busy = [], done = new Set();
  const lay = node => {
    const chain = chainFrom(node), from = parent.has(node) ? place.get(parent.get(node)) : place.get(node), to = place.get(chain.at(-1));
    let at = 0;
    while ((busy[at] || []).some(([a, b]) => from < b + 1 && a < to + 1)) at++;
    (busy[at] ||= []).push([from, to]);
    for (const one of chain) { lane.set(one, at); done.add(one); }
  };
  for (const node of nodes) if (!done.has(node)) lay(node);
  return { place, lane, parent, path, count: Math.max(1, busy.length) };
};

const current = { n: null };  // the step that is chosen
const rowHeight = 34;
const drawLanes = (episode, rows, shadeOf) => {
  const { place, lane, parent, path, count } = lanesOf(episode, rows), gap = Math.min(16, 110 / count), width = Math.round(gap * count + 10);
  const x = record => 10 + gap * lane.get(record), y = record => rowHeight * (place.get(record) + 0.5);
  const svg = draw("svg", { class: "lanes", width, height: rowHeight * rows.length, "aria-hidden": "true" });
  const onPath = record => counts(record) && path.has(record.step);
  const edges = [...parent].sort(([a], [b]) => onPath(a) - onPath(b));
  for (const [to, from] of edges) {
    const [a, b, c, d] = [x(from), y(from), x(to), y(to)];
    const curve = a === c ? `M${a} ${b}V${d}` : `M${a} ${b}C${a} ${b + 0.8 * rowHeight} ${c} ${b + 0.2 * rowHeight} ${c} ${b + rowHeight}V${d}`;
    svg.append(draw("path", { class: onPath(to) && onPath(from) ? "way chosen" : "way", d: curve }));
  }
  for (const record of rows.filter(counts)) {
    const at = `translate(${x(record)} ${y(record)})`;
    if (record.kind === "failure") svg.append(draw("circle", { class: "behind", r: 6, transform: at }), draw("path", { class: "cross", d: "M-4 -4L4 4M-4 4L4 -4", transform: at }));
    else svg.append(draw(record.action === "go_back" ? "path" : "circle", { class: `state${onPath(record) ? " chosen" : ""}`, r: 5.5, d: record.action === "go_back" ? "M0 -6.5L6.5 0L0 6.5L-6.5 0Z" : null, transform: at, style: `--good-share: ${shadeOf(record)}%` }));
  }
  return [svg, width];
};

const showStates = (episode, rows, forks, { choose, go }) => {
  const list = document.getElementById("states"), scores = rows.map(r => r.score), low = Math.min(...scores), high = Math.max(...scores);
  const shadeOf = record => (high > low ? Math.round(100 * (record.score - low) / (high - low)) : 100);
  const scaleKey = document.getElementById("score-scale");
  scaleKey.replaceChildren(...(high > low ? ["score ", figure(low), make("span", { class: "ramp", "aria-hidden": "true" }), figure(high)] : []));
  const [svg, width] = drawLanes(episode, rows, shadeOf), last = episode.records.at(-1);
  list.style.setProperty("--lanes", `${width}px`);
  list.replaceChildren(...rows.map(record => make("li", {
    role: "option", "data-id": record.n, tabindex: -1, "aria-selected": "false", class: `${record.kind}${failed(record) ? " failed" : ""}`, title: sayStep(episode, record),
    onclick: () => { choose(record.n); go(); },
  },
    make("span", { class: "slot" }, counts(record) ? record.step : ""), make("span", { class: "move" }, nameOf(record)),
    failed(record) && make("span", { class: "status failed" }, statusWord(record)),
    record.kind === "free" && make("span", { class: "status" }, "free"),
    (forks.get(record.step) || []).length > 0 && counts(record) && make("span", { class: "status", title: "Another episode went on from here" }, `→ ${forks.get(record.step).map(e => `episode ${e.id}`).join(", ")}`),
    record === last && episode.ended !== "going on" && make("span", { class: "chip" }, "final"),
    make("span", { class: "result" }, counts(record) ? figure(record.score) : ""))), make("li", { class: "behind-all", role: "presentation" }, svg));
  list.onkeydown = event => {
    const items = [...list.querySelectorAll("[role=option]")], at = items.indexOf(event.target);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
    if (at < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    if (to !== undefined && items[to]) { event.preventDefault(); choose(+items[to].dataset.id); items[to].focus({ preventScroll: true }); go({ focus: false }); }
    if (event.key === "Enter" || event.key === " ") { event.preventDefault(); choose(+event.target.dataset.id); go(); }
  };
};
const markState = n => {
  const list = document.getElementById("states");
  for (const item of list.querySelectorAll("[role=option]")) {
    const on = +item.dataset.id === n;
    item.setAttribute("aria-selected", on);
    item.tabIndex = on ? 0 : -1;
    if (!on) continue;
    const top = item.offsetTop - list.offsetTop;
    if (top < list.scrollTop) list.scrollTop = top - 40;
    else if (top + item.offsetHeight > list.scrollTop + list.clientHeight) list.scrollTop = top + item.offsetHeight - list.clientHeight + 40;
  }
  if (!list.querySelector("[role=option][tabindex='0']")) list.querySelector("[role=option]")?.setAttribute("tabindex", 0);
};
