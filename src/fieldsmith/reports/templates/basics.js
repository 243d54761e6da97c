// Elements, figures and what is remembered between two loadings of the page. Text only ever goes in as text.
const data = JSON.parse(document.getElementById("data").textContent);
// A text is a list of the numbers of its parts; what is left out of it stands there as [characters, ends of lines].
const isWhole = parts => !parts.some(Array.isArray);
const gapText = ([characters], file) => `[… ${characters} characters left out; the whole is in ${file} …]`;
const textOf = (parts, file = "") => (parts || []).map((n, at) => (Array.isArray(n) ? `${at ? "\n" : ""}${gapText(n, file)}\n` : data.texts[n])).join("");

const fill = (element, attributes, children) => {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter(child => child !== undefined && child !== null && child !== false));
  return element;
};
const make = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
const draw = (tag, attributes, ...children) => fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

// 1.23 × 10⁻⁴ as [mantissa, power], as the page's other figures are written; the power is null where none is needed.
const parts = (value, digits = 2) => {
  if (value === null || value === undefined || !isFinite(value)) return ["–", null];
  if (value === 0) return ["0", null];
  const [mantissa, exponent] = value.toExponential(digits).split("e"), power = Number(exponent);
  if (power > -3 && power < 4) return [value.toFixed(Math.max(0, digits - power)).replace("-", "−"), null];
  return [mantissa.replace("-", "−"), String(power).replace("-", "−")];
};
const figure = (value, digits) => {
  const [mantissa, power] = parts(value, digits);
  return make("span", { class: "number" }, power === null ? mantissa : [`${mantissa} × 10`, make("sup", {}, power)]);
};
const superscript = text => [...text].map(c => "⁰¹²³⁴⁵⁶⁷⁸⁹"["0123456789".indexOf(c)] || "⁻").join("");
const inWords = (value, digits) => {
  const [mantissa, power] = parts(value, digits);
  return power === null ? mantissa : `${mantissa} × 10${superscript(power)}`;
};

// A page that loads itself again finds its place by this; one that is opened afresh starts afresh.
const memory = (() => {
  const name = `fieldsmith ${location.pathname}`;
  let kept = {};
  try { kept = JSON.parse(sessionStorage.getItem(name)) || {}; sessionStorage.removeItem(name); } catch { /* not allowed here */ }
  return {
    kept,
    keep(values) { try { sessionStorage.setItem(name, JSON.stringify(values)); return true; } catch { return false; } },
  };
})();
