// The error of the best over physical time, a line for each kind of sample; lines differ in dashes too, so that colour carries nothing alone.
const dashes = ["", "8 4", "2 4", "9 3 2 3"];
const showOverTime = () => {
  const known = data.charts.overTime, host = document.getElementById("over-time");
  if (!known || !host) return;
  host.hidden = false;
  const title = `Relative error at each output time, ${known.split} split`, lineOfCurve = (n, d) => draw("path", { class: `line-error component component-${n}`, "stroke-dasharray": dashes[n % dashes.length] || null, d });
  // An error of 0, as that of the initial frame often is, has no place on an axis by decades.
  const pointsOf = curve => known.times.map((t, n) => [t, curve.errors[n]]).filter(([, error]) => error > 0);
  addPlot({
    figure: host, name: `${data.name}-error-over-time`, title,
    draw: width => {
      const errors = known.curves.flatMap(curve => pointsOf(curve).map(([, error]) => error)), size = chartSize(width, scale(errors, 1, 0, { log: true }).ticks()), { margin, height } = size;
      const x = scale([known.times[0], known.times.at(-1)], margin.left, width - margin.right, { tight: true }), y = scale(errors, height - margin.bottom, margin.top, { log: true });
      const curves = known.curves.map((curve, n) => { const points = pointsOf(curve); return points.length > 0 && lineOfCurve(n, `M${points.map(([t, error]) => `${x.at(t).toFixed(1)} ${y.at(error).toFixed(1)}`).join("L")}`); });
      return frame({ ...size, x, y, xName: "t", yName: "relative error", title }, curves);
    },
    rows: () => [["t", ...known.curves.map(curve => curve.name || "error")], ...known.times.map((t, n) => [t, ...known.curves.map(curve => curve.errors[n])])],
  });
  if (known.curves.length > 1 || known.curves[0].name) host.querySelector(".legend").replaceChildren(...known.curves.map((curve, n) => make("span", { class: "key" }, draw("svg", { width: 28, height: 10, viewBox: "0 0 28 10", "aria-hidden": "true" }, lineOfCurve(n, "M1 5H27")), curve.name || "all samples")));
};
