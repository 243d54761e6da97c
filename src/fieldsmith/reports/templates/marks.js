// Candidates: where each is found, its name in words, and its mark in a chart.
const byId = new Map(data.candidates.map(candidate => [candidate.id, candidate]));
for (const candidate of data.candidates) candidate.parents = candidate.parents.filter(id => byId.has(id));
const fileOf = (candidate, file) => `candidates/${candidate.slot}/${file}`;
const statusMarks = { ok: "●", crashed: "×", timeout: "◷", out_of_memory: "▣", missing_function: "∅", bad_output: "◇", not_finite: "∞", hopeless: "▽" };
const markOf = candidate => (candidate.status === "in the making" ? "○" : statusMarks[candidate.status] || "×");
const statusName = candidate => candidate.status.replaceAll("_", " ");
const labelOf = candidate => [
  `Candidate ${candidate.slot}, ${candidate.move}, ${statusName(candidate)}`,
  candidate.ok ? `dev ${data.metric} ${inWords(candidate.error)} in ${inWords(candidate.seconds)} s` : "",
  candidate.copy ? `the program of ${candidate.copy} again` : "",
].filter(Boolean).join(": ");

// The kind of move as a shape, so that colour carries nothing alone.
const shapes = {
  draft: r => draw("circle", { r }),
  debug: r => draw("rect", { x: -r * 0.9, y: -r * 0.9, width: 1.8 * r, height: 1.8 * r }),
  refine: r => draw("path", { d: `M0 ${-1.2 * r}L${1.1 * r} ${0.8 * r}H${-1.1 * r}Z` }),
  other: r => draw("path", { d: `M0 ${-1.3 * r}L${1.2 * r} 0L0 ${1.3 * r}L${-1.2 * r} 0Z` }),
};
const shapeOf = (move, r) => (shapes[move] || shapes.other)(r);

// A candidate in a chart: opens it when pressed.
// Of hundreds the marks are small and their surroundings too, so that each can be seen and pressed.
const crowded = data.candidates.length > 120, markSize = crowded ? 3.4 : 4.6;
const candidateMark = (candidate, x, y, extra = "") => {
  const link = draw("a", { href: `#candidate-${candidate.id}`, class: `mark${crowded ? " crowded" : ""}${candidate.ok ? "" : " failed"}${candidate.best ? " chosen" : ""}`, transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})`, tabindex: -1, "data-candidate": candidate.id, "aria-label": labelOf(candidate) });
  link.append(draw("title", {}, labelOf(candidate) + extra), draw("circle", { class: "reach", r: crowded ? 4 : 11 }));
  if (candidate.best) link.append(draw("circle", { class: "ring", r: 9.5 }));
  if (candidate.ok) { const shape = shapeOf(candidate.move, markSize); shape.setAttribute("class", "dot"); link.append(shape); }
  else link.append(draw("path", { class: "cross", d: crowded ? "M-3 -3L3 3M-3 3L3 -3" : "M-4 -4L4 4M-4 4L4 -4" }));
  return link;
};
const moveLegend = candidates => {
  const moves = [...new Set(candidates.map(c => c.move))], some = moves.length > 1;
  const key = (shape, word) => make("span", { class: "key" }, draw("svg", { width: 14, height: 14, viewBox: "-7 -7 14 14", "aria-hidden": "true" }, shape), word);
  const dot = move => { const shape = shapeOf(move, 4.6); shape.setAttribute("class", "dot"); return shape; };
  return [
    ...(some ? moves.map(move => key(dot(move), move)) : []),
    candidates.some(c => c.best) && key(draw("circle", { class: "ring", r: 6 }), "the best"),
  ].filter(Boolean);
};
