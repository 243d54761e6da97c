// Colour maps of even lightness steps: viridis for fields; for errors a blue-orange one that is neutral at zero.
const viridisAnchors = [[68, 1, 84], [72, 40, 120], [62, 74, 137], [49, 104, 142], [38, 130, 142], [31, 158, 137], [53, 183, 121], [109, 205, 89], [180, 222, 44], [253, 231, 37]];
const viridis = s => {
  const x = Math.min(Math.max(s, 0), 1) * (viridisAnchors.length - 1), i = Math.min(Math.floor(x), viridisAnchors.length - 2);
  return [0, 1, 2].map(c => Math.round(viridisAnchors[i][c] + (x - i) * (viridisAnchors[i + 1][c] - viridisAnchors[i][c])));
};

// OKLab (Ottosson, 2020) to sRGB. Even steps in it look even.
const fromOklab = (L, a, b) => {
  const l = (L + 0.3963377774 * a + 0.2158037573 * b) ** 3, m = (L - 0.1055613458 * a - 0.0638541728 * b) ** 3, s = (L - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const linear = [4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s, -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s, -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s];
  return linear.map(v => Math.round(255 * Math.min(1, Math.max(0, v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055))));
};
// Zero has the page's own lightness, so that only the errors stand out; both arms end equally far from it.
const diverging = dark => s => {
  const x = Math.min(Math.max(2 * s - 1, -1), 1), far = Math.abs(x), [middle, end] = dark ? [0.24, 0.86] : [0.97, 0.4];
  const hue = x < 0 ? 4.42 : 0.95, chroma = 0.135 * Math.min(1, far * (dark ? 1.3 : 1.4)) * (dark ? 1 - 0.25 * far : 1);
  return fromOklab(middle + far * (end - middle), chroma * Math.cos(hue), chroma * Math.sin(hue));
};
const lookup = map => Array.from({ length: 512 }, (_, i) => map(i / 511));
const isDark = () => {
  const set = document.documentElement.dataset.theme;
  return matchMedia("print").matches ? false : set ? set === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
};
const greys = s => Array(3).fill(Math.round(45 + 190 * s));
const tables = { value: lookup(viridis), given: lookup(greys), light: lookup(diverging(false)), dark: lookup(diverging(true)) };
const errorTable = () => (isDark() ? tables.dark : tables.light);
