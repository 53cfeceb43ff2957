/** The community of the drill: two hundred members, with everything that a host keeps for them. */
import { Authenticator } from "../clients/oauth/authenticator.ts";
import type { App } from "../clients/oauth/stage.ts";
import type { TestHost } from "../../tools/kit/index.ts";
import { MemberBrowser, type Page, departed, shown, textOf } from "../../tools/kit/oauth/member-browser.ts";

export interface Person {
  name: string;
  did: string;
  handle: string;
  password: string;
  token: string;
}

export const MEMBERS = Number(process.env.DRILL_MEMBERS ?? 200);
/** Ending of the community's handles, wherever it lives. */
export const DOMAIN = ".harbour.test";

type Json = Record<string, unknown>;

export const nameOf = (n: number): string => `m${String(n).padStart(3, "0")}`;

/** Runs all with so many at a time. */
export async function abreast<T>(
  items: readonly T[],
  work: (item: T) => Promise<unknown>,
  width = 6,
): Promise<void> {
  const waiting = [...items];
  const one = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: width }, one));
}

export async function signUp(host: TestHost, name: string, more: Json = {}): Promise<Person> {
  const password = `password of ${name}`;
  const input = { handle: `${name}${DOMAIN}`, email: `${name}@example.com`, password, ...more };
  const made = await host.xrpc<{ did: string; handle: string; accessJwt: string }>(
    "com.atproto.server.createAccount",
    { input },
  );
  return { name, did: made.did, handle: made.handle, password, token: made.accessJwt };
}

export const as = <Answer = Json>(host: TestHost, { token }: Person, nsid: string, call: Json = {}) =>
  host.xrpc<Answer>(nsid, { ...call, authorization: `Bearer ${token}` });

const creating = (collection: string, rkey: string | undefined, value: Json) => ({
  $type: "com.atproto.repo.applyWrites#create",
  collection,
  ...(rkey !== undefined && { rkey }),
  value: { $type: collection, ...value },
});

/** Minutes before the drill, so that ages differ. */
const ago = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString();

export interface Written {
  uri: string;
  cid: string;
}

/** A profile, posts, a follow and a like; every fifth member has a picture. */
export async function writeMuch(
  host: TestHost,
  person: Person,
  n: number,
  neighbour: Person,
): Promise<Written[]> {
  const posts = [0, 1, 2].map((each) =>
    creating("app.bsky.feed.post", undefined, { text: `${person.name}, ${each}`, createdAt: ago(n + each) }),
  );
  const first = await as<{ results: Written[] }>(host, person, "com.atproto.repo.applyWrites", {
    input: {
      repo: person.did,
      writes: [
        creating("app.bsky.actor.profile", "self", { displayName: `Member ${n}` }),
        creating("app.bsky.graph.follow", undefined, { subject: neighbour.did, createdAt: ago(n) }),
        ...posts,
      ],
    },
  });
  const written = first.results.slice(2).map(({ uri, cid }) => ({ uri, cid }));
  if (n % 5 === 0) written.push(await postPicture(host, person, n));
  return written;
}

async function postPicture(host: TestHost, person: Person, n: number): Promise<Written> {
  // The head of a PNG, then noise: no decoder looks at it here.
  const noise = Buffer.from(Array.from({ length: 3_000 + n }, (_, i) => (i * 7 + n * 13) & 255));
  const png = Buffer.concat([Buffer.from("89504e470d0a1a0a0000000d49484452", "hex"), noise]);
  const { blob } = await as<{ blob: Json }>(host, person, "com.atproto.repo.uploadBlob", {
    input: new Uint8Array(png),
    type: "image/png",
  });
  const embed = { $type: "app.bsky.embed.images", images: [{ alt: `picture ${n}`, image: blob }] };
  const record = { $type: "app.bsky.feed.post", text: "a picture", createdAt: ago(1), embed };
  const { uri, cid } = await as<Written>(host, person, "com.atproto.repo.createRecord", {
    input: { repo: person.did, collection: "app.bsky.feed.post", record },
  });
  return { uri, cid };
}

export async function like(host: TestHost, person: Person, subject: Written): Promise<void> {
  const { uri, cid } = subject;
  const record = { $type: "app.bsky.feed.like", subject: { uri, cid }, createdAt: new Date().toISOString() };
  await as(host, person, "com.atproto.repo.createRecord", {
    input: { repo: person.did, collection: "app.bsky.feed.like", record },
  });
}

const csrfOf = ({ html }: Page) => /name="csrf" value="([^"]+)"/.exec(html)?.[1] ?? "";

async function passkeyOptions(browser: MemberBrowser, page: Page, kind: "sign-in" | "add") {
  const response = await browser.fetch(`/account/passkey/${kind}`, {
    method: "POST",
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      "sec-fetch-mode": "cors",
      "sec-fetch-dest": "empty",
    },
    body: new URLSearchParams({ csrf: csrfOf(page) }).toString(),
  });
  return (await response.json()) as { challenge: string };
}

/** Adds a passkey on the host's own pages. */
export async function addPasskey(host: TestHost, person: Person): Promise<Authenticator> {
  const browser = new MemberBrowser(host.url);
  const page = shown(await browser.open("/account/sign-in"));
  const fields = { identifier: person.handle, password: person.password, remember: "yes" };
  shown(await browser.submit(page, "sign-in", fields));
  const passkeys = shown(await browser.open("/account/passkeys"));
  const authenticator = new Authenticator(host.url);
  const passkey = authenticator.create(await passkeyOptions(browser, passkeys, "add"));
  const added = shown(await browser.submit(passkeys, "add", { name: "Mine", passkey }));
  if (!textOf(added).includes("The passkey is added")) throw new Error(textOf(added));
  return authenticator;
}

/** Lets an app in by OAuth, on a host's pages. Returns the app's session. */
export async function letIn(host: TestHost, { client }: App, { handle, password }: Person) {
  const url = await client.authorize(handle, { state: "drill" });
  const browser = new MemberBrowser(host.url);
  const page = shown(await browser.open(url));
  const consent = shown(await browser.submit(page, "sign-in", { identifier: handle, password }));
  const back = departed(await browser.submit(consent, "consent", { answer: "allow" }));
  return (await client.callback(back.searchParams)).session;
}

/** Signs in with a passkey on a host's pages. Returns what the account page says. */
export async function signInByPasskey(host: TestHost, authenticator: Authenticator): Promise<string> {
  const browser = new MemberBrowser(host.url);
  const page = shown(await browser.open("/account/sign-in"));
  const passkey = authenticator.get(await passkeyOptions(browser, page, "sign-in"), { origin: host.url });
  await browser.submit(page, "sign-in", { step: "passkey", passkey, remember: "yes" });
  return textOf(shown(await browser.open("/account")));
}
