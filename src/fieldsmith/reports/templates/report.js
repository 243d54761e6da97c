"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const viridis = [[68,1,84],[72,40,120],[62,74,137],[49,104,142],[38,130,142],[31,158,137],[53,183,121],[109,205,89],[180,222,44],[253,231,37]];
  const diverging = [[33,72,135],[67,124,183],[139,183,214],[209,226,236],[247,247,246],[246,220,199],[233,164,123],[201,99,62],[138,37,23]];
  const colour = (table, s) => {
    const x = Math.min(Math.max(s, 0), 1) * (table.length - 1), i = Math.min(Math.floor(x), table.length - 2), f = x - i;
    return [0, 1, 2].map(c => Math.round(table[i][c] + f * (table[i + 1][c] - table[i][c])));
  };
  const lookup = table => Array.from({ length: 256 }, (_, i) => colour(table, i / 255));
  const tables = { value: lookup(viridis), error: lookup(diverging) };
  const decode = text => {
    const bytes = Uint8Array.from(atob(text), c => c.charCodeAt(0));
    return new Uint16Array(bytes.buffer);
  };
  const short = v => (v === 0 ? "0" : Math.abs(v) < 1e-3 || Math.abs(v) >= 1e4 ? v.toExponential(1) : v.toPrecision(3));

  const span = picture => picture.extent.length ? picture.extent : [0, picture.rows - 1, 0, picture.columns - 1];
  const draw = (id, values, picture, table, row) => {
    const canvas = document.getElementById(id), rows = picture.rows, columns = picture.columns;
    canvas.width = rows; canvas.height = columns;
    const context = canvas.getContext("2d"), image = context.createImageData(rows, columns);
    for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) {
      const at = 4 * ((columns - 1 - c) * rows + r), rgb = table[values[r * columns + c] >> 8];
      image.data[at] = rgb[0]; image.data[at + 1] = rgb[1]; image.data[at + 2] = rgb[2]; image.data[at + 3] = 255;
    }
    context.putImageData(image, 0, 0);
    canvas.style.aspectRatio = picture.axes[0] === "t" ? "4 / 3" : "1 / 1";
    const plot = canvas.closest(".plot"), [a, b, low, high] = span(picture);
    plot.querySelector(".mark").style.left = `${(row + .5) / rows * 100}%`;
    const put = (name, text) => { plot.querySelector(name).textContent = text; };
    put(".x.low", short(a)); put(".x.high", short(b)); put(".x.name", picture.axes[0]);
    put(".y.low", short(low)); put(".y.high", short(high)); put(".y.name", picture.axes[1]);
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `${id.slice(4)} of ${picture.field}: ${picture.axes[0]} to the right, ${picture.axes[1]} upwards`);
  };

  const cut = (picture, arrays, row) => {
    const svg = document.getElementById("cut"), n = picture.columns, [low, high] = picture.range, span = high - low || 1;
    const [x0, x1] = picture.extent.length ? picture.extent.slice(2) : [0, n - 1];
    const width = Math.max(320, svg.parentElement.clientWidth || 1040), wide = width - 76;
    svg.setAttribute("viewBox", `0 0 ${width} 300`);
    const X = i => 62 + i / (n - 1) * wide, Y = s => 256 - s * 236;
    const path = values => Array.from({ length: n }, (_, i) => `${i ? "L" : "M"}${X(i).toFixed(1)} ${Y(values[row * n + i] / 65535).toFixed(1)}`).join("");
    let out = "";
    for (let k = 0; k <= 4; k++) {
      const v = low + k / 4 * span, y = Y(k / 4);
      out += `<line class="grid" x1="62" x2="${width - 14}" y1="${y}" y2="${y}"/><text x="54" y="${y + 4}" text-anchor="end">${short(v)}</text>`;
      out += `<text x="${62 + k / 4 * wide}" y="275" text-anchor="middle">${short(x0 + k / 4 * (x1 - x0))}</text>`;
    }
    svg.innerHTML = out + `<text class="label" x="${62 + wide / 2}" y="296" text-anchor="middle"></text><path class="line-solution" d="${path(arrays.solution)}"/><path class="line-reference" d="${path(arrays.reference)}"/>`;
    svg.querySelector(".label").textContent = picture.axes[1];
  };

  const select = document.getElementById("picture");
  if (select && data.pictures.length) {
    const slider = document.getElementById("moment"), value = document.getElementById("moment-value");
    data.pictures.forEach((p, i) => {
      const option = document.createElement("option");
      option.value = i; option.textContent = `${p.field}, sample ${p.sample + 1}`;
      select.append(option);
    });
    const decoded = new Map();
    const show = () => {
      const picture = data.pictures[+select.value];
      if (!decoded.has(picture)) decoded.set(picture, { solution: decode(picture.solution), reference: decode(picture.reference), error: decode(picture.error) });
      const arrays = decoded.get(picture), row = Math.min(+slider.value, picture.rows - 1);
      slider.max = picture.rows - 1;
      const [a, b] = picture.extent.length ? picture.extent : [0, picture.rows - 1], at = a + row / Math.max(1, picture.rows - 1) * (b - a);
      document.getElementById("moment-name").textContent = picture.axes[0];
      value.textContent = `${picture.axes[0]} = ${short(at)}`;
      draw("map-solution", arrays.solution, picture, tables.value, row);
      draw("map-reference", arrays.reference, picture, tables.value, row);
      draw("map-error", arrays.error, picture, tables.error, row);
      document.querySelectorAll(".bar").forEach(bar => {
        const error = bar.dataset.kind === "error", table = error ? diverging : viridis, range = error ? picture.errorRange : picture.range;
        bar.textContent = "";
        const strip = document.createElement("i");
        strip.style.background = `linear-gradient(90deg, ${table.map(c => `rgb(${c})`).join(",")})`;
        bar.append(short(range[0]), strip, short(range[1]));
      });
      cut(picture, arrays, row);
    };
    slider.max = data.pictures[0].rows - 1;
    slider.value = Math.floor(data.pictures[0].rows / 2);
    const read = event => {
      const picture = data.pictures[+select.value], arrays = decoded.get(picture), box = event.currentTarget.getBoundingClientRect();
      const index = (at, n) => Math.min(n - 1, Math.max(0, Math.floor(at * n)));
      const r = index((event.clientX - box.left) / box.width, picture.rows), c = index(1 - (event.clientY - box.top) / box.height, picture.columns);
      const [a, b, low, high] = span(picture), at = (i, n, from, to) => short(from + i / Math.max(1, n - 1) * (to - from));
      const value = (name, range) => (range[0] + arrays[name][r * picture.columns + c] / 65535 * (range[1] - range[0])).toPrecision(4);
      document.getElementById("readout").textContent = `${picture.axes[0]} = ${at(r, picture.rows, a, b)}, ${picture.axes[1]} = ${at(c, picture.columns, low, high)}: solution ${value("solution", picture.range)}, reference ${value("reference", picture.range)}, error ${value("error", picture.errorRange)}`;
    };
    document.querySelectorAll(".plot .field").forEach(field => { field.addEventListener("pointermove", read); field.addEventListener("pointerdown", read); });
    addEventListener("resize", show);
    select.addEventListener("change", show);
    slider.addEventListener("input", show);
    show();
  }

  const table = document.getElementById("candidates");
  table.querySelectorAll("th button").forEach((button, column) => button.addEventListener("click", () => {
    const head = button.closest("th"), down = head.getAttribute("aria-sort") === "ascending", body = table.tBodies[0];
    const key = row => { const cell = row.cells[column], k = cell.dataset.key ?? cell.textContent; return isNaN(+k) || k === "" ? k : +k; };
    const rows = [...body.rows].sort((a, b) => { const p = key(a), q = key(b); return (p < q ? -1 : p > q ? 1 : 0) * (down ? -1 : 1); });
    table.querySelectorAll("th").forEach(th => th.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    body.append(...rows);
  }));

  const open = () => {
    const target = location.hash.startsWith("#candidate-") && document.getElementById(location.hash.slice(1));
    if (target) { target.open = true; target.scrollIntoView(); }
  };
  addEventListener("hashchange", open);
  open();

  document.querySelectorAll(".copy").forEach(button => button.addEventListener("click", async () => {
    const text = document.getElementById(button.dataset.target).value;
    try { await navigator.clipboard.writeText(text); }
    catch { const area = document.getElementById(button.dataset.target); area.hidden = false; area.select(); document.execCommand("copy"); area.hidden = true; }
    button.textContent = "Copied";
  }));
})();
