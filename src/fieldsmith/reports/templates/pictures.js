// What a picture of the results holds: its values [frames, rows, columns], where they lie, and how they are coloured.
const decodeSingle = bytes => { const view = new DataView(bytes.buffer); return Float64Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(4 * i, true)); };
const decode16Bits = (bytes, ranges) => {
  const view = new DataView(bytes.buffer), count = bytes.length / 2;
  return Float64Array.from({ length: count }, (_, i) => { const [low, high] = ranges[Math.floor(i * ranges.length / count)]; return low + view.getUint16(2 * i, true) / 65534 * (high - low); });
};
const decodedPictures = new Map();
const arraysOf = p => {
  if (!decodedPictures.has(p)) {
    const bytesOf = text => Uint8Array.from(atob(text), c => c.charCodeAt(0));
    const decode = values => (p.frame ? decode16Bits(bytesOf(values.steps), values.ranges) : decodeSingle(bytesOf(values)));
    const reference = decode(p.reference), error = p.alone ? null : decode(p.error);
    const given = p.given && decodeSingle(bytesOf(p.given.values));
    decodedPictures.set(p, { given, reference, error, solution: error ? reference.map((value, i) => value + error[i]) : reference });
  }
  return decodedPictures.get(p);
};
const kindsOf = p => (p.alone ? ["solution"] : ["solution", "reference", "error"]);
const mapsOf = p => [...(p.given ? ["given"] : []), ...kindsOf(p)];
const capital = text => text[0].toUpperCase() + text.slice(1);
const shownIn = (kind, p) => (kind === "given" ? capital(p.given?.name || kind) : `${kindName[kind]} of ${p.field}`);
const kindName = { solution: "Solution", reference: "Reference", error: "Error" };
const along = (p, axis, n) => p.places[axis][n];  // where the n-th value of an axis lies
// What lies nearest to a place of an axis.
const nearest = (p, axis, place) => {
  const places = p.places[axis];
  let low = 0, high = places.length - 1;
  while (high - low > 1) { const middle = (low + high) >> 1; if (places[middle] <= place) low = middle; else high = middle; }
  return Math.abs(places[low] - place) <= Math.abs(places[high] - place) ? low : high;
};
// Which value each pixel of an axis shows: one pixel a value where these lie evenly.
const pixelsOf = (p, axis) => {
  const places = p.places[axis], [low, high] = p.extent.slice(2 * axis), n = places.length, step = (places[n - 1] - places[0]) / (n - 1);
  if (places.every((place, k) => Math.abs(place - places[0] - k * step) < 0.01 * step)) return Array.from({ length: n }, (_, k) => k);
  return Array.from({ length: 512 }, (_, k) => nearest(p, axis, low + (k + 0.5) / 512 * (high - low)));
};
// A frame, row or component within the arrays of a picture.
const frameOf = (values, p, frame) => values.subarray(frame * p.rows * p.columns, (frame + 1) * p.rows * p.columns);
const lineOf = (values, p, frame, row) => frameOf(values, p, frame).subarray(row * p.columns, (row + 1) * p.columns);

// Colours: solution and reference share one range; the error is symmetric about zero, by request in decades so that small errors show.
const rangeOf = values => values.reduce(([low, high], v) => [Math.min(low, v), Math.max(high, v)], [Infinity, -Infinity]);
const shadeOf = (kind, p, frame, { decades, each }) => {
  if (kind === "given") {
    const [low, high] = p.given.range;
    return { table: tables.given, of: v => (v - low) / (high - low || 1), at: s => low + s * (high - low) };
  }
  const own = kind === "error" || !each ? null : rangeOf(frameOf(arraysOf(p).reference, p, frame));
  if (kind !== "error") {
    const [low, high] = own || p.range;
    return { table: tables.value, of: v => (v - low) / (high - low || 1), at: s => low + s * (high - low) };
  }
  const largest = each ? frameOf(arraysOf(p).error, p, frame).reduce((most, v) => Math.max(most, Math.abs(v)), 0) : p.errorSize;
  const size = largest || 1, small = size * 1e-3, logs = Math.log1p(size / small);
  if (!decades) return { table: errorTable(), of: v => 0.5 + 0.5 * v / size, at: s => (2 * s - 1) * largest };
  return { table: errorTable(), of: v => 0.5 + 0.5 * Math.sign(v) * Math.log1p(Math.abs(v) / small) / logs, at: s => Math.sign(2 * s - 1) * small * Math.expm1(Math.abs(2 * s - 1) * logs) * (largest ? 1 : 0) };
};
