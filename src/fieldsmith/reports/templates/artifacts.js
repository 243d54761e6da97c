// What a step has made: texts and programs, pictures, structures; everything that is here can be saved.
const sizeOf = bytes => (bytes < 1000 ? `${bytes} bytes` : bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);
const fileName = name => name.replace(/[^\p{L}\p{N}._ -]/gu, "_").replace(/^[. ]+/, "") || "artifact";
const fromBase64 = text => Uint8Array.from(atob(text), c => c.charCodeAt(0));
const listing = text => make("pre", { class: "listing", tabindex: 0, "aria-label": "Program" }, linesOf(text).map((line, n) => make("span", { class: "row", "data-n": n + 1 }, make("span", { class: "source" }, line.length ? line : "\u200b"), "\n")));

const blobOf = (kept, kind) => (kept.text ? new Blob([textOf(kept.text)], { type: "text/plain" }) : kept.content ? new Blob([fromBase64(kept.content)], { type: "application/octet-stream" }) : kept.address ? new Blob([fromBase64(kept.address.split(",")[1])], { type: kind }) : null);
const bodyOf = (kept, name) => {
  if (kept.kind === "picture") return make("img", { src: kept.address, alt: name });
  if (kept.kind === "structure") return structureView(kept.chains, name);
  if (kept.kind === "text") return passage(kept.python ? listing(textOf(kept.text)) : make("pre", { tabindex: 0, "aria-label": name }, textOf(kept.text)));
  return null;
};
const artifactView = ([name, kind, digest, caption]) => {
  const kept = data.artifacts[digest], blob = kept && (kept.text || kept.content || kept.address);
  const save = blob && make("button", { type: "button", class: "save", "aria-label": `Save ${name}`, onclick: () => download(blobOf(kept, kind), fileName(name)) }, `Save, ${sizeOf(kept.size)}`);
  const why = !kept ? "Left out here; " : kept.kind === "missing" ? `${kept.why} ` : kept.kind === "file" ? "It can only be saved. " : "";
  const head = [make("b", {}, name), " ", make("span", { class: "note" }, kind), save && make("span", { class: "saving" }, save)];
  const note = (caption || why) && make("p", { class: "note" }, caption && `${caption}${/[.!?]$/.test(caption) ? "" : "."} `, why, !kept && `it is artifacts/${digest}.`);
  // Long texts open when they are asked for, pictures and structures are there.
  if (kept?.kind !== "text") return make("figure", { class: "artifact" }, make("figcaption", {}, head), kept && bodyOf(kept, name), note);
  const box = make("details", { class: "artifact" }, make("summary", {}, head), note);
  box.addEventListener("toggle", () => { if (box.open && !box.querySelector(".passage")) box.append(bodyOf(kept, name)); });
  return box;
};
