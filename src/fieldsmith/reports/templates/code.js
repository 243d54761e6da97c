// Programs, coloured and compared when they are looked at: so a page of hundreds of them is quickly made and stays small.
const words = text => new Set(text.split(" "));
const keywords = words("False None True and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield");
const builtins = words("abs all any bool bytes callable complex dict dir divmod enumerate filter float format frozenset getattr hasattr hash id int isinstance issubclass iter len list map max min next object open pow print property range repr reversed round set setattr slice sorted staticmethod str sum super tuple type vars zip ArithmeticError AssertionError AttributeError Exception FloatingPointError IndexError KeyError NotImplementedError OverflowError RuntimeError StopIteration TypeError ValueError ZeroDivisionError");
// A comment, a string, a decorator or the sign of a product of matrices, a number, a name; a string without an end goes to the end of its line or text.
const token = /(#[^\n]*)|((?:[rbuf]{0,2})(?:"""(?:\\[^]|[^\\])*?(?:"""|(?![^]))|'''(?:\\[^]|[^\\])*?(?:'''|(?![^]))|"(?:\\[^]|[^"\\\n])*"?|'(?:\\[^]|[^'\\\n])*'?))|(@[ \t]*[\p{L}_][\w.]*)|(0[xbo][\da-f_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:e[+-]?\d+)?j?)|([\p{L}_][\p{L}\p{N}_]*)/giu;
// Runs of a program as [kind, text]: comment, string, number, keyword, function or class, decorator, builtin, or anything else.
const coloured = source => {
  const runs = [];
  let end = 0, before = "";
  for (const match of source.matchAll(token)) {
    const [text, comment, string, decorator, number, name] = match, at = match.index;
    const kind = comment ? "c" : string ? "s" : number ? "n"
      : decorator ? (source.slice(source.lastIndexOf("\n", at - 1) + 1, at).trim() ? "o" : "d")
      : before === "def" || before === "class" ? "f" : keywords.has(name) ? "k" : builtins.has(name) && source[at - 1] !== "." ? "b" : "o";
    if (name) before = name;
    if (kind === "o") continue;
    if (at > end) runs.push(["o", source.slice(end, at)]);
    runs.push([kind, text]);
    end = at + text.length;
  }
  if (end < source.length) runs.push(["o", source.slice(end)]);
  return runs;
};
// The same by lines, as elements.
const linesOf = source => {
  const lines = [[]];
  for (const [kind, text] of coloured(source)) text.split("\n").forEach((piece, n) => {
    if (n) lines.push([]);
    if (piece) lines.at(-1).push(kind === "o" ? piece : make("span", { class: `t-${kind}` }, piece));
  });
  if (lines.length > 1 && !lines.at(-1).length) lines.pop();
  return lines;
};

// What turns the lines of one text into those of another: [whether they are equal, from, to, from, to], by the longest common subsequence.
const mostCells = 1 << 24;
const changes = (before, after) => {
  let start = 0, i = before.length, j = after.length;
  while (start < i && start < j && before[start] === after[start]) start++;
  while (i > start && j > start && before[i - 1] === after[j - 1]) { i--; j--; }
  const rows = i - start, columns = j - start, wide = columns + 1, steps = [];
  const step = (equal, down, right) => {
    const last = steps.at(-1);
    if (last && last[0] === equal) { last[2] += down; last[4] += right; } else { const [, , a, , b] = last || [0, 0, 0, 0, 0]; steps.push([equal, a, a + down, b, b + right]); }
  };
  if (start) step(true, start, start);
  if (rows * columns > mostCells) step(false, rows, columns);  // too long to compare line by line
  else {
    const common = new Uint16Array((rows + 1) * wide);
    for (let r = rows - 1; r >= 0; r--) for (let c = columns - 1; c >= 0; c--) {
      common[r * wide + c] = before[start + r] === after[start + c] ? common[(r + 1) * wide + c + 1] + 1 : Math.max(common[(r + 1) * wide + c], common[r * wide + c + 1]);
    }
    let r = 0, c = 0;
    while (r < rows && c < columns) {
      if (before[start + r] === after[start + c]) { step(true, 1, 1); r++; c++; }
      else if (common[(r + 1) * wide + c] >= common[r * wide + c + 1]) { step(false, 1, 0); r++; } else { step(false, 0, 1); c++; }
    }
    if (rows - r || columns - c) step(false, rows - r, columns - c);
  }
  if (i < before.length) step(true, before.length - i, before.length - i);
  return steps;
};

// The parent whose program shares most lines with a candidate's own, the first of equals; none where one of both is not here whole.
const parentOf = candidate => {
  if (!candidate.code?.length || !isWhole(candidate.code)) return null;
  const own = new Set(textOf(candidate.code).split("\n"));
  let nearest = null, most = -1;
  for (const parent of candidate.parents.map(id => byId.get(id))) {
    if (!parent.code?.length || !isWhole(parent.code)) continue;
    const lines = new Set(textOf(parent.code).split("\n")), shared = [...lines].filter(line => own.has(line)).length / (new Set([...lines, ...own]).size || 1);
    if (shared > most) [nearest, most] = [parent, shared];
  }
  return nearest;
};
