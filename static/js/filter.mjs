// Lists answer while one types: <form data-filter> with its results in [data-results="<name of the list>"].
// The results are fetched and put in place, the form itself stays, so nobody loses their place. Without scripts the form's
// button does the same by loading the page.

const PAUSE = 300;
const running = new WeakMap();

function addressOf(form) {
  const address = new URL(form.action, location.href);
  for (const [name, value] of new FormData(form)) {
    address.searchParams.delete(name);
    if (value) address.searchParams.append(name, value);
  }
  return address;
}

async function refresh(form) {
  const results = document.querySelector(`[data-results="${CSS.escape(form.dataset.filter)}"]`);
  if (!results) return form.submit();
  running.get(form)?.abort();
  const request = new AbortController();
  running.set(form, request);
  results.setAttribute("aria-busy", "true");
  const address = addressOf(form);
  try {
    const answer = await fetch(address, { signal: request.signal, headers: { Accept: "text/html" } });
    if (!answer.ok || answer.redirected) return location.assign(address);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector(`[data-results="${CSS.escape(form.dataset.filter)}"]`);
    if (!fresh) return location.assign(address);
    results.replaceChildren(...fresh.childNodes);
    results.removeAttribute("aria-busy");
    results.dispatchEvent(new CustomEvent("rows:changed", { bubbles: true }));
    const told = document.querySelector(`[data-told="${CSS.escape(form.dataset.filter)}"]`);
    const count = results.querySelector("[data-count]");
    if (told && count) told.textContent = count.textContent.trim();
    history.replaceState(null, "", address);
  } catch (error) {
    if (error.name !== "AbortError") location.assign(address);
  }
}

for (const form of document.querySelectorAll("form[data-filter]")) {
  let waiting;
  const later = (pause) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => refresh(form), pause);
  };
  // While kana are being turned into kanji the text is not yet what is meant.
  form.addEventListener("input", (event) => {
    if (event.target.matches('input[type="search"], input[type="text"]') && !event.isComposing) later(PAUSE);
  });
  form.addEventListener("compositionend", () => later(PAUSE));
  form.addEventListener("change", (event) => {
    if (!event.target.matches('input[type="search"], input[type="text"]')) later(0);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    later(0);
  });
}
