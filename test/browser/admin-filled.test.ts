/** The admin's pages as they are after some months: with archives, requests, backups, failures and long lists. */
import { createHash } from "node:crypto";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PASSWORD, type Stage, setStage, signUp } from "../clients/oauth/stage.ts";
import { launchChromium } from "./chromium.ts";
import { OPEN_ALL, assertAccessible } from "./looks.ts";

let stage: Stage;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  [stage, browser] = await Promise.all([setStage({ REGISTRATION: "open" }), launchChromium()]);
  await stage.host.admin("internal.atoll.admin.grantRole", {
    input: { did: stage.alice.did, role: "owner" },
  });
  page = await signedIn("alice.test");
});
afterAll(async () => {
  await browser?.close();
  await stage?.stop();
});

const at = (path: string) => `${stage.host.url}${path}`;

async function signedIn(handle: string): Promise<Page> {
  const own = await (await browser.newContext()).newPage();
  await own.goto(at("/admin"));
  await own.getByLabel("Handle or e-mail address").fill(handle);
  await own.getByLabel("Password").fill(PASSWORD);
  await own.getByRole("button", { name: "Sign in", exact: true }).click();
  await own.waitForLoadState();
  return own;
}

/** Rows into a table of the directory, each value by its place. */
const plant = (into: string, rows: (string | number | null)[][]) =>
  stage.host.query(
    "DIRECTORY",
    `INSERT INTO ${into} SELECT ${(rows[0] ?? []).map((_, n) => `value ->> ${n}`).join(", ")} FROM json_each(?1)`,
    JSON.stringify(rows),
  );

const open = async (path: string) => {
  await page.goto(at(path));
  await page.evaluate(OPEN_ALL);
};

const LONG = "a-handle-that-is-as-long-as-a-domain-allows-it-to-be-and-then-some.example.com";

test("archives are kept, taken along and brought back", async () => {
  const gone = await Promise.all(["wanda", "otto"].map((name) => signUp(stage.host, name)));
  for (const { did } of gone)
    await stage.host.admin("internal.atoll.admin.archiveAccount", { input: { did, days: 30 } });
  await plant("archive (did, made_at, handle, key, until, actor, rev, bytes, cid, files, file_bytes)", [
    [
      "did:web:a-very-long-name.of-a-host.example.com",
      1,
      LONG,
      "k",
      "2999-01-01",
      "admin",
      "3",
      81e6,
      "x",
      412,
      3e9,
    ],
  ]);
  await open("/admin/archives");
  await page.getByRole("heading", { name: "@wanda.test" }).waitFor();
  await assertAccessible(page, "admin-archives");
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Download the records of @wanda.test" }).click(),
  ]);
  expect(download.suggestedFilename()).toBe("wanda.test.car");
  const card = page.locator("article", { hasText: "@otto.test" });
  await card.getByLabel("Their handle").fill("no handle!");
  await card.getByRole("button", { name: "Bring them back" }).click();
  await assertAccessible(page, "admin-archives-wrong");
  await page.locator("article", { hasText: "@otto.test" }).getByLabel("Their handle").fill("otto");
  await page
    .locator("article", { hasText: "@otto.test" })
    .getByRole("button", { name: "Bring them back" })
    .click();
  await page.getByText("@otto.test is back.").waitFor();
  await assertAccessible(page, "admin-archives-back");
});

test("requests to join are decided one by one, and several after a look", async () => {
  const why =
    "I live on the north shore, and my neighbour told me of you.\n\nI would like to read what happens at the harbour, and to write about birds.";
  await plant(
    "join_request (key_digest, handle, email, reason, state, asked_at, ends_at)",
    ["paul", "quinn", "ruth", LONG].map((name, n) => [
      `digest${n}`,
      name.includes(".") ? name : `${name}.test`,
      `${name.slice(0, 20)}@a-long-name-of-a-mail-host.example.com`,
      n === 2 ? "x".repeat(1_000) : why,
      "waiting",
      "2026-11-28T08:00:00.000Z",
      "2999-01-01T00:00:00.000Z",
    ]),
  );
  await open("/admin/requests");
  await assertAccessible(page, "admin-requests");
  await page.goto(at("/admin/requests"));
  for (const name of ["paul", "quinn"]) await page.getByLabel(`Choose @${name}.test`).check();
  await page.getByRole("button", { name: "Look at those chosen" }).click();
  await page.getByRole("heading", { name: "2 requests" }).waitFor();
  await assertAccessible(page, "admin-requests-preview");
  await page.getByLabel("What they are told with it").fill("Welcome! Come to the quay on Friday.");
  await page.getByRole("button", { name: "Let in" }).click();
  await page.getByText("@paul.test, @quinn.test may join.").waitFor();
  await page.getByRole("button", { name: "Refuse @ruth.test" }).click();
  await page.getByText("Refused: @ruth.test.").waitFor();
  await open("/admin/requests?show=approved");
  await assertAccessible(page, "admin-requests-approved");
  await open("/admin/requests?show=refused");
  await assertAccessible(page, "admin-requests-refused");
});

test("backups begin with a key that the browser makes, and say how each went", async () => {
  await page.goto(at("/admin/backups"));
  await assertAccessible(page, "admin-backups-none");
  await page.getByRole("button", { name: "Make a key" }).click();
  await assertAccessible(page, "admin-backups-key");
  await page.getByLabel("I have saved it").check();
  await page.getByRole("button", { name: "Use this key" }).click();
  await page.getByText("The first backup begins within minutes.").waitFor();
  const [kept] = await stage.host.query("DIRECTORY", "SELECT settings FROM host_settings");
  const { BACKUP_KEY } = JSON.parse(String(kept?.settings)) as { BACKUP_KEY: string };
  const place = createHash("sha256").update(` ${BACKUP_KEY}`).digest("hex").slice(0, 16);
  const done = { phase: "done", place, accounts: 12, visited: 5, bytes: 81e6, error: null, failed: [] };
  await stage.host.query("DIRECTORY", "DELETE FROM backup_run");
  await plant("backup_run (id, progress, ended_at)", [
    [
      "20260901T030000Z",
      JSON.stringify({ ...done, failed: [["did:plc:x", "unreadable"]] }),
      1_788_000_000_000,
    ],
    ["20260902T030000Z", JSON.stringify(done), 1_788_086_400_000],
    [
      "20260903T030000Z",
      JSON.stringify({
        ...done,
        phase: "accounts",
        error: "the bucket refuses: AccessDenied, for a key of long ago",
      }),
      null,
    ],
  ]);
  await open("/admin/backups");
  await page.getByText("It does not get on").waitFor();
  await assertAccessible(page, "admin-backups");
});

test("whatever failed, waits or is long stands in its place", async () => {
  const members = await Promise.all(["mia", "nils"].map((name) => signUp(stage.host, name)));
  const [mia] = members;
  await plant(
    "mail_log (at, kind, did, failure)",
    members.flatMap(({ did }) => [
      ["2026-11-29T07:00:00.000Z", "confirm_email", did, null],
      [
        "2026-11-29T07:01:00.000Z",
        "reset_password",
        did,
        "The service answered 422: the domain of the sender is not verified",
      ],
    ]),
  );
  await plant("unsent_mail (did, purpose, subject, text, at)", [
    [
      mia?.did ?? "",
      "reset_password",
      "A new password",
      "Your code is ABCDE-FGHIJ.\n\nIt is good for an hour.",
      new Date().toISOString(),
    ],
  ]);
  await plant("announcement (at, by, uri, subject, text, after, total, sent, failed, tries)", [
    [
      "2026-11-28T07:00:00.000Z",
      stage.alice.did,
      null,
      "We move",
      "On Friday.\n\nSee you there.",
      null,
      120,
      118,
      2,
      0,
    ],
    [
      "2026-11-29T07:00:00.000Z",
      stage.alice.did,
      null,
      "We moved",
      "It is done.",
      "did:plc:m",
      120,
      40,
      0,
      3,
    ],
  ]);
  await plant("relay_look (origin, day, known, missing, done_day, done_known, done_missing)", [
    ["https://relay.example", "2026-11-29", 90, 12, "2026-11-29", 90, 12],
  ]);
  await plant(
    "blocked_link (domain, blocked_by, blocked_at)",
    ["casino.example", `${"long-".repeat(10)}name.example`].map((domain) => [domain, "admin", "2026-11-28"]),
  );
  await plant("reserved_name (name, reserved_by, reserved_at)", [
    ["mayor", "admin", "2026-11-28"],
    ["x".repeat(63), "admin", "2026-11-28"],
  ]);
  await stage.host.admin("internal.atoll.admin.updateSettings", {
    input: {
      settings: {
        BLOCKED_WORDS: "casino, watches",
        BLOCKED_HOSTS: "spam.example",
        OWN_LABELS: JSON.stringify([
          {
            value: "off-topic",
            name: "Off topic",
            description: "Not about the harbour.",
            severity: "inform",
            blurs: "none",
          },
        ]),
      },
    },
  });
  for (const { did } of members)
    await stage.host.admin("com.atproto.admin.updateSubjectStatus", {
      input: {
        subject: { $type: "com.atproto.admin.defs#repoRef", did },
        takedown: { applied: true, ref: "SUSPEND insults" },
      },
    });
  for (const name of [
    "mail",
    "announcements",
    "relays",
    "links",
    "names",
    "labels",
    "log",
    "health",
    "address",
    "settings/look",
    "settings/mail",
    "members?show=suspended",
    "members?show=in",
    `members/${mia?.did}`,
  ]) {
    await open(`/admin/${name}`);
    await assertAccessible(page, `admin-filled-${name.replaceAll(/[^a-z]+/g, "-").slice(0, 30)}`);
  }
}, 240_000);

test("who has another role sees what is theirs", async () => {
  for (const role of ["moderator", "inviter"] as const) {
    const { did, handle } = await signUp(stage.host, `${role}1`);
    await stage.host.admin("internal.atoll.admin.grantRole", { input: { did, role } });
    const own = await signedIn(handle);
    await assertAccessible(own, `admin-home-${role}`);
    await own.goto(at("/admin/invites"));
    await assertAccessible(own, `admin-invites-${role}`);
    await own.goto(at("/admin/settings"));
    await own.getByRole("heading", { name: "Not yours to see" }).waitFor();
    await assertAccessible(own, `admin-refused-${role}`);
    await own.context().close();
  }
});
