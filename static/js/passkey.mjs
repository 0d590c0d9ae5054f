// Passkeys: <form data-passkey="make|use" data-options="/…/options">. The form is held back, the server's options are fetched,
// the browser asks its person, and the form goes with what came of it in its hidden field "answer".

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const words = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const named = (list) => (list ?? []).map((entry) => ({ ...entry, id: bytes(entry.id) }));

async function options(form) {
  const response = await fetch(form.dataset.options, {
    method: "POST",
    headers: { "X-CSRFToken": form.elements.csrf_token.value },
  });
  if (!response.ok || response.redirected) throw new Error(String(response.status));
  return response.json();
}

async function make(given) {
  const made = await navigator.credentials.create({
    publicKey: {
      ...given,
      challenge: bytes(given.challenge),
      user: { ...given.user, id: bytes(given.user.id) },
      excludeCredentials: named(given.excludeCredentials),
    },
  });
  return {
    id: made.id,
    rawId: words(made.rawId),
    type: made.type,
    response: {
      clientDataJSON: words(made.response.clientDataJSON),
      attestationObject: words(made.response.attestationObject),
      transports: made.response.getTransports?.() ?? [],
    },
  };
}

async function use(given) {
  const used = await navigator.credentials.get({
    publicKey: { ...given, challenge: bytes(given.challenge), allowCredentials: named(given.allowCredentials) },
  });
  return {
    id: used.id,
    rawId: words(used.rawId),
    type: used.type,
    response: {
      clientDataJSON: words(used.response.clientDataJSON),
      authenticatorData: words(used.response.authenticatorData),
      signature: words(used.response.signature),
      userHandle: used.response.userHandle ? words(used.response.userHandle) : null,
    },
  };
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.dataset.passkey || form.elements.answer.value) return;
  event.preventDefault();
  const told = form.querySelector("[data-passkey-told]");
  told.hidden = true;
  try {
    const given = await options(form);
    form.elements.answer.value = JSON.stringify(await (form.dataset.passkey === "make" ? make(given) : use(given)));
    form.requestSubmit();
  } catch {
    told.textContent = form.dataset.failed;
    told.hidden = false;
  }
}, { capture: true });
