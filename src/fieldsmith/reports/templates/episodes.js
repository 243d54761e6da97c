// The page of a run of episodes: one of them is chosen, and a step of it.
const episodes = new Map(data.episodes.map(episode => [episode.id, episode]));
for (const episode of data.episodes) {
  episode.file = `episodes/${String(episode.id).padStart(4, "0")}.json`;
  episode.byStep = new Map();
  episode.before = new Map();
  let values = data.measures.map(() => null);
  episode.records.forEach((record, n) => {
    values = record.values ||= values;  // figures stand only where they have changed
    if (n) episode.before.set(record, episode.records[n - 1]);
    if (counts(record)) episode.byStep.set(record.step, record);
  });
}
const filter = document.getElementById("filter");
if ((memory.kept.values || {}).filter) filter.value = memory.kept.values.filter;
let chosen = null, byHand = memory.kept.byHand || false;

const chooseStep = n => {
  current.n = n;
  markState(n);
  document.querySelectorAll("#steps article").forEach(article => article.classList.toggle("current", +article.dataset.id === n));
  document.querySelectorAll("a.mark").forEach(mark => mark.classList.toggle("current", +mark.dataset.step === n));
};
const goToStep = ({ focus = true } = {}) => {
  const article = document.getElementById(`record-${current.n}`);
  if (!article) return;
  article.fillNow();
  const there = () => article.scrollIntoView({ block: "start", behavior: "instant" });
  there();
  requestAnimationFrame(() => requestAnimationFrame(there));  // what came into sight has its own height now
  if (focus) article.querySelector("h4").focus({ preventScroll: true });
};
const listed = () => {
  const rows = chosen.records.filter(wantedKinds[filter.value]), forks = new Map();
  for (const other of data.episodes) if (other.parent && other.parent[0] === chosen.id) forks.set(other.parent[1], [...(forks.get(other.parent[1]) || []), other]);
  showStates(chosen, rows, forks, { choose: chooseByHand, go: goToStep });
  showSteps(chosen, rows);
  document.getElementById("count").textContent = `${rows.length} of ${chosen.records.length}`;
  chooseStep(rows.some(r => r.n === current.n) ? current.n : rows.at(-1)?.n);
};
const chooseByHand = n => { byHand = true; chooseStep(n); history.replaceState(null, "", `#step-${chosen.id}-${n}`); };
const chooseEpisode = (id, n = null) => {
  if (chosen?.id === id) { if (n !== null) chooseStep(n); return; }
  chosen = episodes.get(id);
  current.n = n ?? chosen.records.at(-1)?.n ?? null;
  document.getElementById("episode").hidden = false;
  document.getElementById("h-episode").replaceChildren(`Episode ${id}`, chosen.id === data.best ? make("span", { class: "chip" }, "the best") : "");
  document.getElementById("about").replaceChildren(...[`Score ${inWords(chosen.score)} after ${chosen.steps} of ${chosen.most} steps; ${chosen.calls === "–" ? "no calls" : `${chosen.calls} calls were valid`}; ${chosen.ended}.`,
    chosen.parent && episodes.has(chosen.parent[0]) && [" It began in the state after ", make("a", { href: `#step-${chosen.parent[0]}-at-${chosen.parent[1]}` }, `step ${chosen.parent[1]} of episode ${chosen.parent[0]}`), "."],
    chosen.skipped && ` Its first ${chosen.skipped} calls are left out here; they are in ${chosen.file}.`].flat().filter(Boolean));
  document.querySelectorAll("#table tr[data-id]").forEach(row => { if (+row.dataset.id === id) row.setAttribute("aria-current", "true"); else row.removeAttribute("aria-current"); });
  showMeasures(chosen);
  listed();
};
// #episode-2, #step-2-14 by the place of a call, #step-2-at-7 by the number of a step.
const follow = () => {
  const match = /^#(?:episode|step)-(\d+)(?:-(at-)?(\d+))?$/.exec(location.hash), episode = match && episodes.get(+match[1]);
  if (!episode) return false;
  const record = match[3] === undefined ? null : match[2] ? episode.byStep.get(+match[3]) : episode.records.find(r => r.n === +match[3]);
  if (record && !wantedKinds[filter.value](record)) { filter.value = "all"; chosen = null; }
  chooseEpisode(episode.id, record ? record.n : null);
  return record ? "step" : "episode";
};
document.addEventListener("click", event => {
  const link = event.target.closest?.("a[href^='#episode-'], a[href^='#step-']"), row = event.target.closest?.("#table tr[data-id]");
  const address = link ? link.getAttribute("href") : row ? `#episode-${row.dataset.id}` : null;
  if (!address) return;
  event.preventDefault();
  byHand = true;
  history.replaceState(null, "", address);
  const found = follow();
  if (found === "step") goToStep();
  else if (found && !event.target.closest("#table")) { document.getElementById("episode").scrollIntoView(); document.getElementById("h-episode").focus({ preventScroll: true }); }
});
document.getElementById("table")?.addEventListener("keydown", event => {
  const links = [...document.querySelectorAll("#table th a")], at = links.indexOf(event.target), to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: links.length - 1 }[event.key];
  if (at < 0 || to === undefined || !links[to]) return;
  event.preventDefault();
  links[to].focus();
  links[to].click();
});
addEventListener("hashchange", () => { if (follow() === "step") goToStep(); });
filter.addEventListener("input", listed);
document.getElementById("further").addEventListener("toggle", redrawAll);
themeButton.addEventListener("click", repaintAll);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaintAll);
const beginAt = episodes.get(memory.kept.byHand ? memory.kept.episode : data.best) || data.episodes.at(-1);
const landed = memory.kept.values ? false : follow();
if (!landed && beginAt) chooseEpisode(beginAt.id, memory.kept.byHand ? memory.kept.step : null);
if (landed === "step") goToStep({ focus: false });
if (landed === "episode") document.getElementById("episode").scrollIntoView({ behavior: "instant" });
watch(["#states"], () => ({ byHand, episode: chosen?.id, step: current.n }));
