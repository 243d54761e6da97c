// The page of a run of candidates: everything is shown, and shown again while the run goes on.
showFields();
showCharts();
showSamples();
showEffects();
const tree = showTree();
watch(["#tree", "#candidate-body pre"], () => tree?.state());
