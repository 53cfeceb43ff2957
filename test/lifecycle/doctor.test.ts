/** The host's doctor: every damage on real objects, databases and files is found, and mended or told. */
import { exports } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Finding } from "../../src/lifecycle/doctor/progress.ts";
import { examinations } from "../../src/lifecycle/doctor/progress.ts";
import { examine, start, step } from "../../src/lifecycle/doctor/run.ts";
import { type Report, readReport } from "../../src/lifecycle/doctor/status.ts";
import { textOf } from "../../src/protocol/json.ts";
import type { AppViewStation } from "../../src/protocol/stations.ts";
import { configure } from "../../src/protocol/settings/configured.ts";
import { asAdmin, bindings, fetchHost } from "../support/account-host.ts";
import { Person, type Ref } from "../support/appview-host.ts";
import { dump } from "../support/community.ts";
import { cutting } from "../support/cuts.ts";
import { change, kill, rowsOf } from "../support/object-access.ts";

const { AppView: appview } = exports as never as { AppView: AppViewStation };
const { DIRECTORY: directory, APPVIEW_DB: index, BLOBS: files } = bindings;
const env = configure(bindings).bindings;

const DAY = 24 * 3_600_000;
let now = Date.UTC(2027, 0, 1);

/** Makes steps until the examination that is under way has ended. */
async function finish(given = env): Promise<Report> {
  for (let steps = 0; steps < 300; steps++) {
    await step(given, appview, () => now);
    const report = await readReport(given);
    if (report === null) throw new Error("nothing is examined");
    if (report.error !== null) throw new Error(report.error);
    if (report.endedAt !== null) return report;
  }
  throw new Error("the examination does not end");
}

async function examined(given = env): Promise<Report> {
  now += 60_000;
  await start(given, () => now);
  return finish(given);
}

/** A byte of the root, which a small repo has in the top row. */
const DAMAGED_NODE =
  "UPDATE mst SET bytes = CAST(substr(bytes, 1, 149) || x'00' || substr(bytes, 151) AS BLOB) WHERE band = 2";

const told = ({ findings }: Report) =>
  findings.map(({ did, kind, mended }: Finding) => [did, kind, mended ? "mended" : "told"]);

let alice: Person;
let bob: Person;
let root: Ref;
let picture: string;

async function upload(who: Person, bytes: string): Promise<unknown> {
  const answer = await fetchHost("/xrpc/com.atproto.repo.uploadBlob", {
    method: "POST",
    headers: { authorization: who.member.auth, "content-type": "text/plain" },
    body: bytes,
  });
  return (await answer.json<{ blob: unknown }>()).blob;
}

beforeAll(async () => {
  await directory.batch([
    directory.prepare("DELETE FROM account"),
    directory.prepare("DELETE FROM unsettled"),
  ]);
});

beforeEach(async () => {
  [alice, bob] = [await Person.join(`alice${++now}`), await Person.join(`bob${now}`)];
  await alice.write("app.bsky.actor.profile", { displayName: "Alice" }, "self");
  root = await alice.post("the first");
  await alice.post("the second");
  const reply = await bob.reply("an answer", root);
  await bob.write("app.bsky.feed.like", { subject: root });
  await bob.write("app.bsky.feed.repost", { subject: root });
  await alice.write("app.bsky.feed.repost", { subject: reply });
  await bob.follow(alice);
  const list = await alice.list("some", "curatelist");
  await alice.enlist(list, bob);
  const blob = (await upload(alice, `a picture ${now}`)) as { ref: { $link: string } };
  picture = blob.ref.$link;
  await alice.write("com.example.note", { picture: blob });
});

/** Ends the accounts of a test, so that the next one begins with a healthy host. */
async function leave(): Promise<void> {
  for (const { did } of [alice, bob]) await asAdmin("com.atproto.admin.deleteAccount", { input: { did } });
}

const keyOf = async ({ member: { did } }: Person): Promise<string> =>
  textOf((await rowsOf(did, `SELECT key FROM blob WHERE cid = '${picture}'`))[0]?.["key"]) ?? "";

test("of a healthy host there is nothing to say", async () => {
  await bob.call("com.atproto.server.deactivateAccount", { input: {} });
  const report = await examined();
  expect(told(report)).toEqual([]);
  expect(report.accounts).toBe(2);
  expect(report.cost).toMatchObject({ records: 11, files: 1 });
  // What an account costs, so that a change of it is seen: 10,000 accounts take 10,000 times this.
  expect(report.cost.calls).toBeLessThanOrEqual(2 * 6 + 4);
  expect(report.cost.statements).toBeLessThanOrEqual(2 * 25 + 10);
  await leave();
});

describe("the repo", () => {
  test.each([
    ["tree", "mended", DAMAGED_NODE],
    ["head", "mended", "DELETE FROM mst WHERE band = 2"],
    [
      "stray",
      "mended",
      "INSERT INTO record (path, digest, rev, value) SELECT 'a.b.c/stray', digest, rev, value FROM record LIMIT 1",
    ],
    ["links", "mended", "UPDATE record SET digest = zeroblob(32) WHERE path LIKE 'app.bsky.actor.profile/%'"],
    ["lost", "told", "DELETE FROM record WHERE path LIKE 'com.example.note/%'"],
    [
      "changed",
      "told",
      "UPDATE record SET value = CAST(substr(value, 1, length(value) - 1) || x'00' AS BLOB) WHERE path LIKE 'com.example.note/%'",
    ],
  ])("%s is %s", async (kind, outcome, damage) => {
    await change(alice.member.did, damage);
    await kill(alice.member.did);
    const report = await examined();
    expect(told(report)).toEqual([[alice.did, kind, outcome]]);
    if (outcome === "mended") expect(told(await examined())).toEqual([]);
    else expect(report.findings[0]?.mend).toContain(`--account ${alice.did} --yes`);
    await leave();
  });

  test("an object that holds nothing, and one that cannot be read", async () => {
    await change(alice.member.did, "UPDATE account SET signing_key = x'00'");
    await kill(alice.member.did);
    const object = bindings.ACCOUNT.getByName(bob.did) as never as DurableObjectStub;
    const { runInDurableObject } = await import("cloudflare:test");
    await runInDurableObject(object, (_, state) => state.storage.deleteAll());
    await kill(bob.member.did);
    const report = await examined();
    const found = report.findings.map(({ handle, kind, mended }) => [handle, kind, mended]);
    expect(found).toHaveLength(2);
    expect(found).toContainEqual([alice.member.handle, "unreadable", false]);
    expect(found).toContainEqual([bob.member.handle, "no object", false]);
    await leave();
  });
});

describe("files", () => {
  test("one that is lost, and one whose bytes are changed, are told", async () => {
    const key = await keyOf(alice);
    await files.put(key, `a picture ${now}`.replace("picture", "pictura"));
    expect(told(await examined())).toEqual([[alice.did, "file changed", "told"]]);
    await files.delete(key);
    expect(told(await examined())).toEqual([[alice.did, "file lost", "told"]]);
    await leave();
  });

  test("one that never came is told, unless its record is gone", async () => {
    await change(alice.member.did, `DELETE FROM blob WHERE cid = '${picture}'`);
    const report = await examined();
    expect(told(report)).toEqual([[alice.did, "file missing", "told"]]);
    expect(report.findings[0]?.example).toBe(picture);
    await leave();
  });
});

describe("directory and objects", () => {
  test("an account that the directory lost is told", async () => {
    const row = await directory.prepare("SELECT * FROM account WHERE did = ?").bind(alice.did).first();
    await directory.prepare("DELETE FROM account WHERE did = ?").bind(alice.did).run();
    expect(told(await examined())).toEqual([[alice.did, "unlisted", "told"]]);
    const columns = Object.keys(row ?? {});
    await directory
      .prepare(`INSERT INTO account (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})`)
      .bind(...Object.values(row ?? {}))
      .run();
    await leave();
  });

  test("an object that does not follow the directory is led there", async () => {
    await directory.prepare("UPDATE account SET state = 'deactivated' WHERE did = ?").bind(alice.did).run();
    await directory
      .prepare("UPDATE account SET takedown = 'takendown', takedown_ref = 'x' WHERE did = ?")
      .bind(bob.did)
      .run();
    const report = await examined();
    expect(told(report).filter(([, kind]) => kind === "standing")).toEqual(
      expect.arrayContaining([
        [alice.did, "standing", "mended"],
        [bob.did, "standing", "mended"],
      ]),
    );
    expect(told(await examined())).toEqual([]);
    const { active } = await bindings.ACCOUNT.getByName(alice.did).getRepoStatus();
    expect(active).toBe(false);
    await leave();
  });
});

describe("the index", () => {
  test.each([
    ["a post is missing", "unindexed", "DELETE FROM post WHERE author = ?1"],
    ["likes are missing", "unindexed", 'DELETE FROM "like" WHERE actor = ?2'],
    ["follows are missing", "unindexed", "DELETE FROM follow WHERE actor = ?2"],
    [
      "the profile is missing",
      "unindexed",
      "UPDATE actor SET profile = NULL, profile_cid = NULL WHERE did = ?1",
    ],
    ["a list is missing", "unindexed", "DELETE FROM record WHERE did = ?1"],
    ["a post has another version", "outdated", "UPDATE post SET cid = 'bafyother' WHERE author = ?2"],
    ["a follow has another version", "outdated", "UPDATE follow SET cid = 'bafyother' WHERE actor = ?2"],
    ["a post is in no feed", "outdated", "DELETE FROM feed_item WHERE actor = ?1 AND subject IS NULL"],
    ["a repost is in no feed", "unindexed", "DELETE FROM feed_item WHERE actor = ?2 AND subject IS NOT NULL"],
    [
      "a feed has an entry of nothing",
      "outdated",
      "INSERT INTO feed_item (actor, sort, cid, rkey, subject, flags) VALUES (?1, 7, 'x', 'none', NULL, 0)",
    ],
    [
      "a post is in no search",
      "outdated",
      "DELETE FROM post_search WHERE rowid IN (SELECT max(sort, 0) * 2097152 + tie FROM post WHERE author = ?1)",
    ],
    [
      "there is a like that the repo has not",
      "indexed",
      `INSERT INTO "like" (subject, actor, rkey, cid, sort, indexed, subject_cid, created) VALUES ('at://x/y/z', ?2, '3none', 'x', 1, 1, 'x', 'x')`,
    ],
    [
      "there is a post that the repo has not",
      "indexed",
      "INSERT INTO post (uri, author, cid, record, sort, indexed, flags, tie) VALUES ('at://' || ?1 || '/app.bsky.feed.post/3none', ?1, 'x', '{}', 1, 1, 0, -1)",
    ],
    ["a member is somebody else", "actor", "UPDATE actor SET handle = 'other.test' WHERE did = ?1"],
    ["a member is switched off", "actor", "UPDATE actor SET status = 'deactivated' WHERE did = ?1"],
    ["a member is unknown", "actor", "UPDATE actor SET known = NULL, handle = NULL WHERE did = ?1"],
    [
      "numbers of a post are wrong",
      "counts",
      "UPDATE post SET likes = 9, replies = 9, quotes = 9, reposts = 9 WHERE author = ?1",
    ],
    ["numbers of a member are wrong", "counts", "UPDATE actor SET followers = 9, posts = 9 WHERE did = ?1"],
    ["numbers of a list are wrong", "counts", "UPDATE record SET items = 9 WHERE did = ?1"],
  ])("%s", async (_, kind, damage) => {
    const before = await dump(index);
    await index
      .prepare(`${damage}${damage.includes("?2") ? "" : " -- ?2"}`)
      .bind(...(damage.includes("?2") ? [alice.did, bob.did] : [alice.did]))
      .run();
    const report = await examined();
    expect(new Set(told(report).map(([, each, outcome]) => `${each} ${outcome}`))).toContain(
      `${kind} mended`,
    );
    expect(told(report).filter(([, , outcome]) => outcome !== "mended")).toEqual([]);
    expect(told(await examined())).toEqual([]);
    const known = (tables: Record<string, unknown[]>) =>
      JSON.parse(JSON.stringify(tables), (key, value: unknown) =>
        ["known", "tie"].includes(key) ? null : value,
      ) as unknown;
    expect(known(await dump(index))).toEqual(known(before));
    await leave();
  });

  test("an account that is gone leaves it", async () => {
    const did = "did:plc:goneandforgottengoneandf";
    await index.batch([
      index.prepare("INSERT INTO actor (did, handle, known) VALUES (?, 'gone.test', 1)").bind(did),
      index
        .prepare(
          "INSERT INTO post (uri, author, cid, record, sort, indexed, flags, tie) VALUES (?, ?, 'x', '{}', 1, 1, 0, -1)",
        )
        .bind(`at://${did}/app.bsky.feed.post/3none`, did),
    ]);
    expect(told(await examined())).toEqual([[did, "departed", "mended"]]);
    expect(await index.prepare("SELECT 1 FROM post WHERE author = ?").bind(did).first()).toBeNull();
    expect(told(await examined())).toEqual([]);
    await leave();
  });

  test("writes that are on their way are no damage", async () => {
    let isOver = false;
    const writing = (async () => {
      const made: Ref[] = [];
      while (!isOver) {
        made.push(await alice.post("one after the other"));
        const old = made.length > 3 ? made.shift() : undefined;
        if (old !== undefined) await alice.erase(old);
      }
    })();
    for (let round = 0; round < 3; round++) expect(told(await examined())).toEqual([]);
    isOver = true;
    await writing;
    await leave();
  });
});

describe("what is told can be done: a restore of the account", () => {
  const NAMESPACE = "internal.atoll.backup";
  const call = async (method: string, input: unknown) => {
    const { status, body } = await asAdmin(`${NAMESPACE}.${method}`, { input });
    if (status !== 200) throw new Error(`${method}: ${status} ${JSON.stringify(body)}`);
    return body;
  };
  const upload = async (method: string, params: Record<string, string>, body: Uint8Array) => {
    const query = new URLSearchParams(params).toString();
    const authorization = `Basic ${btoa("admin:test-admin")}`;
    const headers = { authorization, "content-type": "application/octet-stream" };
    const answer = await fetchHost(`/xrpc/${NAMESPACE}.${method}?${query}`, {
      method: "POST",
      headers,
      body,
    });
    expect(answer.status).toBe(200);
  };

  test.each([
    ["that holds nothing", "clear"],
    ["that cannot be read", "UPDATE account SET signing_key = x'00'"],
    [
      "whose head and a record are lost",
      "DELETE FROM mst; DELETE FROM record WHERE path LIKE 'com.example.note/%'",
    ],
    ["that lost a record", "DELETE FROM record WHERE path LIKE 'com.example.note/%'"],
    [
      "whose tree and a record are damaged",
      `${DAMAGED_NODE}; DELETE FROM record WHERE path LIKE 'com.example.note/%'`,
    ],
  ])("an object %s", async (_, damage) => {
    const { did, handle, password } = alice.member;
    const account = () => bindings.ACCOUNT.getByName(did);
    const { kept, car } = await account().backup(null);
    const archive = new Uint8Array(await new Response(car).arrayBuffer());
    const { blobs } = await account().backupPage(null, "");
    const row = await directory.prepare("SELECT * FROM account WHERE did = ?").bind(did).first();
    if (damage === "clear") await change(did, "DELETE FROM mst");
    else await change(did, damage);
    await kill(did);
    if (damage === "clear") await account().clear();
    const ill = await examined();
    expect(ill.findings.filter(({ mended }) => !mended).map((each) => each.did)).toContain(did);

    // As `npm run restore -- --account` goes.
    const { body } = await asAdmin(`${NAMESPACE}.getAccounts`, { params: { dids: did } });
    const [there] = body["accounts"] as { rev: string | null }[];
    const isWhole = there?.rev === null;
    await call("restoreAccount", { did, kept, parts: isWhole ? "all" : "preferences" });
    await upload("restoreRepo", { did }, archive);
    await call("restoreBlobs", { did, blobs, checked: !isWhole });
    if (isWhole) await call("listAccount", { row, from: [] });
    expect(told(await examined()).filter(([, , outcome]) => outcome === "told")).toEqual([]);
    expect(told(await examined())).toEqual([]);
    const session = await asAdmin("com.atproto.server.createSession", {
      input: { identifier: handle, password },
    });
    expect(session.status).toBe(200);
    expect((await account().getRepoStatus()).active).toBe(true);
    await leave();
  });

  test("a file whose bytes are changed, or gone", async () => {
    const { did } = alice.member;
    const key = await keyOf(alice);
    const bytes = new Uint8Array(await ((await files.get(key)) as R2ObjectBody).arrayBuffer());
    const { blobs } = await bindings.ACCOUNT.getByName(did).backupPage(null, "");
    for (const damage of [
      () =>
        files.put(
          key,
          bytes.map((byte) => byte ^ 1),
        ),
      () => files.delete(key),
    ]) {
      await damage();
      const { missing } = await call("restoreBlobs", { did, blobs, checked: true });
      expect(missing).toEqual([picture]);
      await upload("restoreBlob", { did, cid: picture }, bytes);
      expect((await call("restoreBlobs", { did, blobs, checked: true }))["missing"]).toEqual([]);
      expect(told(await examined())).toEqual([]);
    }
    await leave();
  });
});

describe("an examination", () => {
  test("begins when somebody has lived here for a day, then each week, and not without need", async () => {
    await directory.prepare("DELETE FROM examination").run();
    const at = Date.now();
    await examine(env, appview, () => at);
    expect(await readReport(env)).toBeNull();
    await examine(env, appview, () => at + 2 * DAY);
    const [first] = await examinations(directory).newest(1);
    expect(first).toBeDefined();
    now = at + 2 * DAY;
    await finish();
    await examine(env, appview, () => at + 8 * DAY);
    expect((await examinations(directory).newest(5)).length).toBe(1);
    await examine(env, appview, () => at + 9 * DAY + 1_000);
    expect((await examinations(directory).newest(5)).length).toBe(2);
    now = at + 9 * DAY;
    await finish();
    now = Date.UTC(2027, 6, 1);
    await leave();
  });

  test("dies at any call, and goes on", { timeout: 60_000 }, async () => {
    let at = 1;
    for (let isCut = true; isCut; at += 4) {
      await change(alice.member.did, DAMAGED_NODE);
      await index.prepare("DELETE FROM follow WHERE actor = ?").bind(bob.did).run();
      const outcome = await cutting({ at, loses: at % 8 === 1 ? "call" : "answer", kills: true }, () =>
        examined(),
      );
      isCut = outcome.cut;
      // The lease of the dead step.
      await directory.prepare("UPDATE host_task SET begun_at = 0").run();
      const [last] = await examinations(directory).newest(1);
      if (last?.endedAt === null) await finish();
      else await examined();
      expect(told(await examined())).toEqual([]);
      await directory.prepare("DELETE FROM examination").run();
      now += DAY;
    }
    expect(at).toBeGreaterThan(12);
    await leave();
  });

  test.each(["first", "last"])(
    "passes over an account that no step survives, be it the %s",
    async (place) => {
      const [one = alice, other = bob] = [alice, bob].toSorted((a, b) => (a.did < b.did ? -1 : 1));
      const ill = place === "first" ? one : other;
      const dying = {
        ...env,
        ACCOUNT: {
          getByName: (did: string) => {
            if (did === ill.did) throw new Error("too large for this plan");
            return bindings.ACCOUNT.getByName(did);
          },
        },
      };
      now += 60_000;
      await start(env, () => now);
      for (let steps = 0; steps < 30; steps++) await step(dying, appview, () => now);
      const report = await readReport(env);
      expect(report?.endedAt).not.toBeNull();
      expect(told(report as Report)).toEqual([[ill.did, "skipped", "told"]]);
      expect(report?.findings[0]?.found).toContain("too large for this plan");
      await leave();
    },
  );

  test("is made step by step over HTTP, on the free plan as well", async () => {
    await change(alice.member.did, DAMAGED_NODE);
    await directory.prepare("DELETE FROM examination").run();
    expect((await asAdmin("internal.atoll.doctor.start", { input: {} })).status).toBe(200);
    let report: Report | null = null;
    for (let calls = 0; calls < 50 && (report === null || report.endedAt === null); calls++) {
      report = (await asAdmin("internal.atoll.doctor.step", { input: {} })).body["report"] as Report;
    }
    expect(told(report as Report)).toEqual([[alice.did, "tree", "mended"]]);
    const last = await asAdmin("internal.atoll.doctor.getReport");
    expect(last.body["report"]).toEqual(report);
    await directory.prepare("DELETE FROM examination").run();
    expect(told(await examined(configure({ ...bindings, PLAN: "free" }).bindings))).toEqual([]);
    await leave();
  });
});
