// Solution and reference along an axis, or their error: the components of a result, or one line through a map.
const drawLines = ({ kinds, p, lists, width, name, title }) => {
  // lists: [{ component, values of each kind }]
  const axis = p.places.length - 1, places = p.places[axis], [low, high] = p.extent.slice(2 * axis);
  const all = lists.flatMap(list => kinds.flatMap(kind => [...list[kind]]));
  const own = kinds[0] === "error" ? [...all, 0] : all, size = chartSize(width, scale(own, 1, 0).ticks());
  const x = scale([low, high], size.margin.left, width - size.margin.right, { tight: true }), y = scale(own, size.height - size.margin.bottom, size.margin.top);
  const path = values => Array.from(values, (v, n) => `${n ? "L" : "M"}${x.at(places[n]).toFixed(1)} ${y.at(v).toFixed(1)}`).join("");
  const body = lists.flatMap(list => kinds.map(kind => draw("path", { class: `line-${kind}${list.component === null ? "" : ` component component-${list.component}`}`, d: path(list[kind]) })));
  // Few values are shown as such: what lies between them is not known.
  if (places.length <= 32) for (const list of lists) for (const kind of kinds) {
    list[kind].forEach((v, n) => body.push(draw("circle", { class: `spot spot-${kind}${list.component === null ? "" : ` component component-${list.component}`}`, cx: x.at(places[n]).toFixed(1), cy: y.at(v).toFixed(1), r: kind === "reference" ? 4.4 : 2.4 })));
  }
  return frame({ ...size, x, y, xName: p.labels[axis], yName: name, title }, body);
};
const componentKeys = (p, chosen) => chosen.map(n => make("span", { class: "key" }, draw("svg", { width: 24, height: 10, viewBox: "0 0 24 10", "aria-hidden": "true" }, draw("path", { class: `line-reference component component-${n}`, d: "M1 5H23" })), p.components[n]));
