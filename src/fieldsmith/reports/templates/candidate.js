// One candidate: figures, code, what changed, what went wrong, prompt and reply, under tabs.
const fileNote = (candidate, file, text) => make("p", { class: "above" }, make("span", { class: "note" }, fileOf(candidate, file)), text && copyButton(text));

const codeView = candidate => {
  const file = fileOf(candidate, "solver.py"), rows = [];
  let number = 1, text = "";
  const flush = () => {
    if (text) linesOf(text).forEach((line, n) => {
      const failing = number + n === candidate.line;
      rows.push(make("span", { class: failing ? "row failing" : "row", "data-n": number + n }, make("span", { class: "source" }, line.length ? line : "\u200b"), "\n"));
    });
    number += text.split("\n").length - 1;
    text = "";
  };
  for (const part of candidate.code) {
    if (!Array.isArray(part)) { text += data.texts[part]; continue; }
    flush();
    rows.push(make("span", { class: "row gap" }, `${gapText(part, file)}\n`));
    number += part[1];
  }
  flush();
  const marked = rows.some(row => row.classList.contains("failing"));
  return [fileNote(candidate, "solver.py", isWhole(candidate.code) && textOf(candidate.code)), candidate.line && make("p", { class: "note" }, `It failed at line ${candidate.line}${marked ? ", marked ▶" : ""}.`), passage(make("pre", { class: "listing", tabindex: 0, "aria-label": "Program" }, rows))];
};

const around = 3;
const diffView = candidate => {
  const parent = parentOf(candidate), [other, own] = [parent, candidate].map(c => textOf(c.code).replace(/\n$/, "")), before = linesOf(other), after = linesOf(own), rows = [];
  const steps = changes(other.split("\n"), own.split("\n"));
  let added = 0, removed = 0;
  const copy = line => (line || []).map(piece => (typeof piece === "string" ? piece : piece.cloneNode(true)));
  const row = (kind, sign, line, left, right) => make("span", { class: `row ${kind}`, "data-left": left }, make("span", { class: "sign", "data-right": right }, sign), make("span", { class: "source" }, copy(line), "\u200b"), "\n");
  steps.forEach(([equal, i0, i1, j0, j1], n) => {
    if (equal) {
      const head = n === 0 ? 0 : around, tail = n === steps.length - 1 ? 0 : around, hidden = i1 - i0 - head - tail;
      const same = (from, to) => { for (let k = from; k < to; k++) rows.push(row("same", " ", before[i0 + k], i0 + k + 1, j0 + k + 1)); };
      if (hidden < 3) return same(0, i1 - i0);
      same(0, head);
      rows.push(make("span", { class: "row gap" }, `⋯ ${hidden} equal lines\n`));
      return same(i1 - i0 - tail, i1 - i0);
    }
    for (let k = i0; k < i1; k++) if (before[k]) { rows.push(row("gone", "−", before[k], k + 1, "")); removed++; }
    for (let k = j0; k < j1; k++) if (after[k]) { rows.push(row("new", "+", after[k], "", k + 1)); added++; }
  });
  const link = make("a", { href: `#candidate-${parent.id}` }, `candidate ${parent.slot}`);
  const others = candidate.parents.length > 1 ? `, the closest of ${candidate.parents.length} programs it was made from` : "";
  const words = added || removed ? `: ${removed} lines gone (−), ${added} new (+).` : ": the same program.";
  return [make("p", { class: "note above" }, make("span", {}, "Against ", link, others, words)), passage(make("pre", { class: "listing diff", tabindex: 0, "aria-label": "What changed" }, rows))];
};

const textView = (candidate, file, name) => parts => {
  const text = textOf(parts, fileOf(candidate, file));
  return [fileNote(candidate, file, text), passage(make("pre", { tabindex: 0, "aria-label": name }, text))];
};
const outputView = candidate => [["stdout", "Standard output"], ["stderr", "Standard error"]].filter(([name]) => candidate[name]?.length).flatMap(([name, title]) => [make("h4", {}, title), passage(make("pre", { tabindex: 0, "aria-label": title }, textOf(candidate[name], fileOf(candidate, "candidate.json"))))]);

// Name, whether there is something to show, and how.
const tabs = [
  ["Code", c => c.code?.length, codeView],
  ["Diff", parentOf, diffView],
  ["Feedback", c => c.feedback?.length, c => textView(c, "candidate.json", "Feedback")(c.feedback)],
  ["Output", c => c.stdout?.length || c.stderr?.length, outputView],
  ["Prompt", c => c.prompt?.length, c => textView(c, "prompt.md", "Prompt")(c.prompt)],
  ["Reply", c => c.reply?.length, c => textView(c, "reply.md", "Reply")(c.reply)],
];
let wantedTab = memory.kept.tab || "";

const figuresOf = c => {
  const tokens = (c.input || 0) + (c.output || 0), rows = [];
  const add = (name, value) => value !== null && value !== undefined && rows.push(make("div", {}, make("dt", {}, name), make("dd", {}, value)));
  if (c.error !== null) add(`dev ${data.metric}`, figure(c.error));
  if (c.error !== null && c.trusted) add("error / trusted", figure(c.error / c.trusted));
  if (c.order !== null) add("order", figure(c.order));
  if (c.seconds !== null) add("processor time, s", figure(c.seconds));
  if (c.wall !== null) add("wall time, s", figure(c.wall));
  if (tokens) add("tokens in, out", `${c.estimated ? "about " : ""}${c.input}, ${c.output}${c.estimated ? " (estimated)" : ""}`);
  if (c.usd) add("cost", `${c.estimated ? "about " : ""}$${c.usd.toFixed(4)}`);
  return make("dl", { class: "facts" }, rows);
};
const lineageOf = c => {
  const links = c.parents.flatMap((id, n) => [n ? ", " : "", make("a", { href: `#candidate-${id}` }, byId.get(id).slot), byId.get(id).copy && ` (that of ${byId.get(id).copy} again)`]);
  const children = data.candidates.filter(o => o.parents.includes(c.id)).flatMap((o, n) => [n ? ", " : "", make("a", { href: `#candidate-${o.id}` }, o.slot)]);
  return make("p", { class: "note lineage" }, `${c.move[0]?.toUpperCase() || ""}${c.move.slice(1)}`, links.length > 0 && [" of ", ...links], `, by ${c.author}. `, !c.copy && effectOf(c) && [effectMark(c), ". "], c.copy && `The program is that of candidate ${c.copy} but for comments, formatting and names of local variables, and was not run again. `, children.length > 0 && ["Led to ", ...children, "."]);
};

const showCandidate = candidate => {
  const panel = document.getElementById("candidate"), offered = tabs.filter(([, has]) => has(candidate));
  const first = candidate.ok ? "Code" : "Feedback";
  let chosen = (offered.find(([name]) => name === wantedTab) || offered.find(([name]) => name === first) || offered[0] || [])[0];
  const list = make("div", { role: "tablist", "aria-label": `Candidate ${candidate.slot}` }), body = make("div", { role: "tabpanel", id: "candidate-body" });
  const choose = (name, focus) => {
    chosen = name;
    for (const tab of list.children) {
      const on = tab.dataset.name === name;
      tab.setAttribute("aria-selected", on);
      tab.tabIndex = on ? 0 : -1;
      if (on && focus) tab.focus();
      if (on) body.setAttribute("aria-labelledby", tab.id);
    }
    body.replaceChildren(...offered.find(([n]) => n === name)[2](candidate).filter(Boolean));
  };
  offered.forEach(([name], n) => list.append(make("button", {
    type: "button", role: "tab", id: `tab-${name}`, "data-name": name, "aria-controls": "candidate-body",
    onclick: () => { wantedTab = name; choose(name); },
    onkeydown: event => {
      const to = { ArrowRight: n + 1, ArrowLeft: n - 1, Home: 0, End: -1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      wantedTab = offered.at(to % offered.length)[0];
      choose(wantedTab, true);
    },
  }, name)));
  panel.replaceChildren(
    make("h3", { tabindex: -1 }, make("span", { class: `symbol ${candidate.ok ? "ok" : "failed"}`, "aria-hidden": "true" }, markOf(candidate)), ` Candidate ${candidate.slot} `, make("span", { class: `status ${candidate.ok ? "ok" : "failed"}` }, statusName(candidate)), candidate.best && make("span", { class: "chip" }, "the best")),
    lineageOf(candidate), figuresOf(candidate),
    ...(candidate.plan?.length ? [make("dl", { class: "plan" }, candidate.plan.filter(([name]) => name !== "in short" || candidate.plan.length === 1).map(([name, text]) => [make("dt", {}, name), make("dd", {}, text)]))] : []),
    ...(candidate.short ? [make("p", { class: "note" }, `Its plan and notes are left out here; they are in ${fileOf(candidate, "candidate.json")}.`)] : []),
    ...(candidate.repairs?.length ? [make("p", { class: "note repairs" }, "Done to make the reply usable: ", candidate.repairs.join("; "))] : []),
    ...(candidate.notes || []).map(note => make("p", { class: "warning" }, note)),
    ...(offered.length ? [list, body] : [make("p", { class: "note" }, candidate.status === "in the making" ? "It is in the making." : "Nothing was kept of it.")]),
  );
  if (chosen) choose(chosen);
};
