/** A member's own backup: one tar (or several), without a secret, from which another host takes them in. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readCar } from "../../src/protocol/car.ts";
import { cidOfRaw } from "../../src/protocol/cid.ts";
import { xrpc, xrpcBytes } from "../../tools/dev/xrpc-client.ts";
import { type TestHost, type TestNetwork, createTestNetwork } from "../../tools/kit/index.ts";
import { MemberBrowser, shown, textOf } from "../../tools/kit/oauth/member-browser.ts";
import { DOMAIN, type Person, as, signUp } from "./community.ts";

/** More than one archive holds on the free plan. */
const PICTURES = 28;

let network: TestNetwork;
let home: TestHost;
let away: TestHost;
let alice: Person;
const folder = mkdtempSync(path.join(tmpdir(), "atoll-own-"));

interface Blob {
  ref: { $link: string };
  mimeType: string;
}

const uploadTo = (host: TestHost, who: Person, bytes: Uint8Array, type: string) =>
  xrpc<{ blob: Blob }>(host.url, "com.atproto.repo.uploadBlob", {
    input: bytes,
    type,
    authorization: `Bearer ${who.token}`,
  });

beforeAll(async () => {
  network = await createTestNetwork({
    hosts: ["home", "away"],
    vars: { HANDLE_DOMAINS: DOMAIN, PLAN: "free" },
  });
  [home, away] = [network.host("home"), network.host("away")];
  alice = await signUp(home, "alice");
  const bob = await signUp(home, "bob");
  for (let n = 0; n < PICTURES; n++) {
    const size = n === 0 ? 300_000 : 500 + n;
    const { blob } = await uploadTo(home, alice, new Uint8Array(size).fill(n), "text/plain");
    const record = { $type: "com.example.note", n, picture: blob };
    await as(home, alice, "com.atproto.repo.createRecord", {
      input: { repo: alice.did, collection: "com.example.note", record },
    });
  }
  await as(home, alice, "app.bsky.actor.putPreferences", {
    input: { preferences: [{ $type: "app.bsky.actor.defs#adultContentPref", enabled: true }] },
  });
  await as(home, alice, "app.bsky.graph.muteActor", { input: { actor: bob.did } });
  await as(home, alice, "app.bsky.draft.createDraft", { input: { draft: { posts: [{ text: "not yet" }] } } });
});
afterAll(async () => {
  await network?.dispose();
  rmSync(folder, { recursive: true, force: true });
});

/** A browser in which somebody has just signed in. */
async function signedIn({ handle, password }: Person): Promise<MemberBrowser> {
  const browser = new MemberBrowser(home.url);
  const page = shown(await browser.open("/account"));
  await browser.submit(page, "sign-in", { identifier: handle, password, remember: "yes" });
  return browser;
}

const download = (browser: MemberBrowser, at: string) =>
  browser.fetch(at, { headers: { "sec-fetch-dest": "empty" } });

test("the page offers as many archives as it takes, to who has just signed in", async () => {
  const browser = await signedIn(alice);
  const page = shown(await browser.open("/account/backup"));
  expect(textOf(page)).toContain("Download part 2 of 2");
  expect(textOf(page)).not.toContain("part 3");
  for (const part of [1, 2]) {
    const answer = await download(browser, `/account/backup.tar?part=${part}`);
    expect(answer.headers.get("content-type")).toBe("application/x-tar");
    expect(answer.headers.get("content-disposition")).toContain(
      part === 1 ? `${alice.handle}.tar` : `${alice.handle}-2.tar`,
    );
    const file = path.join(folder, `${part}.tar`);
    writeFileSync(file, new Uint8Array(await answer.arrayBuffer()));
    mkdirSync(path.join(folder, "unpacked"), { recursive: true });
    execFileSync("tar", ["-xf", file, "-C", path.join(folder, "unpacked")]);
  }
  const stranger = await download(new MemberBrowser(home.url), "/account/backup.tar");
  expect(stranger.status).toBe(303);
  expect((await download(browser, "/account/backup.tar?part=none")).status).toBe(400);
});

test("a sign-in of an hour ago is not enough", async () => {
  const browser = await signedIn(alice);
  await network.clock.advance("1h");
  const answer = await download(browser, "/account/backup.tar");
  expect(answer.status).toBe(303);
  expect(answer.headers.get("location")).toContain("/account/sign-in");
});

const at = (...name: string[]) => path.join(folder, "unpacked", ...name);
const jsonAt = <T>(...name: string[]): T => JSON.parse(readFileSync(at(...name), "utf8")) as T;

test("all of it is there, and nothing that opens the account", async () => {
  const repo = await xrpcBytes(home.url, "com.atproto.sync.getRepo", { params: { did: alice.did } });
  expect(Buffer.compare(readFileSync(at("repo.car")), repo)).toBe(0);
  const cids = readdirSync(at("blobs"));
  expect(cids).toHaveLength(PICTURES);
  for (const cid of cids) expect(cidOfRaw(readFileSync(at("blobs", cid)))).toBe(cid);
  expect(jsonAt<{ cid: string }[]>("blobs.json").map(({ cid }) => cid)).toEqual(cids.toSorted());
  expect(jsonAt("account.json")).toMatchObject({ did: alice.did, handle: alice.handle });
  expect(jsonAt("preferences", "app.bsky.json")).toMatchObject({ preferences: [{ enabled: true }] });
  expect(readdirSync(at("private")).toSorted()).toEqual(["actor_mute.jsonl", "draft.jsonl"]);
  expect(readFileSync(at("README.txt"), "utf8")).toContain("importRepo");
  const key = await home.query("DIRECTORY", "SELECT value FROM secret");
  const whole = [1, 2].map((part) => readFileSync(path.join(folder, `${part}.tar`), "latin1")).join("");
  expect(whole).not.toContain("scrypt$");
  for (const { value } of key) expect(whole).not.toContain(String(value));
});

test("another host takes them in, as the text inside says", async () => {
  const lxm = "com.atproto.server.createAccount";
  const { did: aud } = await away.xrpc<{ did: string }>("com.atproto.server.describeServer");
  const { token } = await as<{ token: string }>(home, alice, "com.atproto.server.getServiceAuth", {
    params: { aud, lxm },
  });
  const { did, handle, password } = alice;
  const made = await away.xrpc<{ accessJwt: string }>(lxm, {
    input: { did, handle, email: "alice@example.org", password },
    authorization: `Bearer ${token}`,
  });
  const there: Person = { ...alice, token: made.accessJwt };
  await xrpc(away.url, "com.atproto.repo.importRepo", {
    input: new Uint8Array(readFileSync(at("repo.car"))),
    type: "application/vnd.ipld.car",
    authorization: `Bearer ${there.token}`,
  });
  const types = new Map(
    jsonAt<{ cid: string; mimeType: string }[]>("blobs.json").map((each) => [each.cid, each.mimeType]),
  );
  const missing = await as<{ blobs: { cid: string }[] }>(away, there, "com.atproto.repo.listMissingBlobs");
  expect(missing.blobs).toHaveLength(PICTURES);
  for (const { cid } of missing.blobs) {
    const bytes = new Uint8Array(readFileSync(at("blobs", cid)));
    const { blob } = await uploadTo(away, there, bytes, types.get(cid) ?? "");
    expect(blob.ref.$link).toBe(cid);
  }
  await as(away, there, "app.bsky.actor.putPreferences", { input: jsonAt("preferences", "app.bsky.json") });

  const credentials = await as<object>(away, there, "com.atproto.identity.getRecommendedDidCredentials");
  await as(home, alice, "com.atproto.identity.requestPlcOperationSignature", { procedure: true });
  const { code } = await network
    .mailbox()
    .next((mail) => mail.to === "alice@example.com" && mail.code !== null);
  const { operation } = await as<{ operation: object }>(
    home,
    alice,
    "com.atproto.identity.signPlcOperation",
    {
      input: { ...credentials, token: code },
    },
  );
  await as(away, there, "com.atproto.identity.submitPlcOperation", { input: { operation } });
  await as(away, there, "com.atproto.server.activateAccount", { procedure: true });

  const car = await xrpcBytes(away.url, "com.atproto.sync.getRepo", { params: { did } });
  const [was, now] = [readCar(new Uint8Array(readFileSync(at("repo.car")))), readCar(car)];
  was.blocks.delete(was.roots[0] ?? "");
  now.blocks.delete(now.roots[0] ?? "");
  expect([...now.blocks.keys()]).toEqual([...was.blocks.keys()]);
  for (const cid of readdirSync(at("blobs"))) {
    const bytes = await xrpcBytes(away.url, "com.atproto.sync.getBlob", { params: { did, cid } });
    expect(cidOfRaw(bytes)).toBe(cid);
  }
  expect(await as(away, there, "app.bsky.actor.getPreferences")).toMatchObject({
    preferences: [{ $type: "app.bsky.actor.defs#adultContentPref", enabled: true }],
  });
});
