// Runs before the first paint: what the reader chose for contrast and for the rail, so that nothing jumps.
try {
  const root = document.documentElement;
  const contrast = localStorage.getItem("contrast");
  if (contrast === "more" || (!contrast && matchMedia("(prefers-contrast: more)").matches)) root.dataset.contrast = "more";
  if (localStorage.getItem("rail") === "icons") root.dataset.rail = "icons";
} catch {
  // Storage may be refused (private windows): the defaults hold.
}
