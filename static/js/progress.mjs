// Watches work done elsewhere: [data-progress-url] answers JSON {done, total, text, finished, url}.
// The <progress> inside is moved, [data-progress-text] says it in words; at the end the page goes to `url` or loads anew.

const FIRST = 700;
const SLOWEST = 5000;

async function watch(place) {
  const bar = place.querySelector("progress");
  const words = place.querySelector("[data-progress-text]");
  let pause = FIRST;
  for (;;) {
    await new Promise((wake) => setTimeout(wake, pause));
    if (document.hidden) continue;
    try {
      const answer = await fetch(place.dataset.progressUrl, { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(answer.statusText);
      const state = await answer.json();
      if (state.total) {
        bar.max = state.total;
        bar.value = state.done;
      }
      if (words && state.text && words.textContent !== state.text) words.textContent = state.text;
      if (state.finished) return state.url ? location.assign(state.url) : location.reload();
      pause = FIRST;
    } catch {
      // The server may be starting anew; ask less often, never give up while the page is open.
      pause = Math.min(pause * 2, SLOWEST);
    }
  }
}

document.querySelectorAll("[data-progress-url]").forEach(watch);
