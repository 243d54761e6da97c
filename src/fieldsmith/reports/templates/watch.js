// Watching a run: whoever reads, types, selects or drags is not disturbed; the new page stands where the old one stood.
// `scrolled` are places that scroll by themselves, `state` what else has to be remembered.
const watch = (scrolled, state) => {
  if (memory.kept.values) {
    for (const id of memory.kept.open || []) document.getElementById(id)?.setAttribute("open", "");
    history.scrollRestoration = "manual";
    scrollTo({ top: memory.kept.top || 0, behavior: "instant" });
    scrolled.forEach((place, n) => document.querySelector(place)?.scrollTo(0, (memory.kept.inner || [])[n] || 0));
    const focused = memory.kept.focus && document.querySelector(memory.kept.focus);
    if (focused) focused.focus({ preventScroll: true });
  }
  if (!(data.refresh > 0)) return;
  let touched = 0;
  for (const kind of ["pointerdown", "pointermove", "keydown", "wheel", "touchstart", "input"]) addEventListener(kind, () => { touched = performance.now(); }, { passive: true });
  const quiet = Math.min(2500, data.refresh * 300);
  const focusOf = () => {
    const element = document.activeElement;
    if (element?.dataset?.id) return `#${CSS.escape(element.closest("[id]").id)} [data-id="${CSS.escape(element.dataset.id)}"]`;
    return element?.id && element !== document.body ? `#${CSS.escape(element.id)}` : "";
  };
  const again = () => {
    const busy = document.hidden || performance.now() - touched < quiet || String(getSelection()) !== "" || document.querySelector("input:active");
    if (busy) return setTimeout(again, Math.min(1000, data.refresh * 250));
    const values = Object.fromEntries([...document.querySelectorAll("select[id], input[id]")].map(control => [control.id, control.value]));
    const kept = memory.keep({
      values, top: scrollY, inner: scrolled.map(place => document.querySelector(place)?.scrollTop),
      open: [...document.querySelectorAll("details[open][id]")].map(one => one.id), focus: focusOf(), ...state(),
    });
    if (kept) location.reload();  // without a memory, reading would be disturbed
  };
  // A run that was killed leaves a page that believes in it: look less often then, and say so.
  const quietFor = Date.now() / 1000 - data.written, stale = quietFor > 900;
  if (stale) document.getElementById("stale").textContent = `Nothing has been written for ${Math.round(quietFor / 60)} minutes: ${data.what} takes long, or the run has ended. The command \`fieldsmith runs\` knows.`;
  setTimeout(again, data.refresh * 1000 * (stale ? 6 : 1));
};
