// What each move brought: a candidate against the best of those it was made from, or where it was made from none against the best before it.
// Errors below the reference's own cannot be told apart: they count as that.
const toldOf = c => (data.charts.lower ? Math.max(c.error, data.charts.least) : c.error);
const beneath = c => data.charts.lower && c.error < data.charts.least;
const betterThan = (a, b) => (data.charts.lower ? toldOf(a) < toldOf(b) : a.error > b.error);
// How many times as good one is as another, as far as it can be told; null where no factor says it.
const timesAsGood = (a, b) => (data.charts.log && a.error > 0 && b.error > 0 ? (data.charts.lower ? toldOf(b) / toldOf(a) : a.error / b.error) : null);
const gainWords = (factor, ...two) => `${two.some(beneath) ? "at least " : ""}${timesWords(factor)} times`;
const named = c => `candidate ${c.slot}`;
const measured = c => c.ok && c.error !== null;
const bestAmong = candidates => candidates.filter(measured).reduce((best, c) => (!best || betterThan(c, best) ? c : best), null);
// A factor as a person says it: 10, 2.5, 1.2 × 10⁴.
const timesWords = factor => (factor >= 1e4 ? inWords(factor, 1) : factor >= 10 ? String(Math.round(factor)) : String(+factor.toPrecision(2)));
const effectOf = c => {
  const parents = c.parents.map(id => byId.get(id)), before = bestAmong(parents), failed = parents.find(p => !measured(p));
  if (c.copy) return { kind: "even", words: `the program of candidate ${c.copy} again` };
  if (c.status === "in the making" || !parents.length) return null;
  if (!measured(c)) return before ? { kind: "worse", words: `failed, made from ${named(before)}` } : { kind: "worse", words: `does not mend ${named(parents[0])}` };
  if (!before) return { kind: "better", words: c.move === "debug" ? `mends ${named(failed)}` : `runs where ${named(failed)} failed` };
  if (beneath(c) && beneath(before)) return { kind: "even", words: `as good as ${named(before)}, both within the reference's own error` };
  const factor = timesAsGood(c, before);
  if (factor === null) return { kind: betterThan(c, before) ? "better" : "worse", words: `${inWords(c.error)} after ${inWords(before.error)} of ${named(before)}` };
  if (Math.abs(Math.log(factor)) < 0.05) return { kind: "even", words: `as good as ${named(before)}` };
  return factor > 1 ? { kind: "better", words: `${gainWords(factor, c)} better than ${named(before)}` } : { kind: "worse", words: `${gainWords(1 / factor, before)} worse than ${named(before)}` };
};
// The programs that it was made from: a copy among its parents only said that an earlier refinement had changed nothing.
const madeFrom = c => { const own = c.parents.map(id => byId.get(id)), programs = own.filter(p => !p.copy); return programs.length ? programs : own; };
const effectMark = c => { const effect = effectOf(c); return effect && make("span", { class: `effect ${effect.kind}` }, effect.words); };

// The moves that led to a better program, in their order; one that is as good and faster is better.
const showEffects = () => {
  const host = document.getElementById("effects"), steps = [];
  if (!host) return;
  let best = null;
  for (const { holder } of data.charts.progress) {
    const c = byId.get(holder);
    if (c && c !== best) { steps.push([c, best]); best = c; }
  }
  if (steps.length < 2) return;
  host.hidden = false;
  const most = 30, shown = steps.length > most ? [...steps.slice(0, 5), null, ...steps.slice(5 - most)] : steps;
  host.querySelector("ol").replaceChildren(...shown.map(step => {
    if (!step) return make("li", { class: "gap" }, `${steps.length - most} further steps`);
    const [c, before] = step, own = effectOf(c), factor = before && timesAsGood(c, before);
    const even = before && (beneath(c) && beneath(before) || factor !== null && Math.abs(Math.log(factor)) < 0.05);
    const gain = !before ? "the first that ran" : even ? "as good, as far as it can be told, and faster" : factor > 1 ? `${gainWords(factor, c)} better` : "better";
    const against = before && !c.parents.includes(before.id) ? ` than ${named(before)}, the best before it` : before ? ` than ${named(before)}` : "";
    return make("li", {},
      make("a", { href: `#candidate-${c.id}` }, c.slot), ` ${c.move}: `, make("b", { class: before ? "effect better" : "effect" }, gain), against,
      own && before && !c.parents.includes(before.id) && `; ${own.words}`, c.summary && make("span", { class: "by" }, `by ${c.summary}`), make("span", { class: "at" }, figure(c.error)));
  }));
};
