// Asks before a form is sent that cannot be taken back: <form data-confirm="…question…">, optionally
// data-confirm-label (the words of the button that does it) and data-confirm-style="danger".
// Without scripts the form carries a box to tick instead (see parts/form.html).

const dialog = document.getElementById("confirm-dialog");
const question = document.getElementById("confirm-question");
const yes = dialog?.querySelector('[value="yes"]');
const no = dialog?.querySelector('[value="no"]');
const usualWords = yes?.textContent;

function ask(form) {
  question.textContent = form.dataset.confirm;
  yes.textContent = form.dataset.confirmLabel || usualWords;
  yes.className = `btn ${form.dataset.confirmStyle === "danger" ? "btn-danger" : "btn-primary"}`;
  dialog.returnValue = "no";
  dialog.showModal();
  no.focus();
  return new Promise((answer) => {
    dialog.addEventListener("close", () => answer(dialog.returnValue === "yes"), { once: true });
  });
}

// Listens before the others, so that a form waiting for its answer is not yet taken as sent.
document.addEventListener(
  "submit",
  async (event) => {
    const form = event.target;
    if (!dialog || !form.dataset.confirm || form.dataset.confirmed) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (await ask(form)) {
      form.dataset.confirmed = "yes";
      form.requestSubmit(event.submitter);
      delete form.dataset.confirmed;
    }
  },
  { capture: true },
);
