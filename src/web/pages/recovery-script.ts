/**
 * Makes a recovery key in the browser: P-256, since browsers make no K-256. The private half is shown, the
 * public half goes into the form. Both are multibase with the codes of their kinds, as did:key has it and as
 * tools for did:plc read private keys.
 */
export const RECOVERY_SCRIPT_TEXT = `
const at = (id) => document.getElementById("recovery" + id);
const BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const base58 = (bytes) => {
  let number = bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  let text = "";
  for (; number > 0n; number /= 58n) text = BASE58[Number(number % 58n)] + text;
  return text;
};
const bytesOf = (text) =>
  [...atob(text.replaceAll("-", "+").replaceAll("_", "/"))].map((c) => c.charCodeAt(0));

async function make() {
  const { privateKey } = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign"]);
  const { d, x, y } = await crypto.subtle.exportKey("jwk", privateKey);
  const isOdd = bytesOf(y).at(-1) & 1;
  return {
    secret: "z" + base58([0x86, 0x26, ...bytesOf(d)]),
    did: "did:key:z" + base58([0x80, 0x24, 2 + isOdd, ...bytesOf(x)]),
  };
}

const fileOf = (secret, did) => [
  "Recovery key of an account at " + location.host,
  "",
  secret,
  "",
  "It is a P-256 private key in multibase. Its public half, a rotation key of the account's did:plc:",
  did,
  "Whoever has this key can take the account. Keep it where only you find it.",
  "",
].join("\\n");

async function show() {
  const { secret, did } = await make();
  at("-secret").textContent = secret;
  at("-file").href = URL.createObjectURL(new Blob([fileOf(secret, did)], { type: "text/plain" }));
  at("-key").value = did;
  at("-made").hidden = false;
  at("-kept").hidden = true;
  at("-saved").required = true;
  at("-saved").checked = false;
  at("-make").textContent = "Make another one";
  at("-secret").focus();
}

if (at("") && crypto.subtle) {
  at("").hidden = false;
  at("-make").addEventListener("click", () => show().catch(() => {
    at("-problem").textContent = "This browser could not make a key.";
  }));
  at("-copy").addEventListener("click", async () => {
    await navigator.clipboard.writeText(at("-secret").textContent);
    at("-copy").textContent = "Copied";
  });
  at("").closest("form").addEventListener("submit", (event) => {
    if (at("").dataset.required !== "yes" || at("-key").value !== "") return;
    event.preventDefault();
    at("-problem").textContent = "Please make the key first.";
    at("-make").focus();
  });
}
`;
