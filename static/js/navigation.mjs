// The phone's menu opens and closes without scripts (it is a popover). This adds what feels right: it starts at the current
// page, stays shut when the window grows wide, and the wide column keeps its place from page to page.

const side = document.getElementById("navigation");
const wide = window.matchMedia("(min-width: 62rem)");

function showCurrent() {
  side.querySelector('[aria-current="page"], [aria-current="true"]')?.scrollIntoView({ block: "nearest" });
}

if (side?.showPopover) {
  side.addEventListener("toggle", (event) => {
    if (event.newState !== "open") return;
    showCurrent();
    side.querySelector("button, a")?.focus();
  });
  wide.addEventListener("change", () => {
    if (wide.matches && side.matches(":popover-open")) side.hidePopover();
  });
  if (wide.matches) showCurrent();
}
