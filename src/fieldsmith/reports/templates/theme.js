// The page as a whole: light or dark, copying the command, plots at their real width.
const themes = ["auto", "light", "dark"], themeButton = document.getElementById("theme");
const setTheme = theme => {
  if (theme === "auto") delete document.documentElement.dataset.theme; else document.documentElement.dataset.theme = theme;
  themeButton.textContent = { auto: "◐ Auto", light: "○ Light", dark: "● Dark" }[theme];
  themeButton.setAttribute("aria-label", `Colours: ${theme}. Press to change.`);
};
const redrawn = () => { if (typeof redrawAll === "function") redrawAll(); };  // a leaderboard has no plots that scripts draw
let theme = "auto";
try { theme = themes.includes(localStorage.getItem("fieldsmith-theme")) ? localStorage.getItem("fieldsmith-theme") : "auto"; } catch { /* not allowed here */ }
setTheme(theme);
themeButton.addEventListener("click", () => {
  theme = themes[(themes.indexOf(theme) + 1) % themes.length];
  try { localStorage.setItem("fieldsmith-theme", theme); } catch { /* not allowed here */ }
  setTheme(theme);
  redrawn();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redrawn);
addEventListener("beforeprint", redrawn);
addEventListener("afterprint", redrawn);

let lastWidth = innerWidth;
addEventListener("resize", () => { if (innerWidth !== lastWidth) { lastWidth = innerWidth; redrawn(); } });
document.querySelectorAll("[data-copy]").forEach(place => place.replaceWith(copyButton(document.getElementById(place.dataset.copy).textContent)));
