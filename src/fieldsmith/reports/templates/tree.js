// The tree of candidates: which came from which, how each ended, what its plan was. Arrow keys walk, what is walked on is shown.
const showTree = () => {
  const tree = document.getElementById("tree");
  if (!tree) return;
  const order = document.getElementById("order"), filter = document.getElementById("filter"), closed = new Set(memory.kept.closed || []);
  const best = data.candidates.find(c => c.best);
  let byHand = memory.kept.selected !== undefined;  // until then the best is shown, whichever that is
  let selected = memory.kept.selected ?? best?.id ?? data.candidates[0]?.id;
  const children = new Map(data.candidates.map(c => [c.id, []])), roots = [];
  for (const c of data.candidates) (c.parents.length ? children.get(c.parents[0]) : roots).push(c);

  const wanted = c => ({ ran: c.ok, failed: !c.ok && c.status !== "in the making", all: true })[filter.value];
  // Rows as [candidate, level, position, siblings, has children]; children of what is closed are left out.
  const rows = () => {
    if (order.value !== "tree" || filter.value !== "all") {
      const by = { tree: c => c.id, came: c => c.id, best: c => (c.ok && c.error !== null ? (data.charts.lower ? c.error : -c.error) : Infinity), time: c => (c.ok ? c.seconds ?? Infinity : Infinity) }[order.value];
      const found = data.candidates.filter(wanted).sort((a, b) => { const [p, q] = [by(a), by(b)]; return p === q ? a.id - b.id : p < q ? -1 : 1; });
      return found.map((c, n) => [c, 1, n + 1, found.length, false]);
    }
    const found = [], stack = [...roots.map((c, n) => [c, 1, n + 1, roots.length])].reverse();
    while (stack.length) {
      const [c, level, position, siblings] = stack.pop(), own = children.get(c.id);
      found.push([c, level, position, siblings, own.length > 0]);
      if (!closed.has(c.id)) own.map((o, n) => [o, level + 1, n + 1, own.length]).reverse().forEach(one => stack.push(one));
    }
    return found;
  };
  // The better, the nearer to the accent: by decades where the charts go by them.
  const ran = data.candidates.filter(measured), onScale = c => (data.charts.log ? Math.log(toldOf(c)) : toldOf(c)), all = ran.map(onScale);
  const [first, last] = data.charts.lower ? [Math.max(...all), Math.min(...all)] : [Math.min(...all), Math.max(...all)];
  const goodness = c => (first === last ? 1 : (onScale(c) - first) / (last - first));
  const scaleKey = document.getElementById("tree-scale"), worst = ran.find(c => onScale(c) === first);
  if (ran.length > 1 && first !== last) { scaleKey.hidden = false; scaleKey.append(figure(worst.error), make("span", { class: "ramp", "aria-hidden": "true" }), figure(bestAmong(ran).error)); }
  const items = () => [...tree.children];
  const mark = id => {
    for (const item of items()) {
      const on = +item.dataset.id === id;
      item.setAttribute("aria-selected", on);
      item.tabIndex = on ? 0 : -1;
      item.classList.toggle("parent", byId.get(id)?.parents.includes(+item.dataset.id) || false);
      item.classList.toggle("child", byId.get(+item.dataset.id).parents.includes(id));
    }
    if (!tree.querySelector("[tabindex='0']") && tree.firstElementChild) tree.firstElementChild.tabIndex = 0;
  };
  const inView = item => {
    const top = item.offsetTop - tree.offsetTop, bottom = top + item.offsetHeight;
    if (top < tree.scrollTop) tree.scrollTop = top - 4;
    else if (bottom > tree.scrollTop + tree.clientHeight) tree.scrollTop = bottom - tree.clientHeight + 4;
  };
  const select = (id, { focus = false, address = true, chosen = true } = {}) => {
    if (!byId.has(id)) return;
    byHand ||= chosen;
    selected = id;
    mark(id);
    showCandidate(byId.get(id));
    document.querySelectorAll("a.mark").forEach(one => one.classList.toggle("current", +one.getAttribute("data-candidate") === id));
    const item = tree.querySelector(`[data-id="${id}"]`);
    if (item) { inView(item); if (focus) item.focus({ preventScroll: true }); }
    if (address) history.replaceState(null, "", `#candidate-${id}`);
  };
  const toggle = (id, open) => { if (open) closed.delete(id); else closed.add(id); build(); tree.querySelector(`[data-id="${id}"]`)?.focus(); };
  const build = () => {
    const shown = rows();
    tree.replaceChildren(...shown.map(([c, level, position, siblings, parent]) => make("li", {
      role: "treeitem", "data-id": c.id, "aria-level": level, "aria-posinset": position, "aria-setsize": siblings, "aria-expanded": parent ? String(!closed.has(c.id)) : null,
      style: `--level: ${Math.min(level - 1, 7)}`, class: `${c.ok ? "ok" : "failed"}${c.best ? " chosen" : ""}`,
      onclick: event => { if (event.target.closest(".twist")) toggle(c.id, closed.has(c.id)); else { select(c.id, { focus: true }); if (matchMedia("(max-width: 860px)").matches) document.getElementById("candidate").scrollIntoView({ block: "start" }); } },
    },
      make("span", { class: "twist", "aria-hidden": "true" }, parent ? (closed.has(c.id) ? "▸" : "▾") : ""),
      make("span", { class: `symbol ${c.ok ? "ok" : "failed"}`, "aria-hidden": "true", style: measured(c) ? `--good-share: ${Math.round(100 * goodness(c))}%` : null }, markOf(c)),
      make("span", { class: "slot" }, c.slot), make("span", { class: "move" }, c.move, madeFrom(c).length > 1 && make("span", { class: "others" }, ` of ${madeFrom(c).map(p => p.slot).join(" + ")}`)),
      make("span", { class: "result" }, c.ok && c.error !== null ? figure(c.error) : statusName(c)), c.best && make("span", { class: "chip" }, "best"),
      make("span", { class: "summary" }, effectMark(c), effectOf(c) && c.summary ? ": " : "", c.summary || ""))));
    document.getElementById("count").textContent = `${shown.length} of ${data.candidates.length}`;
    mark(selected);
  };
  tree.addEventListener("keydown", event => {
    const all = items(), at = all.indexOf(event.target.closest("[role=treeitem]"));
    if (at < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    const id = +all[at].dataset.id, expanded = all[at].getAttribute("aria-expanded");
    const move = n => all[n] && select(+all[n].dataset.id, { focus: true });
    const act = {
      ArrowDown: () => move(at + 1), ArrowUp: () => move(at - 1), Home: () => move(0), End: () => move(all.length - 1),
      ArrowRight: () => (expanded === "false" ? toggle(id, true) : expanded === "true" && move(at + 1)),
      ArrowLeft: () => { if (expanded === "true") toggle(id, false); else { const level = +all[at].getAttribute("aria-level"); for (let n = at - 1; n >= 0; n--) if (+all[n].getAttribute("aria-level") < level) return move(n); } },
      Enter: () => document.querySelector("#candidate [role=tab][tabindex='0']")?.focus(), " ": () => select(id, { focus: true }),
    }[event.key];
    if (act) { event.preventDefault(); act(); }
  });
  // A link anywhere on the page to a candidate shows it.
  const follow = () => {
    const match = /^#candidate-(\d+)$/.exec(location.hash);
    if (!match || !byId.has(+match[1])) return false;
    if (!tree.querySelector(`[data-id="${match[1]}"]`)) { closed.clear(); filter.value = "all"; build(); }
    select(+match[1], { address: false });
    return true;
  };
  document.addEventListener("click", event => {
    const link = event.target.closest?.("a[href^='#candidate-']");
    if (!link) return;
    event.preventDefault();
    history.replaceState(null, "", link.getAttribute("href"));
    if (!follow()) return;
    const panel = document.getElementById("candidate");
    if (link.closest("#search") || link.closest("#best")) { document.getElementById("candidates").scrollIntoView(); panel.querySelector("h3").focus({ preventScroll: true }); } else panel.querySelector("h3")?.focus({ preventScroll: true });
  });
  addEventListener("hashchange", follow);
  for (const control of [order, filter]) {
    if ((memory.kept.values || {})[control.id]) control.value = memory.kept.values[control.id];
    control.addEventListener("input", () => {
      build();
      const shown = rows();
      if (shown.length && !shown.some(([c]) => c.id === selected)) select(shown[0][0].id);
    });
  }
  build();
  if (!(memory.kept.values ? false : follow()) && selected !== undefined) select(selected, { address: false, chosen: false });
  return { state: () => ({ selected: byHand ? selected : undefined, closed: [...closed], tab: wantedTab }) };
};
