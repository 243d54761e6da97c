// The page as a whole: light or dark, copying the command, loading itself again while the run goes on.
const themes = ["auto", "light", "dark"], themeButton = document.getElementById("theme");
const setTheme = theme => {
  if (theme === "auto") delete document.documentElement.dataset.theme; else document.documentElement.dataset.theme = theme;
  themeButton.textContent = { auto: "◐ Auto", light: "○ Light", dark: "● Dark" }[theme];
  themeButton.setAttribute("aria-label", `Colours: ${theme}. Press to change.`);
};
let theme = "auto";
try { theme = themes.includes(localStorage.getItem("fieldsmith-theme")) ? localStorage.getItem("fieldsmith-theme") : "auto"; } catch { /* not allowed here */ }
setTheme(theme);
themeButton.addEventListener("click", () => {
  theme = themes[(themes.indexOf(theme) + 1) % themes.length];
  try { localStorage.setItem("fieldsmith-theme", theme); } catch { /* not allowed here */ }
  setTheme(theme);
  redrawAll();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redrawAll);
addEventListener("beforeprint", redrawAll);
addEventListener("afterprint", redrawAll);

document.querySelectorAll("[data-copy]").forEach(place => place.replaceWith(copyButton(document.getElementById(place.dataset.copy).textContent)));
showFields();
showCharts();
showSamples();
showOverTime();
showEffects();
// Each that was revealed beside others has made these narrower.
plots.filter(plot => plot.figure.closest(".charts")).forEach(plot => plot.redraw());
const tree = showTree();
let lastWidth = innerWidth;
addEventListener("resize", () => { if (innerWidth !== lastWidth) { lastWidth = innerWidth; redrawAll(); } });

// Watching: whoever reads, types, selects or drags is not disturbed; the new page stands where the old one stood.
if (memory.kept.values) {
  for (const id of memory.kept.open || []) document.getElementById(id)?.setAttribute("open", "");
  document.getElementById("tree")?.scrollTo(0, memory.kept.treeTop || 0);
  history.scrollRestoration = "manual";
  scrollTo({ top: memory.kept.top || 0, behavior: "instant" });
  const inner = document.querySelector("#candidate-body pre");
  if (inner) inner.scrollTop = memory.kept.inner || 0;
  const focused = memory.kept.focus && document.querySelector(memory.kept.focus);
  if (focused) focused.focus({ preventScroll: true });
}
if (data.refresh > 0) {
  let touched = 0;
  for (const kind of ["pointerdown", "pointermove", "keydown", "wheel", "touchstart", "input"]) addEventListener(kind, () => { touched = performance.now(); }, { passive: true });
  const quiet = Math.min(2500, data.refresh * 300);
  const focusOf = () => {
    const element = document.activeElement;
    if (element?.dataset?.id) return `#tree [data-id="${CSS.escape(element.dataset.id)}"]`;
    return element?.id && element !== document.body ? `#${CSS.escape(element.id)}` : "";
  };
  const again = () => {
    const busy = document.hidden || performance.now() - touched < quiet || String(getSelection()) !== "" || document.querySelector("input:active");
    if (busy) return setTimeout(again, Math.min(1000, data.refresh * 250));
    const values = Object.fromEntries([...document.querySelectorAll("select[id], input[id]")].map(control => [control.id, control.value]));
    const kept = memory.keep({
      values, top: scrollY, treeTop: document.getElementById("tree")?.scrollTop, inner: document.querySelector("#candidate-body pre")?.scrollTop,
      open: [...document.querySelectorAll("details[open][id]")].map(one => one.id), focus: focusOf(), ...tree?.state(),
    });
    if (kept) location.reload();  // without a memory, reading would be disturbed
  };
  // A run that was killed leaves a page that believes in it: look less often then, and say so.
  const quietFor = Date.now() / 1000 - data.written, stale = quietFor > 900;
  if (stale) document.getElementById("stale").textContent = `Nothing has been written for ${Math.round(quietFor / 60)} minutes: a candidate takes long, or the run has ended. The command \`fieldsmith runs\` knows.`;
  setTimeout(again, data.refresh * 1000 * (stale ? 6 : 1));
}
