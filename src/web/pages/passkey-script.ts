/** The only script file of the pages: everything but passkeys works without it. Served as it is. */
export const PASSKEY_SCRIPT_TEXT = `
const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
  .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const say = (message) => { const place = document.getElementById("passkey-problem"); if (place) place.textContent = message; };
const form = (step) => document.querySelector('input[name=step][value="' + step + '"]')?.form;

async function options(kind, from) {
  const response = await fetch("/account/passkey/" + kind + location.search, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ csrf: from.elements.csrf.value }),
  });
  if (!response.ok) throw new Error("The page is too old. Please load it again.");
  return response.json();
}

function send(from, step, { id, rawId, type, response }, answer) {
  from.elements.step.value = step;
  const value = {
    id,
    rawId: text(rawId),
    type,
    clientExtensionResults: {},
    response: { clientDataJSON: text(response.clientDataJSON), ...answer },
  };
  const field = document.createElement("input");
  Object.assign(field, { type: "hidden", name: "passkey", value: JSON.stringify(value) });
  from.append(field);
  from.noValidate = true;
  from.submit();
}

async function signIn(from, more) {
  const wanted = await options("sign-in", from);
  const credential = await navigator.credentials.get({
    ...more,
    publicKey: { ...wanted, challenge: bytes(wanted.challenge), allowCredentials: [] },
  });
  const { response } = credential;
  send(from, "passkey", credential, {
    authenticatorData: text(response.authenticatorData),
    signature: text(response.signature),
    userHandle: response.userHandle ? text(response.userHandle) : undefined,
  });
}

async function add(from) {
  const wanted = await options("add", from);
  const credential = await navigator.credentials.create({
    publicKey: {
      ...wanted,
      challenge: bytes(wanted.challenge),
      user: { ...wanted.user, id: bytes(wanted.user.id) },
      excludeCredentials: (wanted.excludeCredentials ?? []).map((each) => ({ ...each, id: bytes(each.id) })),
    },
  });
  const { response } = credential;
  send(from, "add", credential, {
    attestationObject: text(response.attestationObject),
    transports: response.getTransports?.() ?? [],
  });
}

const quiet = (thrown) => {
  if (thrown?.name === "AbortError") return;
  if (thrown?.name === "NotAllowedError") return say("No passkey was used.");
  if (thrown?.name === "InvalidStateError") return say("This device has a passkey for your account already.");
  say(thrown?.message ?? "This did not work.");
};

if (window.PublicKeyCredential) {
  const here = document.getElementById("passkey");
  if (here) here.hidden = false;
  const signing = form("sign-in");
  const button = document.getElementById("passkey-button");
  let waiting = null;
  if (signing && button) {
    button.addEventListener("click", () => {
      say("");
      waiting?.abort();
      signIn(signing, {}).catch(quiet);
    });
    // Where the browser can, it offers passkeys among the names it fills in.
    if (await PublicKeyCredential.isConditionalMediationAvailable?.()) {
      waiting = new AbortController();
      signIn(signing, { mediation: "conditional", signal: waiting.signal }).catch(() => {});
    }
  }
  const adding = form("add");
  adding?.addEventListener("submit", (event) => {
    event.preventDefault();
    say("");
    add(adding).catch(quiet);
  });
}
`;
