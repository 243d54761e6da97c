// The course of a molecule's chains as a smooth line, from the N terminus in blue to the C terminus in red. Turned by dragging, or by the arrow keys.
const structureView = (chains, name) => {
  const canvas = make("canvas", { class: "structure", tabindex: 0, role: "img", "aria-label": `${name}: ${chains.map(c => `chain ${c.name || "without a name"} of ${c.residues.length} residues`).join(", ")}. Arrow keys turn it.` });
  const context = canvas.getContext("2d"), told = make("p", { class: "note", "aria-live": "polite" });
  const points = chains.flatMap(({ places, residues }, chain) => residues.map((residue, n) => ({ chain, residue, along: n / (residues.length - 1 || 1), at: [0, 1, 2].map(k => places[3 * n + k] / 10) })));
  const middle = [0, 1, 2].map(k => points.reduce((sum, p) => sum + p.at[k], 0) / points.length);
  for (const p of points) p.at = p.at.map((value, k) => value - middle[k]);
  const size = Math.max(1, ...points.map(p => Math.hypot(...p.at)));
  // Points between the residues, by Catmull and Rom's curve; a gap in a chain is not bridged.
  const pieces = [];
  points.forEach((p, n) => {
    const q = points[n + 1];
    if (!q || q.chain !== p.chain || Math.hypot(...p.at.map((v, k) => v - q.at[k])) > 9) return;
    const near = (m, other) => (points[m] && points[m].chain === p.chain ? points[m].at : other), before = near(n - 1, p.at), after = near(n + 2, q.at);
    const fine = points.length > 1200 ? 2 : 5;
    let last = p.at;
    for (let s = 1; s <= fine; s++) {
      const t = s / fine, at = [0, 1, 2].map(k => 0.5 * (2 * p.at[k] + t * (q.at[k] - before[k]) + t * t * (2 * before[k] - 5 * p.at[k] + 4 * q.at[k] - after[k]) + t ** 3 * (3 * p.at[k] - before[k] - 3 * q.at[k] + after[k])));
      pieces.push([last, at, p.along + t * (q.along - p.along)]);
      last = at;
    }
  });
  // It begins with its longest axis across the picture and the second one upright.
  const axisAcross = others => {
    let axis = [0.6, 0.7, 0.4];
    for (let round = 0; round < 60; round++) {
      let next = [0, 0, 0];
      for (const p of points) { const along = p.at.reduce((sum, v, k) => sum + v * axis[k], 0); next = next.map((v, k) => v + along * p.at[k]); }
      for (const other of others) { const along = next.reduce((sum, v, k) => sum + v * other[k], 0); next = next.map((v, k) => v - along * other[k]); }
      const length = Math.hypot(...next);
      if (length < 1e-9) break;
      axis = next.map(v => v / length);
    }
    return axis;
  };
  const first = axisAcross([]), second = axisAcross([first]);
  const third = [0, 1, 2].map(k => first[(k + 1) % 3] * second[(k + 2) % 3] - first[(k + 2) % 3] * second[(k + 1) % 3]);
  let turn = [first, second, third];
  const times = (a, b) => a.map(row => [0, 1, 2].map(k => row.reduce((sum, value, m) => sum + value * b[m][k], 0)));
  const rotate = (across, down) => {
    const [c, s, d, e] = [Math.cos(across), Math.sin(across), Math.cos(down), Math.sin(down)];
    turn = times([[1, 0, 0], [0, d, -e], [0, e, d]], times([[c, 0, s], [0, 1, 0], [-s, 0, c]], turn));
    paint();
  };
  const turned = at => turn.map(row => row[0] * at[0] + row[1] * at[1] + row[2] * at[2]);
  let spots = [];
  // As large as it began, and smaller only where it would not fit.
  const fit = (width, height) => {
    const places = points.map(p => turned(p.at)), reach = k => Math.max(1, ...places.map(place => Math.abs(place[k])));
    return Math.min(0.45 * width / reach(0), 0.42 * height / reach(1));
  };
  let begun = null;
  const zoomFor = (width, height) => {
    if (!begun || begun[0] !== width) begun = [width, fit(width, height)];
    return Math.min(begun[1], fit(width, height));
  };
  const paint = () => {
    const width = canvas.clientWidth, height = canvas.clientHeight, dense = window.devicePixelRatio || 1, dark = isDark();
    if (!width) return;
    canvas.width = width * dense; canvas.height = height * dense;
    context.setTransform(dense, 0, 0, dense, 0, 0);
    const zoom = zoomFor(width, height), on = at => { const [x, y, z] = turned(at); return [width / 2 + zoom * x, height / 2 - zoom * y, z / size]; };
    const paper = getComputedStyle(document.body).backgroundColor;
    const drawn = pieces.map(([from, to, along]) => { const a = on(from), b = on(to); return [a, b, along, (a[2] + b[2]) / 2]; }).sort((a, b) => a[3] - b[3]);
    // The edge ends with its piece, so that it covers what lies behind but not the next piece.
    const line = ([a, b], thick, colour, cap) => { context.lineCap = cap; context.strokeStyle = colour; context.lineWidth = thick; context.beginPath(); context.moveTo(a[0], a[1]); context.lineTo(b[0], b[1]); context.stroke(); };
    const thickness = Math.max(1.6, Math.min(7, 1.5 * zoom));
    for (const piece of drawn) {
      const near = 0.5 + 0.5 * piece[3], thick = thickness * (0.7 + 0.6 * near), light = dark ? 0.5 + 0.3 * near : 0.78 - 0.24 * near, hue = 4.6 - 4.15 * piece[2];
      const [r, g, b] = fromOklab(light, 0.15 * Math.cos(hue), 0.15 * Math.sin(hue));
      line(piece, thick + 2.4, paper, "butt");
      line(piece, thick, `rgb(${r} ${g} ${b})`, "round");
    }
    spots = points.map(p => [...on(p.at), p]);
    context.fillStyle = getComputedStyle(document.body).color;
    context.font = `600 12px ${getComputedStyle(document.body).fontFamily}`;
    chains.forEach((_, n) => {
      const own = spots.filter(s => s[3].chain === n);
      for (const [word, spot] of chains.length > 6 ? [] : [["N", own[0]], ["C", own.at(-1)]]) { context.strokeStyle = paper; context.lineWidth = 4; context.strokeText(word, spot[0] + 7, spot[1] - 5); context.fillText(word, spot[0] + 7, spot[1] - 5); }
    });
  };
  const tell = event => {
    const box = canvas.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top;
    const nearest = spots.reduce((best, s) => { const d = (s[0] - x) ** 2 + (s[1] - y) ** 2 - 4 * s[2]; return d < best[0] ? [d, s[3]] : best; }, [200, null])[1];
    told.textContent = nearest ? `Residue ${nearest.residue}${chains[nearest.chain].name ? `, chain ${chains[nearest.chain].name}` : ""}` : "Drag or use the arrow keys to turn it.";
  };
  let held = null;
  canvas.addEventListener("pointerdown", event => { held = [event.clientX, event.clientY]; canvas.setPointerCapture(event.pointerId); });
  canvas.addEventListener("pointermove", event => {
    if (!held) return tell(event);
    rotate((event.clientX - held[0]) / 110, (event.clientY - held[1]) / 110);
    held = [event.clientX, event.clientY];
  });
  for (const kind of ["pointerup", "pointercancel"]) canvas.addEventListener(kind, () => { held = null; });
  canvas.addEventListener("keydown", event => {
    const by = { ArrowLeft: [-0.15, 0], ArrowRight: [0.15, 0], ArrowUp: [0, -0.15], ArrowDown: [0, 0.15] }[event.key];
    if (by) { event.preventDefault(); rotate(...by); }
  });
  told.textContent = "Drag or use the arrow keys to turn it.";
  const bare = chains.map(c => `${c.name ? `chain ${c.name}, ` : ""}${c.residues.length} residues`).join("; ");
  repainted.push(new WeakRef(canvas));
  canvas.repaint = paint;
  new ResizeObserver(paint).observe(canvas);
  rotate(0.25, 0.2);
  return make("div", {}, canvas, make("p", { class: "note" }, `${bare}; from the N `, make("span", { class: "terminus", "aria-hidden": "true" }), " to the C terminus."), told);
};
// What is painted has to be painted anew when the page changes its colours.
const repainted = [];
const repaintAll = () => repainted.forEach(one => one.deref()?.repaint());
