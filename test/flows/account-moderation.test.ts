/** What the admin, roles and a trusted moderation service may do, and the effects. */
import { parseDidKey, verifySignature } from "@atproto/crypto";
import { expect, test } from "vitest";
import { decodeFirst, decode, fromBytes } from "../../src/protocol/cbor.ts";
import { signedBytes } from "../../src/protocol/label.ts";
import { labelKey } from "../../src/moderation/issue-labels.ts";
import { Directory } from "../../src/identity/directory.ts";
import type { Member } from "../support/account-host.ts";
import { HOST_DID, asAdmin, bindings, fetchHost, join, post, xrpc } from "../support/account-host.ts";

const admin = (method: string) => `com.atproto.admin.${method}`;
const own = (method: string) => `internal.atoll.admin.${method}`;

async function say(member: Member, text: string) {
  const { body } = await xrpc("com.atproto.repo.createRecord", {
    auth: member.auth,
    input: {
      repo: member.did,
      collection: "app.bsky.feed.post",
      record: { $type: "app.bsky.feed.post", text, createdAt: new Date().toISOString() },
    },
  });
  return { uri: String(body.uri), cid: String(body.cid) };
}

const repoRef = (did: string) => ({ $type: "com.atproto.admin.defs#repoRef", did });

const update = (input: object, auth?: string) =>
  auth === undefined
    ? asAdmin(admin("updateSubjectStatus"), { input })
    : xrpc(admin("updateSubjectStatus"), { input, auth });

test("an account is taken down and restored, and its sessions end", async () => {
  const member = await join();
  const taken = await update({ subject: repoRef(member.did), takedown: { applied: true, ref: "case-1" } });
  expect(taken.body).toEqual({
    subject: repoRef(member.did),
    takedown: { applied: true, ref: "case-1" },
  });
  const params = { did: member.did };
  expect((await xrpc("com.atproto.sync.getRepoStatus", { params })).body).toMatchObject({
    active: false,
    status: "takendown",
  });
  expect((await asAdmin(admin("getSubjectStatus"), { params })).body).toEqual({
    subject: repoRef(member.did),
    takedown: { applied: true, ref: "case-1" },
    deactivated: { applied: false },
  });
  const refreshed = await post("com.atproto.server.refreshSession", { auth: member.refresh });
  expect(refreshed.body).toMatchObject({ error: "AccountTakedown" });
  await update({ subject: repoRef(member.did), takedown: { applied: false } });
  expect((await xrpc("com.atproto.sync.getRepoStatus", { params })).body).toMatchObject({ active: true });
  const session = { identifier: member.handle, password: member.password };
  expect((await xrpc("com.atproto.server.createSession", { input: session })).status).toBe(200);
});

test("a takedown whose reason says so is a suspension", async () => {
  const member = await join();
  await update({ subject: repoRef(member.did), takedown: { applied: true, ref: "BSKY-SUSPEND-7" } });
  const { body } = await xrpc("com.atproto.sync.getRepoStatus", { params: { did: member.did } });
  expect(body).toMatchObject({ active: false, status: "suspended" });
});

test("a record is taken down: not read, still in the repo, and told with its version", async () => {
  const member = await join();
  const { uri, cid } = await say(member, "regrettable");
  const subject = { $type: "com.atproto.repo.strongRef", uri, cid };
  expect((await asAdmin(admin("getSubjectStatus"), { params: { uri } })).body).toEqual({
    subject,
    takedown: { applied: false },
  });
  await update({ subject, takedown: { applied: true, ref: "r1" } });
  const params = { repo: member.did, collection: "app.bsky.feed.post", rkey: uri.split("/")[4] ?? "" };
  expect((await xrpc("com.atproto.repo.getRecord", { params })).body).toMatchObject({
    error: "RecordNotFound",
  });
  expect((await asAdmin(admin("getSubjectStatus"), { params: { uri } })).body).toEqual({
    subject,
    takedown: { applied: true, ref: "r1" },
  });
  const shown = await bindings.APPVIEW_DB.prepare("SELECT ref FROM takedown WHERE subject = ?")
    .bind(uri)
    .first();
  expect(shown).toEqual({ ref: "r1" });
  await update({ subject, takedown: { applied: false } });
  expect((await xrpc("com.atproto.repo.getRecord", { params })).status).toBe(200);
  const kept = bindings.DIRECTORY.prepare("SELECT 1 FROM subject_status WHERE did = ?");
  expect(await kept.bind(member.did).first()).toBeNull();
});

test("what was decided of an account, its records and blobs ends with it, in every station", async () => {
  const member = await join();
  const other = await join();
  const [mine, theirs] = [await say(member, "regrettable"), await say(other, "as well")];
  for (const { uri, cid } of [mine, theirs]) {
    await update({ subject: { $type: "com.atproto.repo.strongRef", uri, cid }, takedown: { applied: true } });
  }
  await update({ subject: repoRef(member.did), takedown: { applied: true } });
  const { DIRECTORY, APPVIEW_DB } = bindings;
  await APPVIEW_DB.prepare("INSERT INTO takedown (subject, ref) VALUES (?1, 'blob')")
    .bind(`${member.did}/bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku`)
    .run();
  const inIndex = async (did: string) =>
    await APPVIEW_DB.prepare("SELECT count(*) AS n FROM takedown WHERE instr(subject, ?1) > 0")
      .bind(did)
      .first<number>("n");
  const inDirectory = async (did: string) =>
    await DIRECTORY.prepare("SELECT count(*) AS n FROM subject_status WHERE did = ?1")
      .bind(did)
      .first<number>("n");
  expect([await inIndex(member.did), await inDirectory(member.did)]).toEqual([3, 1]);
  await asAdmin(admin("deleteAccount"), { input: { did: member.did } });
  await expect.poll(() => inIndex(member.did)).toBe(0);
  expect(await inDirectory(member.did)).toBe(0);
  expect([await inIndex(other.did), await inDirectory(other.did)]).toEqual([1, 1]);
});

test("what is not here has no status and cannot be taken down", async () => {
  const member = await join();
  const uri = `at://${member.did}/app.bsky.feed.post/3l2dmkw5ihc2y`;
  expect((await asAdmin(admin("getSubjectStatus"), { params: { uri } })).body.error).toBe("NotFound");
  const cid = "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku";
  const blob = await asAdmin(admin("getSubjectStatus"), { params: { did: member.did, blob: cid } });
  expect(blob.body.error).toBe("NotFound");
  const stranger = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa";
  const elsewhere = await asAdmin(admin("getSubjectStatus"), { params: { did: stranger, blob: cid } });
  expect(elsewhere.body.error).toBe("NotFound");
  const taken = await update({ subject: repoRef(stranger), takedown: { applied: true } });
  expect([taken.status, taken.body.error]).toEqual([400, "NotFound"]);
});

test("an account is deactivated and activated by the admin, but not activated and taken down at once", async () => {
  const member = await join();
  const both = await update({
    subject: repoRef(member.did),
    takedown: { applied: true },
    deactivated: { applied: false },
  });
  expect(both.body).toMatchObject({ error: "InvalidRequest" });
  await update({ subject: repoRef(member.did), deactivated: { applied: true } });
  const params = { did: member.did };
  expect((await xrpc("com.atproto.sync.getRepoStatus", { params })).body).toMatchObject({
    status: "deactivated",
  });
  await update({ subject: repoRef(member.did), deactivated: { applied: false } });
  expect((await xrpc("com.atproto.sync.getRepoStatus", { params })).body).toMatchObject({ active: true });
});

test("the admin changes address, handle and password, and deletes", async () => {
  const member = await join();
  const email = `by-admin-${member.email}`;
  await asAdmin(admin("updateAccountEmail"), { input: { account: member.handle, email } });
  const handle = `renamed-${Date.now() % 1e6}.test`;
  const renamed = await asAdmin(admin("updateAccountHandle"), { input: { did: member.did, handle } });
  expect(renamed.status).toBe(200);
  await asAdmin(admin("updateAccountPassword"), { input: { did: member.did, password: "chosen by admin" } });
  const session = await xrpc("com.atproto.server.createSession", {
    input: { identifier: email, password: "chosen by admin" },
  });
  expect(session.body).toMatchObject({ handle, email, emailConfirmed: false });
  const { body } = await asAdmin(admin("searchAccounts"), { params: { email: `by-admin-${member.email}` } });
  expect(body.accounts).toMatchObject([{ did: member.did, handle, email }]);
  expect((await asAdmin(admin("deleteAccount"), { input: { did: member.did } })).status).toBe(200);
  expect((await asAdmin(admin("deleteAccount"), { input: { did: member.did } })).status).toBe(200);
  const info = await asAdmin(admin("getAccountInfo"), { params: { did: member.did } });
  expect(info.body.error).toBe("NotFound");
});

test("each act is in the audit log with who did it, and a failed one says so; none holds a secret", async () => {
  const member = await join();
  await asAdmin(admin("updateAccountPassword"), { input: { did: member.did, password: "sesame-12345" } });
  const taken = await join();
  await asAdmin(admin("updateAccountEmail"), { input: { account: member.did, email: taken.email } });
  const { body } = await asAdmin(own("listAudit"), { params: { subject: member.did } });
  expect(body.acts).toMatchObject([
    {
      actor: "admin",
      action: "updateAccountEmail",
      subject: member.did,
      detail: { failed: "InvalidRequest" },
    },
    { actor: "admin", action: "updateAccountPassword", subject: member.did, detail: {} },
  ]);
  const all = JSON.stringify((await asAdmin(own("listAudit"), { params: { limit: "100" } })).body);
  expect(all).not.toContain("sesame-12345");
  expect(all).not.toContain(taken.email);
});

test("roles: a moderator moderates members but no role holder, an inviter invites, an owner does all", async () => {
  const [boss, mod, guest, plain] = [await join(), await join(), await join(), await join()];
  for (const [did, role] of [
    [boss.did, "owner"],
    [mod.did, "moderator"],
    [guest.did, "inviter"],
  ] as const) {
    expect((await asAdmin(own("grantRole"), { input: { did, role } })).status).toBe(200);
  }
  const takedown = { applied: true };
  expect((await update({ subject: repoRef(plain.did), takedown }, mod.auth)).status).toBe(200);
  expect((await update({ subject: repoRef(boss.did), takedown }, mod.auth)).status).toBe(403);
  expect((await update({ subject: repoRef(plain.did), takedown }, guest.auth)).status).toBe(403);
  const rename = { did: plain.did, handle: "whatever.test" };
  expect((await xrpc(admin("updateAccountHandle"), { auth: mod.auth, input: rename })).status).toBe(403);

  const invite = (auth: string, input: object) =>
    xrpc("com.atproto.server.createInviteCode", { auth, input });
  expect((await invite(guest.auth, { useCount: 1 })).status).toBe(200);
  expect((await invite(guest.auth, { useCount: 1, forAccount: plain.did })).status).toBe(403);
  expect((await invite(mod.auth, { useCount: 1 })).status).toBe(403);
  const mine = await xrpc("com.atproto.server.getAccountInviteCodes", { auth: guest.auth });
  expect(mine.body.codes).toMatchObject([{ forAccount: guest.did, createdBy: guest.did, available: 1 }]);

  const mail = { recipientDid: mod.did, senderDid: boss.did, content: "<p>Hello &amp; welcome</p>" };
  expect((await xrpc(admin("sendEmail"), { auth: boss.auth, input: mail })).body).toEqual({ sent: true });
  expect((await xrpc(own("revokeRole"), { auth: boss.auth, input: { did: mod.did } })).status).toBe(200);
  expect((await update({ subject: repoRef(plain.did), takedown }, mod.auth)).status).toBe(401);
  const { body } = await asAdmin(own("listAudit"), { params: { actor: boss.did } });
  expect(body.acts).toMatchObject([{ action: "revokeRole" }, { action: "sendEmail" }]);
});

test("an app password does not speak for a role holder, nor a deactivated one for the host", async () => {
  const mod = await join();
  await asAdmin(own("grantRole"), { input: { did: mod.did, role: "owner" } });
  const made = await xrpc("com.atproto.server.createAppPassword", {
    auth: mod.auth,
    input: { name: "a", privileged: true },
  });
  const session = await xrpc("com.atproto.server.createSession", {
    input: { identifier: mod.did, password: String(made.body.password) },
  });
  const auth = `Bearer ${String(session.body.accessJwt)}`;
  expect((await xrpc(own("listRoles"), { auth })).status).toBe(403);
  expect((await xrpc(own("listRoles"), { auth: mod.auth })).status).toBe(200);
  await xrpc("com.atproto.server.deactivateAccount", { auth: mod.auth, input: {} });
  expect((await xrpc(own("listRoles"), { auth: mod.auth })).status).toBe(401);
});

test("reports are kept, listed and closed", async () => {
  const [author, reader] = [await join(), await join()];
  const { uri, cid } = await say(author, "spam spam spam");
  const report = (subject: object, reason?: string) =>
    xrpc("com.atproto.moderation.createReport", {
      auth: reader.auth,
      input: { reasonType: "com.atproto.moderation.defs#reasonSpam", subject, reason },
    });
  const subject = { $type: "com.atproto.repo.strongRef", uri, cid };
  const first = await report(subject, "again and again");
  expect(first.body).toMatchObject({
    subject,
    reason: "again and again",
    reasonType: "com.atproto.moderation.defs#reasonSpam",
    reportedBy: reader.did,
  });
  await report(repoRef(author.did));
  const list = (state: string) => asAdmin(own("listReports"), { params: { subject: author.did, state } });
  expect((await list("open")).body.reports).toMatchObject([
    { subjectDid: author.did, subjectUri: null, state: "open" },
    { subjectUri: uri, subjectCid: cid, reportedBy: reader.did },
  ]);
  const closed = await asAdmin(own("updateReport"), {
    input: { id: first.body.id, state: "resolved", note: "taken down" },
  });
  expect(closed.status).toBe(200);
  expect((await list("resolved")).body.reports).toMatchObject([{ closedBy: "admin", note: "taken down" }]);
  expect((await list("open")).body.reports).toHaveLength(1);
});

async function label(labels: object[]) {
  const { status, body } = await asAdmin(own("createLabels"), { input: { labels } });
  expect(status).toBe(200);
  return body.labels as { uri: string; val: string; sig: { $bytes: string } }[];
}

const query = async (...uriPatterns: string[]) => {
  const { body } = await xrpc("com.atproto.label.queryLabels", {
    params: { uriPatterns, sources: HOST_DID },
  });
  return (body.labels as { uri: string; val: string }[]).map(({ uri, val }) => [uri, val]);
};

test("labels are signed, queried, taken back, and known to the AppView", async () => {
  const author = await join();
  const { uri, cid } = await say(author, "boo");
  const [issued] = await label([{ uri, cid, val: "spoiler" }]);
  await label([{ uri: author.did, val: "!warn" }]);
  expect(await query(uri, author.did)).toEqual([
    [uri, "spoiler"],
    [author.did, "!warn"],
  ]);
  expect(await query(`at://${author.did}/*`)).toEqual([[uri, "spoiler"]]);
  const { ver: _, sig, ...unsigned } = issued as never as { ver: 1; sig: { $bytes: string } };
  const key = (await labelKey(new Directory(bindings))).did();
  expect(parseDidKey(key).jwtAlg).toBe("ES256K");
  expect(await verifySignature(key, signedBytes(unsigned as never), fromBytes(sig))).toBe(true);
  const shown = await bindings.APPVIEW_DB.prepare("SELECT src, val FROM label WHERE uri = ?").bind(uri).all();
  expect(shown.results).toEqual([{ src: HOST_DID, val: "spoiler" }]);
  await label([{ uri, cid, val: "spoiler", neg: true }]);
  expect(await query(uri)).toEqual([]);
  await label([{ uri, val: "old-news", exp: "2020-01-01T00:00:00.000Z" }]);
  expect(await query(uri)).toEqual([]);
  const wrong = await asAdmin(own("createLabels"), { input: { labels: [{ uri, val: "Not A Value" }] } });
  expect(wrong.body.error).toBe("InvalidRequest");
});

interface LabelsFrame {
  seq: number;
  labels: { uri: string; val: string; neg?: boolean; sig: Uint8Array }[];
}

async function subscribe(cursor?: number) {
  const query = cursor === undefined ? "" : `?cursor=${cursor}`;
  const response = await fetchHost(`/xrpc/com.atproto.label.subscribeLabels${query}`, {
    headers: { upgrade: "websocket" },
  });
  const socket = response.webSocket;
  if (!socket) throw new Error(`no socket: ${response.status}`);
  const frames: { header: unknown; body: LabelsFrame }[] = [];
  socket.addEventListener("message", ({ data }) => {
    const [header, rest] = decodeFirst(new Uint8Array(data as ArrayBuffer));
    frames.push({ header, body: decode(rest) as never });
  });
  socket.binaryType = "arraybuffer";
  socket.accept();
  const until = async (count: number) => {
    for (let tries = 0; frames.length < count && tries < 100; tries++) await scheduler.wait(20);
    return frames;
  };
  return { frames, until, close: () => socket.close() };
}

const begun = Date.now();

test("subscribers get every label from their cursor on, then new ones, each once", async () => {
  const { did } = await join();
  for (const val of ["one", "two", "three"]) await label([{ uri: did, val }]);
  const all = await subscribe(0);
  const before = (await all.until(3)).length;
  const values = () => all.frames.map(({ body }) => body.labels[0]?.val);
  expect(values().slice(-3)).toEqual(["one", "two", "three"]);
  const live = await subscribe();
  await label([
    { uri: did, val: "four" },
    { uri: did, val: "one", neg: true },
  ]);
  await all.until(before + 2);
  await live.until(2);
  expect(live.frames.map(({ header, body }) => [header, body.labels[0]?.val, body.labels[0]?.neg])).toEqual([
    [{ op: 1, t: "#labels" }, "four", undefined],
    [{ op: 1, t: "#labels" }, "one", true],
  ]);
  const seqs = all.frames.map(({ body }) => body.seq);
  expect(seqs).toEqual([...new Set(seqs)].toSorted((a, b) => a - b));
  const newest = seqs.at(-1) ?? 0;
  const future = await subscribe(newest + 1);
  await future.until(1);
  expect(future.frames[0]?.header).toEqual({ op: -1 });
  // A host set up anew goes on above the seqs of its earlier life.
  expect(newest).toBeGreaterThanOrEqual(begun);
  expect(newest).toBeLessThan(Date.now() + seqs.length);
  all.close();
  live.close();
});

test("a plain GET of the label stream is told to upgrade", async () => {
  const { status } = await xrpc("com.atproto.label.subscribeLabels");
  expect(status).toBe(426);
});
