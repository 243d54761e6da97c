// The search in figures: error against time, the best error against what was used, the order of convergence.
const NO_ORDER = {
  rounding: "The error is that of rounding: no order can be told.",
  growth: "The error grows with the number of points: no order.",
  grid: "The error does not depend on the grid: no order.",
  reference: "The error is near the reference's own: no order can be told.",
};
const showCharts = () => {
  const known = data.charts, ran = data.candidates.filter(c => c.ok && c.error !== null && c.seconds !== null);
  const secondsOf = c => Math.max(c.seconds, 1e-4), log = known.log;
  // Larger values are higher; candidates that failed, and where the best so far begins, are at the end that is worse.
  const worse = ({ margin, height }) => (known.lower ? margin.top : height - margin.bottom);
  const measure = data.metric === "nRMSE" ? "error" : data.metric, yName = `dev ${data.metric}${known.lower ? "" : ", higher is better"}`;
  const title = text => text[0].toUpperCase() + text.slice(1), column = `dev_${data.metric.toLowerCase().replace(/\W+/g, "_")}`;
  const element = id => document.getElementById(id);
  const revealed = id => { element(id).hidden = false; return element(id); };
  const legendOf = (figure, items) => figure.querySelector(".legend").replaceChildren(...items);
  const lineKey = (kind, word) => make("span", { class: "key" }, draw("svg", { width: 24, height: 10, viewBox: "0 0 24 10", "aria-hidden": "true" }, draw("path", { class: kind, d: "M1 5H23" })), word);

  if (ran.length && element("pareto")) {
    addPlot({
      figure: revealed("pareto"), name: `${data.name}-error-against-time`, title: title(`${measure} against processor time`),
      draw: width => {
        const errors = [...ran.map(c => c.error), ...(known.trusted ? [known.trusted] : [])], size = chartSize(width, scale(errors, 1, 0, { log }).ticks()), { margin, height } = size;
        const x = scale(ran.map(secondsOf), margin.left, width - margin.right, { log: true, most: width < 420 ? 4 : 6 });
        const y = scale(errors, height - margin.bottom, margin.top, { log });
        const front = known.front.map(id => byId.get(id)).filter(Boolean);
        // A staircase: between two of its points nothing better is known than the faster one.
        const stairs = front.map((c, n) => (n ? `H${x.at(secondsOf(c)).toFixed(1)}V${y.at(c.error).toFixed(1)}` : `M${x.at(secondsOf(c)).toFixed(1)} ${worse(size)}V${y.at(c.error).toFixed(1)}`)).join("");
        return walkable(frame({ ...size, x, y, xName: "processor time of the call, s", yName, title: title(`${measure} against processor time of every candidate that ran`) },
          ran.map(c => candidateMark(c, x.at(secondsOf(c)), y.at(c.error))), draw("path", { class: "front", d: `${stairs}H${width - margin.right}` }), trustedLine(known.trusted, y, size)));
      },
      rows: () => [["candidate", "move", "seconds", column, "on_front"], ...ran.map(c => [c.slot, c.move, c.seconds, c.error, known.front.includes(c.id) ? 1 : 0])],
    });
    legendOf(element("pareto"), [...moveLegend(ran), lineKey("front", "Pareto front"), ...(known.trusted ? [lineKey("trusted", "trusted")] : [])]);
  }

  const steps = known.progress, choice = element("against");
  if (steps.some(step => step.error !== null) && element("progress")) {
    if (!steps.some(step => step.tokens)) choice.querySelector("[value=tokens]").disabled = true;
    if ((memory.kept.values || {}).against && !choice.querySelector(`[value=${CSS.escape(memory.kept.values.against)}]`)?.disabled) choice.value = memory.kept.values.against;
    const names = { candidates: "candidates", tokens: "tokens, in and out", seconds: "seconds of writing and running" };
    const plot = addPlot({
      figure: revealed("progress"), get name() { return `${data.name}-best-against-${choice.value}`; }, get title() { return `Best ${measure} against ${choice.value}`; },
      draw: width => {
        const by = choice.value, drawable = steps.filter(step => step.error !== null), errors = [...drawable.map(step => step.error), ...(known.trusted ? [known.trusted] : [])];
        const size = chartSize(width, scale(errors, 1, 0, { log }).ticks()), { margin, height } = size;
        const x = scale([...(by === "candidates" ? [] : [0]), ...steps.map(step => step[by])], margin.left, width - margin.right, { most: width < 420 ? 4 : 6, whole: by === "candidates" });
        const y = scale(errors, height - margin.bottom - (known.lower ? 0 : 18), margin.top + (known.lower ? 12 : 0), { log });
        let path = "";
        for (const step of steps) if (step.best !== null) path += path ? `H${x.at(step[by]).toFixed(1)}V${y.at(step.best).toFixed(1)}` : `M${x.at(step[by]).toFixed(1)} ${y.at(step.best).toFixed(1)}`;
        const mark = step => candidateMark(byId.get(step.candidate), x.at(step[by]), step.error === null ? worse(size) - (known.lower ? 0 : 6) : y.at(step.error), `; ${step.tokens} tokens, ${step.seconds.toFixed(1)} s so far`);
        return walkable(frame({ ...size, x, y, xName: names[by], yName, title: `Best ${measure} against ${by}` }, steps.map(mark), draw("path", { class: "best-line", d: `${path}H${width - margin.right}` }), trustedLine(known.trusted, y, size)));
      },
      rows: () => [["candidate", "status", "candidates", "tokens", "seconds", column, "best_so_far"], ...steps.map(s => [byId.get(s.candidate).slot, byId.get(s.candidate).status, s.candidates, s.tokens, s.seconds, s.error, s.best])],
    });
    choice.addEventListener("input", plot.redraw);
    const cross = make("span", { class: "key" }, draw("svg", { width: 14, height: 14, viewBox: "-7 -7 14 14", "aria-hidden": "true" }, draw("path", { class: "cross", d: "M-4 -4L4 4M-4 4L4 -4" })), "failed");
    legendOf(element("progress"), [lineKey("best-line", "best so far"), ...(steps.some(s => s.error === null) ? [cross] : []), ...(known.trusted ? [lineKey("trusted", "trusted")] : [])]);
  }

  const study = known.convergence;
  if (study && element("convergence")) {
    const resolutions = study.points.map(p => p.resolution);
    addPlot({
      figure: revealed("convergence"), name: `${data.name}-convergence`, title: study.order === null ? "Convergence on smooth data" : `Convergence on smooth data, order ${study.order.toFixed(2)}`,
      draw: width => {
        const errors = [...study.points, ...study.fit].map(p => p.error), size = chartSize(width, scale(errors, 1, 0, { log: true }).ticks()), { margin, height } = size;
        const x = scale(resolutions, margin.left, width - margin.right, { log: true, marked: resolutions }), y = scale(errors, height - margin.bottom, margin.top, { log: true });
        const at = p => `${x.at(p.resolution).toFixed(1)} ${y.at(p.error).toFixed(1)}`, body = [draw("path", { class: "through", d: `M${study.points.map(at).join("L")}` })];
        if (study.fit.length === 2) {
          const [one, other] = study.fit;
          body.push(draw("path", { class: "fit", d: `M${at(one)}L${at(other)}` }));
          body.push(draw("text", { class: "fit-label", x: (x.at(one.resolution) + x.at(other.resolution)) / 2 + 10, y: (y.at(one.error) + y.at(other.error)) / 2 - 8 }, `order ${study.order.toFixed(2)}`));
        }
        study.points.forEach((p, n) => body.push(draw("circle", { class: study.used[n] || study.order === null ? "dot" : "dot hollow", cx: x.at(p.resolution), cy: y.at(p.error), r: 4.6 }, draw("title", {}, `${p.resolution} intervals: ${inWords(p.error)}`))));
        return frame({ ...size, x, y, xName: "intervals along an axis", yName: "nRMSE on smooth data", title: "Error against resolution" }, body);
      },
      rows: () => [["resolution", "nrmse", "used_for_the_order"], ...study.points.map((p, n) => [p.resolution, p.error, study.used[n] ? 1 : 0])],
    });
    const hollow = draw("circle", { class: "dot hollow", r: 4.6 });
    legendOf(element("convergence"), [
      ...(study.fit.length ? [lineKey("fit", `fitted order ${study.order.toFixed(2)}`)] : []),
      ...(study.order !== null && study.used.some(one => one) && study.used.includes(false) ? [make("span", { class: "key" }, draw("svg", { width: 14, height: 14, viewBox: "-7 -7 14 14", "aria-hidden": "true" }, hollow), "as small as the reference's own error, or round-off: not fitted")] : []),
      ...(study.why ? [NO_ORDER[study.why]] : []),
    ]);
  }
};
