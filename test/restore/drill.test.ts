/**
 * The drill: a host of two hundred members, with everything in it, is backed up to an S3 address, destroyed, and
 * restored onto another host at another address. Then all of it is compared.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { BackupStatus } from "../../src/lifecycle/backup/status.ts";
import { readCar } from "../../src/protocol/car.ts";
import { cidOfRaw } from "../../src/protocol/cid.ts";
import { decodeCommit } from "../../src/protocol/commit.ts";
import { type TestHost, type TestNetwork, XrpcError, createTestNetwork } from "../../tools/kit/index.ts";
import { xrpcBytes } from "../../tools/dev/xrpc-client.ts";
import { Backup } from "../../tools/restore/backup.ts";
import { HostApi } from "../../tools/restore/host-api.ts";
import { Journal } from "../../tools/restore/journal.ts";
import { newOwnerKey, readOwnerKey } from "../../tools/restore/owner-key.ts";
import { type Report, restore } from "../../tools/restore/restore.ts";
import { s3Source } from "../../tools/restore/source.ts";
import type { Authenticator } from "../clients/oauth/authenticator.ts";
import { type App, appFor } from "../clients/oauth/stage.ts";
import { verifyCommit } from "../support/commit.ts";
import {
  DOMAIN,
  MEMBERS,
  type Person,
  type Written,
  abreast,
  addPasskey,
  as,
  letIn,
  like,
  nameOf,
  signInByPasskey,
  signUp,
  writeMuch,
} from "./community.ts";
import { S3StandIn } from "./s3-stand-in.ts";

type Json = Record<string, unknown>;

let bucket: S3StandIn;
let network: TestNetwork;
/** The host that is lost, the one that takes its place, and one that looks on, with the PLC directory. */
let old: TestHost;
let fresh: TestHost;
const owner = newOwnerKey();
const folder = mkdtempSync(path.join(tmpdir(), "atoll-drill-"));

const people = new Map<string, Person>();
const person = (n: number): Person => {
  const found = people.get(nameOf(n));
  if (found === undefined) throw new Error(`no member ${n}`);
  return found;
};
const posts = new Map<number, Written[]>();
const postOf = (n: number): Written => posts.get(n)?.[0] ?? { uri: "", cid: "" };
let authenticator: Authenticator;
let appPassword = "";
/** An app that a member has let in by OAuth. */
let app: App;
let inviteCode = "";
/** What the old host answered before it was lost. */
const before: Record<string, unknown> = {};
const repos = new Map<string, { car: Uint8Array; key: string }>();

beforeAll(async () => {
  bucket = await S3StandIn.start();
  network = await createTestNetwork({ hosts: ["sea", "old", "fresh"], vars: { HANDLE_DOMAINS: DOMAIN } });
  old = network.host("old");
  fresh = network.host("fresh");
});
afterAll(async () => {
  await network?.dispose();
  bucket?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const repoOf = (host: TestHost, did: string) =>
  xrpcBytes(host.url, "com.atproto.sync.getRepo", {
    params: { did },
    authorization: `Basic ${Buffer.from(`admin:${host.adminPassword}`).toString("base64")}`,
  });

const blobsBefore = new Map<string, string[]>();
const blobsOf = async (host: TestHost, did: string): Promise<string[]> =>
  (await host.xrpc<{ cids: string[] }>("com.atproto.sync.listBlobs", { params: { did } })).cids;

async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (thrown) {
    if (thrown instanceof XrpcError) return thrown.error;
    throw thrown;
  }
  return "(none)";
}

const subject = (did: string) => ({ $type: "com.atproto.admin.defs#repoRef", did });
const takeDown = (what: Json) =>
  old.admin("com.atproto.admin.updateSubjectStatus", {
    input: { subject: what, takedown: { applied: true, ref: "drill" } },
  });

/** Runs the host's schedule until its backup has ended. */
async function backUp(host: TestHost): Promise<string> {
  const { run } = await host.admin<{ run: string }>("internal.atoll.backup.start", { input: {} });
  for (let steps = 0; steps < 200; steps++) {
    await host.runSchedule();
    const { runs } = await host.admin<BackupStatus>("internal.atoll.backup.getStatus");
    const found = runs.find(({ id }) => id === run);
    if (found?.error) throw new Error(found.error);
    if (found?.phase === "done") return run;
  }
  throw new Error("the backup does not end");
}

test("a community of two hundred lives on the old host", async () => {
  const numbers = Array.from({ length: MEMBERS }, (_, n) => n);
  const { code } = await old.admin<{ code: string }>("com.atproto.server.createInviteCode", {
    input: { useCount: 5 },
  });
  inviteCode = code;
  await abreast(numbers, async (n) => {
    const more = n === 12 ? { inviteCode } : {};
    people.set(nameOf(n), await signUp(old, nameOf(n), more));
  });
  await abreast(numbers, async (n) => {
    posts.set(n, await writeMuch(old, person(n), n, person((n + 1) % MEMBERS)));
  });
  await abreast(numbers, (n) => like(old, person(n), postOf((n + 3) % MEMBERS)));

  for (const [n, role] of [
    [0, "owner"],
    [1, "moderator"],
    [2, "inviter"],
  ] as const) {
    await old.admin("internal.atoll.admin.grantRole", { input: { did: person(n).did, role } });
  }
  authenticator = await addPasskey(old, person(3));
  const made = await as<{ password: string }>(old, person(4), "com.atproto.server.createAppPassword", {
    input: { name: "reader" },
  });
  appPassword = made.password;
  const alice = person(21);
  const stage = { network, host: old, alice, published: new Map<string, unknown>(), stop: async () => {} };
  app = await appFor(stage, "atproto transition:generic");
  const session = await letIn(old, app, alice);
  expect((await session.fetchHandler("/xrpc/com.atproto.server.getSession")).status).toBe(200);
  await as(old, person(5), "app.bsky.graph.muteActor", { input: { actor: person(6).did } });
  await as(old, person(5), "app.bsky.bookmark.createBookmark", { input: postOf(6) });
  const draft = { posts: [{ text: "not yet" }] };
  await as(old, person(5), "app.bsky.draft.createDraft", { input: { draft } });
  await as(old, person(5), "app.bsky.notification.updateSeen", {
    input: { seenAt: new Date().toISOString() },
  });
  await as(old, person(5), "app.bsky.actor.putPreferences", {
    input: { preferences: [{ $type: "app.bsky.actor.defs#adultContentPref", enabled: true }] },
  });
  await takeDown(subject(person(7).did));
  await as(old, person(8), "com.atproto.server.deactivateAccount", { input: {} });
  await takeDown({ $type: "com.atproto.repo.strongRef", ...postOf(9) });
  const [blob] = (
    await old.xrpc<{ cids: string[] }>("com.atproto.sync.listBlobs", { params: { did: person(10).did } })
  ).cids;
  before["takenBlob"] = blob;
  await takeDown({ $type: "com.atproto.admin.defs#repoBlobRef", did: person(10).did, cid: blob });
  await old.admin("internal.atoll.admin.createLabels", {
    input: { labels: [{ uri: postOf(11).uri, val: "spoiler" }] },
  });
  await as(old, person(13), "com.atproto.moderation.createReport", {
    input: {
      reasonType: "com.atproto.moderation.defs#reasonSpam",
      subject: { $type: "com.atproto.repo.strongRef", ...postOf(14) },
    },
  });
  await network.settle();
});

test("the first backup keeps them all, in an open form", async () => {
  await old.query(
    "DIRECTORY",
    "INSERT INTO host_settings (id, version, settings) VALUES (1, 1, ?)",
    JSON.stringify({
      BACKUP_KEY: owner.publicKey,
      BACKUP_TO: bucket.address,
      BACKUP_S3_KEY: bucket.key,
      HOST_NAME: "The harbour",
    }),
  );
  // Settings that nobody made on a page hold after five seconds.
  await wait(6_000);
  const run = await backUp(old);
  const { runs } = await old.admin<BackupStatus>("internal.atoll.backup.getStatus");
  expect(runs[0]).toMatchObject({ id: run, accounts: MEMBERS, visited: MEMBERS, failed: [] });
});

test("the second adds what changed, in few requests", async () => {
  const asked = bucket.asked["PUT"] ?? 0;
  for (const n of [15, 20, 25])
    posts.set(n, [...(posts.get(n) ?? []), ...(await writeMuch(old, await deletedProfile(n), n, person(0)))]);
  await as(old, person(16), "com.atproto.repo.deleteRecord", {
    input: { repo: person(16).did, collection: "app.bsky.feed.post", rkey: postOf(16).uri.split("/").at(-1) },
  });
  const handle = `renamed${DOMAIN}`;
  await as(old, person(17), "com.atproto.identity.updateHandle", { input: { handle } });
  person(17).handle = handle;
  person(18).password = "another password";
  await old.admin("com.atproto.admin.updateAccountPassword", {
    input: { did: person(18).did, password: person(18).password },
  });
  await old.admin("com.atproto.admin.deleteAccount", { input: { did: person(MEMBERS - 1).did } });
  people.delete(nameOf(MEMBERS - 1));
  people.set("newcomer", await signUp(old, "newcomer"));
  await network.settle();
  await backUp(old);
  const { runs } = await old.admin<BackupStatus>("internal.atoll.backup.getStatus");
  // Five wrote, one renamed themselves, one has a new password, one is new.
  expect(runs[0]).toMatchObject({ accounts: MEMBERS, failed: [] });
  expect(runs[0]?.visited).toBeLessThan(10);
  expect((bucket.asked["PUT"] ?? 0) - asked).toBeLessThan(70);
});

/** Frees the path of a profile, so that all can be written again. */
async function deletedProfile(n: number): Promise<Person> {
  await as(old, person(n), "com.atproto.repo.deleteRecord", {
    input: { repo: person(n).did, collection: "app.bsky.actor.profile", rkey: "self" },
  });
  return person(n);
}

test("what the old host says is noted, and the old host is destroyed", async () => {
  for (const { did } of people.values()) {
    const document = (await (await fetch(`${network.plc}/${did}/data`)).json()) as {
      verificationMethods: { atproto: string };
    };
    blobsBefore.set(did, await blobsOf(old, did).catch(() => []));
    repos.set(did, { car: await repoOf(old, did), key: document.verificationMethods.atproto });
  }
  before["invites"] = await old.admin("com.atproto.admin.getInviteCodes");
  before["mutes"] = await as(old, person(5), "app.bsky.graph.getMutes");
  before["bookmarks"] = await as(old, person(5), "app.bsky.bookmark.getBookmarks");
  before["drafts"] = await as(old, person(5), "app.bsky.draft.getDrafts");
  before["preferences"] = await as(old, person(5), "app.bsky.actor.getPreferences");
  before["roles"] = await old.admin("internal.atoll.admin.listRoles");
  before["reports"] = await old.admin("internal.atoll.admin.listReports");
  before["status"] = await old.admin<BackupStatus>("internal.atoll.backup.getStatus");
  before["host"] = await old
    .xrpc("com.atproto.sync.getHostStatus", { params: { hostname: "localhost" } })
    .catch(() => null);
  before["feeds"] = await feeds(old, person(30));
  await old.stop();
});

/** What a member sees, without what names the host. */
async function feeds(host: TestHost, reader: Person): Promise<string> {
  const author = await as(host, reader, "app.bsky.feed.getAuthorFeed", { params: { actor: person(31).did } });
  const likes = await as(host, reader, "app.bsky.feed.getLikes", { params: { uri: postOf(34).uri } });
  const profile = await as(host, reader, "app.bsky.actor.getProfile", { params: { actor: person(35).did } });
  return JSON.stringify({ author, likes, profile }).replaceAll(/http:\/\/localhost:\d+/g, "host");
}

const openBackup = async () =>
  Backup.open(s3Source(bucket.address, bucket.key), await readOwnerKey(owner.secret), undefined);
const api = () => new HostApi(fresh.url, fresh.adminPassword);
const journal = () => new Journal(folder, "drill", fresh.url);
const run = async (isRehearsal: boolean, host = api()): Promise<Report> =>
  restore({ backup: await openBackup(), host, journal: journal(), isRehearsal, say: () => {} });

test("a rehearsal checks all of it, and changes nothing", async () => {
  const report = await run(true);
  expect(report.problems).toEqual([]);
  expect(report.accounts).toEqual({ whole: MEMBERS, list: 0, replace: 0, leave: 0 });
  const { host } = await fresh.admin<BackupStatus>("internal.atoll.backup.getStatus");
  expect(host.members).toBe(0);
});

/** A host whose line breaks at the nth call, and stays broken. */
class BreakingApi extends HostApi {
  left: number;

  constructor(left: number) {
    super(fresh.url, fresh.adminPassword);
    this.left = left;
  }

  override async send<Answer = object>(nsid: string, input: object): Promise<Answer> {
    if (this.left-- <= 0) throw new Error("the line broke");
    return super.send<Answer>(nsid, input);
  }
}

test("a restore that is cut twice ends, and everything is there", async () => {
  await expect(run(false, new BreakingApi(20))).rejects.toThrow("the line broke");
  await expect(run(false, new BreakingApi(MEMBERS))).rejects.toThrow("the line broke");
  await fresh.settle();
  const report = await run(false);
  // A blob that is taken down comes along: it may be given back.
  expect(report.problems).toEqual([]);
  expect(report.accounts.whole).toBeLessThan(MEMBERS);
  const again = await run(false);
  expect(again.accounts).toEqual({ whole: 0, list: 0, replace: 0, leave: MEMBERS });
});

test("repos are the same, block for block, under one new commit each", async () => {
  await abreast([...repos], async ([did, { car, key }]) => {
    const [then, now] = [readCar(car), readCar(await repoOf(fresh, did))];
    const [root = "", newRoot = ""] = [then.roots[0], now.roots[0]];
    const commit = await verifyCommit(now.blocks.get(newRoot) ?? new Uint8Array(), did, key);
    const was = decodeCommit(then.blocks.get(root) ?? new Uint8Array());
    expect(commit.data).toBe(was.data);
    expect(commit.rev > was.rev).toBe(true);
    then.blocks.delete(root);
    now.blocks.delete(newRoot);
    expect([...now.blocks.keys()]).toEqual([...then.blocks.keys()]);
    for (const [cid, bytes] of then.blocks)
      expect(Buffer.compare(now.blocks.get(cid) ?? new Uint8Array(), bytes)).toBe(0);
  });
});

test("blobs are there, handles lead to their DIDs, and DIDs to the new place", async () => {
  let blobs = 0;
  await abreast([...people.values()], async ({ did, handle, name }) => {
    const data = (await (await fetch(`${network.plc}/${did}/data`)).json()) as Json;
    expect(data).toMatchObject({
      alsoKnownAs: [`at://${handle}`],
      services: { atproto_pds: { endpoint: fresh.url } },
    });
    if (name === nameOf(7) || name === nameOf(8)) return;
    const found = await fresh.xrpc<{ did: string }>("com.atproto.identity.resolveHandle", {
      params: { handle },
    });
    expect(found.did).toBe(did);
    expect(await blobsOf(fresh, did)).toEqual(blobsBefore.get(did));
    for (const cid of blobsBefore.get(did) ?? []) {
      if (cid === before["takenBlob"]) continue;
      const bytes = await xrpcBytes(fresh.url, "com.atproto.sync.getBlob", { params: { did, cid } });
      expect(cidOfRaw(bytes)).toBe(cid);
      blobs++;
    }
  });
  expect(blobs).toBe(MEMBERS / 5 - 1);
  expect(
    await refusal(
      fresh.xrpc("com.atproto.identity.resolveHandle", {
        params: { handle: `${nameOf(MEMBERS - 1)}${DOMAIN}` },
      }),
    ),
  ).not.toBe("(none)");
});

test("members sign in as before, and nobody is signed in still", async () => {
  const signIn = (identifier: string, password: string) =>
    fresh.xrpc<{ accessJwt: string; did: string }>("com.atproto.server.createSession", {
      input: { identifier, password },
    });
  for (const n of [0, 1, 2, 5, 15, 17, 18, 30, 35]) {
    const { did, handle, password, token } = person(n);
    expect(
      await refusal(fresh.xrpc("com.atproto.server.getSession", { authorization: `Bearer ${token}` })),
    ).not.toBe("(none)");
    const session = await signIn(handle, password);
    expect(session.did).toBe(did);
    person(n).token = session.accessJwt;
  }
  expect((await signIn(person(4).handle, appPassword)).did).toBe(person(4).did);
  expect(await refusal(signIn(person(18).handle, "password of m018"))).toBe("AuthenticationRequired");
  expect(await signInByPasskey(fresh, authenticator)).toContain(person(3).handle);
});

test("an app that was let in is told to ask anew, and is let in again", async () => {
  const { did } = person(21);
  const saved = app.sessions.get(did);
  if (saved === undefined) throw new Error("the app has forgotten its session");
  // As if the new host had the old address, which is where an app asks.
  Object.assign(saved.tokenSet, { iss: fresh.url, aud: fresh.url });
  await expect(app.client.restore(did, true)).rejects.toThrow(/invalid refresh token/i);
  expect(app.sessions.has(did)).toBe(false);
  const session = await letIn(fresh, app, person(21));
  expect((await session.fetchHandler("/xrpc/com.atproto.server.getSession")).status).toBe(200);
  const [grants] = await fresh.query("DIRECTORY", "SELECT count(*) AS n FROM oauth_session");
  expect(grants).toEqual({ n: 1 });
});

test("roles, invites, private state, moderation and settings are as they were", async () => {
  const same = async (name: string, now: unknown) => {
    const plain = (value: unknown) =>
      JSON.parse(JSON.stringify(value).replaceAll(/http:\/\/localhost:\d+/g, "host")) as unknown;
    expect(plain(now), name).toEqual(plain(before[name]));
  };
  await same("invites", await fresh.admin("com.atproto.admin.getInviteCodes"));
  await same("roles", await fresh.admin("internal.atoll.admin.listRoles"));
  await same("reports", await fresh.admin("internal.atoll.admin.listReports"));
  await same("mutes", await as(fresh, person(5), "app.bsky.graph.getMutes"));
  await same("bookmarks", await as(fresh, person(5), "app.bsky.bookmark.getBookmarks"));
  await same("drafts", await as(fresh, person(5), "app.bsky.draft.getDrafts"));
  await same("preferences", await as(fresh, person(5), "app.bsky.actor.getPreferences"));
  expect(JSON.stringify(before["mutes"])).toContain(person(6).did);
  expect(JSON.stringify(before["invites"])).toContain(inviteCode);
  // The owner's role acts, not only stands there.
  await as(fresh, person(0), "internal.atoll.admin.listRoles");

  const status = (did: string) => fresh.xrpc<Json>("com.atproto.sync.getRepoStatus", { params: { did } });
  expect(await status(person(7).did)).toMatchObject({ active: false, status: "takendown" });
  expect(await status(person(8).did)).toMatchObject({ active: false, status: "deactivated" });
  const [, , collection, rkey] = postOf(9).uri.split("/").slice(1);
  expect(
    await refusal(
      fresh.xrpc("com.atproto.repo.getRecord", { params: { repo: person(9).did, collection, rkey } }),
    ),
  ).toBe("RecordNotFound");
  expect(
    await refusal(
      fresh.xrpc("com.atproto.sync.getBlob", { params: { did: person(10).did, cid: before["takenBlob"] } }),
    ),
  ).not.toBe("(none)");
  const { posts: views } = await as<{ posts: Json[] }>(fresh, person(30), "app.bsky.feed.getPosts", {
    params: { uris: [postOf(11).uri, postOf(9).uri] },
  });
  expect(views).toMatchObject([{ uri: postOf(11).uri, labels: [{ val: "spoiler" }] }]);
  expect(
    await fresh.query("DIRECTORY", "SELECT settings ->> 'HOST_NAME' AS name FROM host_settings"),
  ).toEqual([{ name: "The harbour" }]);
});

test("the index shows what it showed, of the same age", async () => {
  expect(await feeds(fresh, person(30))).toBe(before["feeds"]);
  const { count } = await as<{ count: number }>(fresh, person(5), "app.bsky.notification.getUnreadCount");
  expect(count).toBe(0);
});

test("relays see valid events: #sync at a later rev, then commits that follow it", async () => {
  const firehose = network.firehose({ host: "fresh" });
  const { did } = person(15);
  const sync = await firehose.until((event) => event.kind === "sync" && event.did === did);
  if (sync.kind !== "sync") throw new Error("no #sync");
  const { blocks } = readCar(sync.blocks);
  const [head] = blocks.values();
  const commit = await verifyCommit(head ?? new Uint8Array(), did, repos.get(did)?.key ?? "");
  expect(commit.rev).toBe(sync.rev);
  const kinds = firehose.events.filter((event) => event.did === did).map(({ kind }) => kind);
  expect(kinds.toSorted()).toEqual(["account", "identity", "sync"]);
  await like(fresh, person(15), postOf(35));
  const next = await firehose.until((event) => event.kind === "commit" && event.did === did);
  if (next.kind !== "commit") throw new Error("no commit");
  expect(next.since).toBe(sync.rev);
  expect(next.prevData).toBe(commit.data);
});

test("the new host goes on backing up, beside what the old one left", async () => {
  const files = bucket.files.size;
  await backUp(fresh);
  expect(bucket.files.size).toBeGreaterThan(files);
  const backup = await openBackup();
  expect(backup.manifest.host.origin).toBe(fresh.url);
  expect(backup.manifest.accounts.count).toBe(MEMBERS);
});
