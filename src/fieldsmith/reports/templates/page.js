// The page of a run of candidates: everything is shown, and shown again while the run goes on.
showFields();
showCharts();
showSamples();
showOverTime();
showEffects();
// Each that was revealed beside others has made these narrower.
plots.filter(plot => plot.figure.closest(".charts")).forEach(plot => plot.redraw());
const tree = showTree();
watch(["#tree", "#candidate-body pre"], () => tree?.state());
