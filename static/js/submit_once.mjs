// A form is sent once: its button rests after the first press. The server would answer a second copy with the first
// one's result anyway (each form carries a key); this only spares the person the doubt.

function rest(form) {
  for (const button of form.querySelectorAll('button[type="submit"], button:not([type]), input[type="submit"]')) {
    button.disabled = true;
    button.setAttribute("aria-busy", "true");
  }
}

function wake(form) {
  for (const button of form.querySelectorAll('[aria-busy="true"]')) {
    button.disabled = false;
    button.removeAttribute("aria-busy");
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post" || form.hasAttribute("data-repeatable")) return;
  // A pressed button's own name and value are collected after this event, so it may only rest in the next turn.
  setTimeout(() => rest(form));
  // A download leaves the page standing; the form must come back to life.
  if (form.hasAttribute("data-download")) setTimeout(() => wake(form), 3000);
});

// The browser's way back may show the page as it was left, with the button resting.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) document.querySelectorAll("form").forEach(wake);
});
