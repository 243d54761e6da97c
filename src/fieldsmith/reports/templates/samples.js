// The error of each sample of the best, numbered as in the arrays; its kind is a shape, so that colour carries nothing alone.
const showSamples = () => {
  const known = data.charts.samples, host = document.getElementById("samples");
  if (!known || !host) return;
  host.hidden = false;
  const kinds = [...new Set(known.kinds)], places = Object.keys(shapes), least = 1e-17;
  const kindOf = n => known.kinds[n] || "", drawable = known.errors.map(error => Math.max(error, least));
  const worst = drawable.indexOf(Math.max(...drawable)), signOf = kind => { const sign = shapeOf(places[kinds.indexOf(kind) % places.length] || "draft", 4); sign.setAttribute("class", "dot"); return sign; };
  const key = (sign, word) => make("span", { class: "key" }, draw("svg", { width: 14, height: 14, viewBox: "-7 -7 14 14", "aria-hidden": "true" }, sign), word);
  addPlot({
    figure: host, name: `${data.name}-error-of-samples`, title: `nRMSE of each ${known.split} sample`,
    draw: width => {
      const values = [...drawable, ...known.trusted.map(error => Math.max(error, least))];
      const size = chartSize(width, scale(values, 1, 0, { log: true }).ticks()), { margin, height } = size;
      const x = scale(drawable.map((_, n) => n), margin.left, width - margin.right, { whole: true, most: width < 420 ? 4 : 8 }), y = scale(values, height - margin.bottom, margin.top, { log: true });
      const at = (n, error) => `translate(${x.at(n).toFixed(1)} ${y.at(error).toFixed(1)})`;
      const trusted = known.trusted.map((error, n) => draw("path", { class: "trusted", d: "M-4 0H4", transform: at(n, Math.max(error, least)) }));
      const marks = drawable.map((error, n) => draw("g", { class: "sample", transform: at(n, error) }, draw("title", {}, `sample ${n}${kindOf(n) && `, ${kindOf(n)}`}: ${inWords(known.errors[n])}${n === worst ? ", the largest" : ""}`), n === worst && draw("circle", { class: "ring", r: 7.5 }), signOf(kindOf(n))));
      return frame({ ...size, x, y, xName: `${known.split} sample`, yName: "nRMSE", title: `nRMSE of each ${known.split} sample` }, trusted, marks);
    },
    rows: () => [["sample", "kind", "nrmse", "trusted"], ...known.errors.map((error, n) => [n, kindOf(n), error, known.trusted[n] ?? ""])],
  });
  host.querySelector(".legend").replaceChildren(
    ...kinds.filter(Boolean).map(kind => key(signOf(kind), kind)), key(draw("circle", { class: "ring", r: 6 }), `the largest: sample ${worst}`),
    ...(known.trusted.length ? [key(draw("path", { class: "trusted", d: "M-5 0H5" }), "trusted")] : []));
};
