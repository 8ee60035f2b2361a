// Runs before the first paint, so that a dark page does not flash white. A file of its own, because the page's policy
// allows no inline script. The key is Mantine's.

const kept = localStorage.getItem("mantine-color-scheme-value");
const prefersDark = matchMedia("(prefers-color-scheme: dark)").matches;
const scheme = kept === "dark" || kept === "light" ? kept : prefersDark ? "dark" : "light";
document.documentElement.dataset.mantineColorScheme = scheme;
