// The steps of an episode one after the other: what the agent said, what it called, what it saw, and what that did to the figures.
const changeOf = (measure, before, now) => {
  if (measure.lower_is_better === null || before === null || now === null || before === now) return null;
  return (now < before) === measure.lower_is_better ? "better" : "worse";
};
const figuresOf = (episode, record) => {
  const from = record.action === "go_back" ? episode.before.get(record) : episode.byStep.get(record.from), rows = [];
  if (record.kind === "step" || record.kind === "failure" || record.kind === "start") data.measures.forEach((m, n) => {
    const now = record.values[n], before = from && from !== record ? from.values[n] : null;
    if (record.kind !== "start" && now === before) return;
    if (now === null && before === null) return;
    const change = changeOf(m, before, now);
    rows.push(make("tr", { class: m.held_out ? "held-out" : "" }, make("th", { scope: "row" }, m.name, m.held_out && make("span", { class: "chip hidden-figure" }, "not shown to the agent")),
      make("td", { class: "right" }, record.kind !== "start" && [before === null ? "unknown" : figure(before), " → "], now === null ? "unknown" : make("b", {}, figure(now)), m.unit && ` ${m.unit}`),
      make("td", {}, change && make("span", { class: `effect ${change}` }, change === "better" ? "▲ better" : "▼ worse"))));
  });
  for (const [name, value] of record.judged || []) rows.push(make("tr", { class: "held-out" }, make("th", { scope: "row" }, name, make("span", { class: "chip hidden-figure" }, "judges only")), make("td", { class: "right" }, value === null ? "unknown" : make("b", {}, figure(value))), make("td", {})));
  if (rows.length) return make("div", { class: "scroll" }, make("table", { class: "changes" }, make("tbody", {}, rows)));
  return record.kind === "step" && data.measures.length > 0 && make("p", { class: "note" }, "No figure has changed.");
};
const short = text => text.length <= 100 && !text.includes("\n");
const argumentsOf = (episode, record) => {
  const known = (record.arguments || []).map(([name, kind, parts]) => [name, kind, textOf(parts, episode.file), isWhole(parts)]);
  const open = known.filter(([, kind, text]) => kind === "json" && text === "null").map(([name]) => name);
  const inline = known.filter(([name, , text]) => short(text) && !open.includes(name)), long = known.filter(([, , text]) => !short(text));
  return [
    inline.length > 0 && make("dl", { class: "arguments" }, inline.map(([name, , text]) => [make("dt", {}, name), make("dd", {}, text === "" ? make("span", { class: "note" }, "empty") : text)])),
    open.length > 0 && make("p", { class: "note open" }, `Left open: ${open.join(", ")}.`),
    ...long.map(([name, kind, text, whole]) => {
      const lines = text.replace(/\n$/, "").split("\n").length, box = make("details", { class: "argument" }, make("summary", {}, make("b", {}, name), make("span", { class: "note" }, ` ${lines > 1 ? `${lines} lines` : `${text.length} characters`}`), whole && make("span", { class: "saving" }, copyButton(text))));
      box.open = lines <= 8 && text.length <= 800;
      box.addEventListener("toggle", () => { if (box.open && !box.querySelector(".passage")) box.append(passage(kind === "python" ? listing(text) : make("pre", { tabindex: 0, "aria-label": name }, text))); });
      return box;
    }),
  ];
};
const timeOf = seconds => `${plain(+seconds.toPrecision(seconds < 100 ? 2 : 3))} s`;
const costOf = record => [
  record.input !== undefined && `${record.estimated ? "about " : ""}${(record.input + record.output).toLocaleString("en")} tokens`,
  record.unpriced ? "price unknown" : record.usd && `${record.estimated ? "about " : ""}$${record.usd.toPrecision(2)}`,
  record.thinking >= 0.01 && `${timeOf(record.thinking)} of thought`,
  record.seconds >= 0.01 && timeOf(record.seconds),
].filter(Boolean).join(", ");

const bodyOfStep = (episode, record) => [
  record.said?.length > 0 && make("div", { class: "said" }, make("h5", {}, "The agent"), passage(make("pre", { tabindex: 0, "aria-label": "What the agent said" }, textOf(record.said, episode.file)))),
  record.meant && make("p", { class: "note" }, `It asked for ${record.meant}; the page of that was shown first.`),
  ...argumentsOf(episode, record),
  record.text?.length > 0 && make("div", { class: "seen" }, make("h5", {}, "What it saw"), passage(make("pre", { tabindex: 0, "aria-label": "Observation" }, textOf(record.text, episode.file)))),
  figuresOf(episode, record),
  ...(record.artifacts || []).map(artifactView),
].filter(Boolean);
const stepView = (episode, record) => {
  const gain = record.kind === "start" || !counts(record) ? 0 : record.score - (episode.before.get(record)?.score ?? record.score);
  const from = episode.byStep.get(record.from), jumped = record.kind !== "start" && counts(record) && from && record.from !== record.step - 1;
  const article = make("article", { class: `one-step ${record.kind}`, id: `record-${record.n}`, "data-id": record.n, "aria-label": titleOf(record) },
    make("header", {},
      make("h4", { tabindex: -1 }, titleOf(record), " ", record.kind !== "start" && make("code", {}, nameOf(record))),
      record.kind !== "start" && make("span", { class: `status ${failed(record) ? "failed" : record.status === "success" ? "ok" : ""}` }, `${statusMark(record)} ${statusWord(record)}`),
      kindWords[record.kind] && make("span", { class: "note" }, kindWords[record.kind]),
      counts(record) && make("span", { class: "scored" }, "score ", make("b", {}, figure(record.score)), gain !== 0 && make("span", { class: `effect ${gain > 0 ? "better" : "worse"}` }, ` ${gain > 0 ? "+" : "−"}${inWords(Math.abs(gain))}`)),
      make("span", { class: "note cost" }, costOf(record))),
    jumped && make("p", { class: "note" }, "It goes on from ", make("a", { href: linkOf(episode, from) }, from.kind === "start" ? "the beginning" : `step ${from.step}`), "."));
  article.fillNow = () => { if (!article.filled) { article.filled = true; article.append(...bodyOfStep(episode, record)); } };
  return article;
};
// Of hundreds of steps those out of sight are filled when they come near it, or are printed.
const showSteps = (episode, rows) => {
  const host = document.getElementById("steps"), views = rows.map(record => stepView(episode, record));
  const near = new IntersectionObserver(seen => seen.forEach(one => one.isIntersecting && one.target.fillNow()), { rootMargin: "1500px" });
  views.forEach((view, n) => (n < 60 ? view.fillNow() : near.observe(view)));
  host.replaceChildren(...(views.length ? views : [make("p", { class: "note" }, episode.records.length ? "None of its calls is of that kind." : "Its steps are left out here.")]));
};
addEventListener("beforeprint", () => document.querySelectorAll("#steps article").forEach(article => article.fillNow()));
