// What each move brought: a candidate against the best of those it was made from, or where it was made from none against the best before it.
const betterThan = (a, b) => (data.charts.lower ? a.error < b.error : a.error > b.error);
const measured = c => c.ok && c.error !== null;
const bestAmong = candidates => candidates.filter(measured).reduce((best, c) => (!best || betterThan(c, best) ? c : best), null);
// A factor as a person says it: 10, 2.5, 1.2 × 10⁴.
const timesWords = factor => (factor >= 1e4 ? inWords(factor, 1) : factor >= 10 ? String(Math.round(factor)) : String(+factor.toPrecision(2)));
const effectOf = c => {
  const parents = c.parents.map(id => byId.get(id)), before = bestAmong(parents), failed = parents.find(p => !measured(p));
  if (c.copy) return { kind: "even", words: `the program of ${c.copy} again` };
  if (c.status === "in the making" || !parents.length) return null;
  if (!measured(c)) return before ? { kind: "worse", words: `failed, made from ${before.slot}` } : { kind: "worse", words: `does not mend ${parents[0].slot}` };
  if (!before) return { kind: "better", words: c.move === "debug" ? `mends ${failed.slot}` : `runs where ${failed.slot} failed` };
  const factor = data.charts.log && before.error > 0 && c.error > 0 ? (data.charts.lower ? before.error / c.error : c.error / before.error) : null;
  if (factor === null) return { kind: betterThan(c, before) ? "better" : "worse", words: `${inWords(c.error)} after ${inWords(before.error)} of ${before.slot}` };
  if (Math.abs(Math.log(factor)) < 0.05) return { kind: "even", words: `as good as ${before.slot}` };
  return factor > 1 ? { kind: "better", words: `${timesWords(factor)} times better than ${before.slot}` } : { kind: "worse", words: `${timesWords(1 / factor)} times worse than ${before.slot}` };
};
// The programs that it was made from: a copy among its parents only said that an earlier refinement had changed nothing.
const madeFrom = c => { const own = c.parents.map(id => byId.get(id)), programs = own.filter(p => !p.copy); return programs.length ? programs : own; };
const effectMark = c => { const effect = effectOf(c); return effect && make("span", { class: `effect ${effect.kind}` }, effect.words); };

// The moves that lowered the best so far, in their order.
const showEffects = () => {
  const host = document.getElementById("effects"), steps = [];
  if (!host) return;
  let best = null;
  for (const c of data.candidates) if (measured(c) && (!best || betterThan(c, best))) { steps.push([c, best]); best = c; }
  if (steps.length < 2) return;
  host.hidden = false;
  const most = 30, shown = steps.length > most ? [...steps.slice(0, 5), null, ...steps.slice(5 - most)] : steps;
  host.querySelector("ol").replaceChildren(...shown.map(step => {
    if (!step) return make("li", { class: "gap" }, `${steps.length - most} further steps`);
    const [c, before] = step, own = effectOf(c), factor = before && data.charts.log && before.error > 0 && c.error > 0 ? (data.charts.lower ? before.error / c.error : c.error / before.error) : null;
    const gain = !before ? "the first that ran" : factor ? `${timesWords(factor)} times better` : "better";
    const against = before && !c.parents.includes(before.id) ? ` than ${before.slot}, the best before it` : before ? ` than ${before.slot}` : "";
    return make("li", {},
      make("a", { href: `#candidate-${c.id}` }, c.slot), ` ${c.move}: `, make("b", { class: before ? "effect better" : "effect" }, gain), against,
      own && before && !c.parents.includes(before.id) && `; ${own.words}`, c.summary && make("span", { class: "by" }, `by ${c.summary}`), make("span", { class: "at" }, figure(c.error)));
  }));
};
