// The page as a whole: light or dark, copying the command, plots at their real width.
const themes = ["auto", "light", "dark"], themeButton = document.getElementById("theme");
const setTheme = theme => {
  if (theme === "auto") delete document.documentElement.dataset.theme; else document.documentElement.dataset.theme = theme;
  themeButton.textContent = { auto: "◐ Auto", light: "○ Light", dark: "● Dark" }[theme];
  themeButton.setAttribute("aria-label", `Colours: ${theme}. Press to change.`);
};
let theme = "auto";
try { theme = themes.includes(localStorage.getItem("fieldsmith-theme")) ? localStorage.getItem("fieldsmith-theme") : "auto"; } catch { /* not allowed here */ }
setTheme(theme);
themeButton.addEventListener("click", () => {
  theme = themes[(themes.indexOf(theme) + 1) % themes.length];
  try { localStorage.setItem("fieldsmith-theme", theme); } catch { /* not allowed here */ }
  setTheme(theme);
  redrawAll();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redrawAll);
addEventListener("beforeprint", redrawAll);
addEventListener("afterprint", redrawAll);

let lastWidth = innerWidth;
addEventListener("resize", () => { if (innerWidth !== lastWidth) { lastWidth = innerWidth; redrawAll(); } });
document.querySelectorAll("[data-copy]").forEach(place => place.replaceWith(copyButton(document.getElementById(place.dataset.copy).textContent)));
