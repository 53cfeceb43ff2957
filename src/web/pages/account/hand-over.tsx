/** The page on which a member takes the host over. */
import type { FC } from "hono/jsx";
import type { HandOver } from "../../../lifecycle/host/hand-over.ts";
import { Field } from "../fields.tsx";
import { Form, Submit } from "../form.tsx";
import { day } from "../parts.tsx";
import { type AccountFrame, TaskPage } from "./task-page.tsx";

export const HAND_OVER_SCRIPT = "/account/hand-over.js";

interface TakeOverProps extends AccountFrame {
  /** The offer to the reader. */
  offer: HandOver | null;
  /** Whose place it is. */
  from: string | null;
  /** The owner whose recovery key the reader says they have. */
  owner: { handle: string; challenge: string } | null;
}

export const TakeOverPage: FC<TakeOverProps> = ({ offer, from, owner, ...frame }) => (
  <TaskPage
    {...frame}
    title="Take the host over"
    lead={`Whoever owns ${frame.host.name} decides who may join, and about all that is said there.`}
    scripts={[HAND_OVER_SCRIPT]}
  >
    {offer === null ? (
      <p class="lead">Nobody has offered it to you.</p>
    ) : (
      <Offer {...frame} offer={offer} from={from} />
    )}
    <section>
      <h2>With a recovery key</h2>
      {owner === null ? (
        <Form {...frame.sender} step="ask">
          <Field
            name="owner"
            label="Handle of the owner who is gone"
            hint="Their recovery key is needed. It stays in this browser."
            problem={frame.problem}
          />
          <Submit weight="second">Go on</Submit>
        </Form>
      ) : (
        <Form {...frame.sender} step="claim" carried={{ owner: owner.handle, key: "", signature: "" }}>
          <div class="field">
            <label for="recovery-secret">Recovery key of @{owner.handle}</label>
            <input
              id="recovery-secret"
              type="text"
              autocomplete="off"
              autocapitalize="none"
              spellcheck={false}
              data-signs={owner.challenge}
            />
            <p class="hint">It begins with z. This browser signs with it, and sends it nowhere.</p>
            <p class="wrong" id="recovery-problem" role="alert"></p>
          </div>
          <Submit weight="grave">Begin the hand-over</Submit>
        </Form>
      )}
    </section>
  </TaskPage>
);

const Offer: FC<AccountFrame & { offer: HandOver; from: string | null }> = ({ offer, from, sender }) =>
  offer.readyAt > Date.now() ? (
    <p class="lead">
      You can take the place of @{from} from {day(offer.readyAt)} on, unless an owner stops it.
    </p>
  ) : (
    <Form {...sender} step="accept">
      <p class="lead">You take the place of @{from}, who is a member like others then.</p>
      <Submit>Take it over</Submit>
    </Form>
  );

/** Signs with a P-256 private key in multibase; browsers want its public half as well, so that is reckoned first. */
export const HAND_OVER_SCRIPT_TEXT = `
const field = document.getElementById("recovery-secret");
const BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const P = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;
const G = [
  0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
  0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
];
const mod = (n) => ((n % P) + P) % P;
const inverse = (n) => {
  let result = 1n;
  for (let base = mod(n), e = P - 2n; e > 0n; e >>= 1n, base = (base * base) % P) if (e & 1n) result = (result * base) % P;
  return result;
};
const add = (a, b) => {
  if (!a) return b;
  if (!b) return a;
  if (a[0] === b[0] && a[1] !== b[1]) return null;
  const slope = a[0] === b[0] ? (3n * a[0] * a[0] - 3n) * inverse(2n * a[1]) : (b[1] - a[1]) * inverse(b[0] - a[0]);
  const x = mod(slope * slope - a[0] - b[0]);
  return [x, mod(slope * (a[0] - x) - a[1])];
};
const times = (n) => {
  let sum = null;
  for (let point = G; n > 0n; n >>= 1n, point = add(point, point)) if (n & 1n) sum = add(sum, point);
  return sum;
};
const bytes = (n) => Array.from({ length: 32 }, (_, i) => Number((n >> BigInt(8 * (31 - i))) & 255n));
const url64 = (list) => btoa(String.fromCharCode(...list)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const base58 = (list) => {
  let n = list.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n), text = "";
  for (; n > 0n; n /= 58n) text = BASE58[Number(n % 58n)] + text;
  return text;
};
function secretIn(text) {
  const found = /z[1-9A-HJ-NP-Za-km-z]{40,60}/.exec(text.trim())?.[0];
  if (!found) throw new Error();
  const n = [...found.slice(1)].reduce((sum, sign) => sum * 58n + BigInt(BASE58.indexOf(sign)), 0n);
  if (n >> 256n !== 0x8626n) throw new Error();
  return n & (2n ** 256n - 1n);
}
async function sign(form) {
  const d = secretIn(field.value);
  const [x, y] = times(d);
  const jwk = { kty: "EC", crv: "P-256", d: url64(bytes(d)), x: url64(bytes(x)), y: url64(bytes(y)) };
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("jwk", jwk, algorithm, false, ["sign"]);
  const signed = await crypto.subtle.sign(algorithm, key, new TextEncoder().encode(field.dataset.signs));
  form.elements.key.value = "did:key:z" + base58([0x80, 0x24, y & 1n ? 3 : 2, ...bytes(x)]);
  form.elements.signature.value = url64(new Uint8Array(signed));
}
field?.form.addEventListener("submit", (event) => {
  event.preventDefault();
  sign(field.form).then(() => field.form.submit(), () => {
    document.getElementById("recovery-problem").textContent = "This is no recovery key of the kind that this host makes.";
  });
});
`;
