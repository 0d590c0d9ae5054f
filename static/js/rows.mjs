// One box that ticks all rows: <input type="checkbox" data-all-rows="selected"> for the boxes named "selected".
// An element with data-chosen-count="selected" shows how many are ticked, and a button with data-needs-rows="selected" rests at none.

const boxes = (name) => [...document.querySelectorAll(`input[type="checkbox"][name="${CSS.escape(name)}"]`)];

function tell(name) {
  const all = boxes(name);
  const chosen = all.filter((box) => box.checked).length;
  for (const head of document.querySelectorAll(`[data-all-rows="${CSS.escape(name)}"]`)) {
    head.checked = chosen > 0 && chosen === all.length;
    head.indeterminate = chosen > 0 && chosen < all.length;
  }
  for (const place of document.querySelectorAll(`[data-chosen-count="${CSS.escape(name)}"]`)) place.textContent = chosen;
  for (const button of document.querySelectorAll(`[data-needs-rows="${CSS.escape(name)}"]`)) button.disabled = chosen === 0;
}

function tellAll() {
  for (const head of document.querySelectorAll("[data-all-rows]")) tell(head.dataset.allRows);
}

document.addEventListener("change", (event) => {
  const head = event.target.closest("[data-all-rows]");
  if (head) for (const box of boxes(head.dataset.allRows)) box.checked = head.checked;
  if (event.target.matches('input[type="checkbox"]')) tell(head ? head.dataset.allRows : event.target.name);
});

document.addEventListener("rows:changed", tellAll);
window.addEventListener("pageshow", tellAll);
