// Long texts: copied as a whole, and shown in a place that is smaller.
const copyButton = text => make("button", {
  type: "button", class: "copy",
  onclick: async event => {
    const button = event.currentTarget;
    try { await navigator.clipboard.writeText(text); }
    catch {
      const area = make("textarea", { class: "offscreen" });
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
      button.focus();
    }
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  },
}, "Copy");
// A passage that is longer than its place says so: it fades at its end, and a button opens the whole.
const passage = pre => {
  const more = make("button", { type: "button", class: "more", onclick: () => { box.classList.add("whole"); update(); pre.focus({ preventScroll: true }); } });
  const box = make("div", { class: "passage" }, pre, more);
  more.hidden = true;  // until it is laid out, which tells how long it is
  const update = () => {
    const hidden = pre.scrollHeight - pre.clientHeight - pre.scrollTop, lines = Math.round(hidden / (parseFloat(getComputedStyle(pre).lineHeight) || 20));
    const goesOn = !box.classList.contains("whole") && hidden > 4;
    box.classList.toggle("goes-on", goesOn);
    more.hidden = box.classList.contains("whole") || pre.scrollHeight <= pre.clientHeight + 4;
    more.textContent = goesOn && lines > 0 ? `${lines} more line${lines === 1 ? "" : "s"} below. Show all` : "Show all";
  };
  pre.addEventListener("scroll", update, { passive: true });
  new ResizeObserver(update).observe(pre);  // also when it is first laid out
  return box;
};
