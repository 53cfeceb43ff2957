/** Who of the members is known to which relay: looked at once a day, a few at a time. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { lookAtRelays } from "../../src/lifecycle/relay-look.ts";
import { bindings } from "../support/account-host.ts";
import { holderOf } from "../web/admin/desk.ts";

const RELAY = "https://relay.example.com";
const DAY = 24 * 60 * 60 * 1000;
const START = Date.UTC(2027, 0, 1, 6);
const env = { ...bindings, RELAYS: RELAY, PUBLIC_URL: "https://host.example.com" };

/** The relay takes the first hundred accounts, and none of the rest. */
const isTaken = (did: string) => did < "did:plc:q100";
let isUp = true;
let asked = 0;
/** An account of which the relay says nothing. */
let silentOn = "";

beforeEach(async () => {
  isUp = true;
  asked = 0;
  silentOn = "";
  await bindings.DIRECTORY.batch(
    ["account", "relay", "relay_look", "relay_missing", "host_task"].map((table) =>
      bindings.DIRECTORY.prepare(`DELETE FROM ${table}`),
    ),
  );
  const dids = Array.from({ length: 130 }, (_, n) => `did:plc:q${String(n).padStart(3, "0")}`);
  await bindings.DIRECTORY.prepare(
    `INSERT INTO account (did, handle, state, created_at)
      SELECT value, 'q' || key || '.test', CASE key WHEN 5 THEN 'deactivated' ELSE 'active' END, '2026-01-01'
      FROM json_each(?1)`,
  )
    .bind(JSON.stringify(dids))
    .run();
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input) => {
    const url = new URL(String(input instanceof Request ? input.url : input));
    asked++;
    if (!isUp) throw new TypeError("no route");
    const did = url.searchParams.get("did") ?? "";
    if (did === silentOn || url.hostname === "dead.example.com")
      return Response.json({ error: "InternalServerError" }, { status: 500 });
    return isTaken(did)
      ? Response.json({ did, active: true })
      : Response.json({ error: "RepoNotFound", message: "?" }, { status: 400 });
  });
});
afterEach(() => {
  vi.restoreAllMocks();
});

const turn = (n: number) => lookAtRelays(env, () => START + n * 60_000);
const row = () => bindings.DIRECTORY.prepare("SELECT * FROM relay_look").first<Record<string, unknown>>();
const missing = async () =>
  bindings.DIRECTORY.prepare("SELECT count(*) AS count FROM relay_missing").first<number>("count");

test("all active members are asked about once a day, and the missing are named", async () => {
  for (let n = 0; n < 6; n++) await turn(n);
  expect(await row()).toMatchObject({
    done_day: "2027-01-01",
    done_known: 99,
    done_missing: 30,
    after: null,
  });
  expect(asked).toBe(129);
  expect(await missing()).toBe(30);
  await turn(7);
  expect(asked).toBe(129);
});

test("a relay that does not answer says nothing about anybody, and is asked again", async () => {
  await turn(0);
  isUp = false;
  await turn(1);
  expect(await row()).toMatchObject({ known: 24, missing: 0, done_day: null });
  isUp = true;
  for (let n = 2; n < 8; n++) await turn(n);
  expect(await row()).toMatchObject({ done_known: 99, done_missing: 30 });
});

test("who is known the next day is missing no more; until then the last finding stands", async () => {
  for (let n = 0; n < 6; n++) await turn(n);
  await bindings.DIRECTORY.prepare(
    "UPDATE account SET state = 'deactivated' WHERE did >= 'did:plc:q110'",
  ).run();
  await lookAtRelays(env, () => START + DAY);
  expect(await row()).toMatchObject({ day: "2027-01-02", done_day: "2027-01-01", done_missing: 30 });
  for (let n = 1; n < 6; n++) await lookAtRelays(env, () => START + DAY + n * 60_000);
  expect(await row()).toMatchObject({ done_day: "2027-01-02", done_known: 99, done_missing: 10 });
  expect(await missing()).toBe(10);
});

test("an account of which the relay says nothing holds up nobody", async () => {
  silentOn = "did:plc:q003";
  for (let n = 0; n < 6; n++) await turn(n);
  expect(await row()).toMatchObject({ done_day: "2027-01-01", done_known: 98, done_missing: 30 });
});

test("a relay that is away holds up no other, and a turn asks one relay", async () => {
  const both = { ...env, RELAYS: `https://dead.example.com,${RELAY}` };
  for (let n = 0; n < 12; n++) {
    const before = asked;
    await lookAtRelays(both, () => START + n * 60_000);
    expect(asked - before).toBeLessThanOrEqual(24);
  }
  expect(await row()).toMatchObject({ origin: RELAY, done_known: 99, done_missing: 30 });
});

test("a relay that the settings name no more is forgotten", async () => {
  for (let n = 0; n < 6; n++) await turn(n);
  await bindings.DIRECTORY.prepare(
    "INSERT INTO relay (origin, asked_at, seq, outcome) VALUES (?1, '', 1, 'answered 503')",
  )
    .bind(RELAY)
    .run();
  await lookAtRelays({ ...env, RELAYS: "" }, () => START + 7 * 60_000);
  expect(await row()).toBeNull();
  expect(await missing()).toBe(0);
  const { visitor } = await holderOf("owner");
  expect((await visitor.get("/admin")).text).toContain("All is well");
});

test("two turns at once ask once", async () => {
  await Promise.all([turn(0), turn(0)]);
  expect(asked).toBe(24);
});

test("the home page says how many, and the page of relays who", async () => {
  for (let n = 0; n < 6; n++) await turn(n);
  vi.restoreAllMocks();
  const { visitor } = await holderOf("owner");
  bindings.RELAYS = RELAY;
  const home = await visitor.get("/admin");
  bindings.RELAYS = "";
  expect(home.text).toContain("The relay relay.example.com does not know 30 of 129 members");
  expect((await visitor.get("/admin")).text).not.toContain("relay.example.com");
  const unseen = await visitor.get("/admin/members?show=unseen");
  expect(unseen.text).toContain("@q129.test");
  expect(unseen.text).not.toContain("@q099.test");
  bindings.RELAYS = RELAY;
  try {
    const page = await visitor.get("/admin/relays");
    expect(page.text).toContain("99 known, 30 not, on 1 Jan 2027");
    expect(page.text).toContain("@q101.test");
    expect(page.text).toContain("It has 129 active accounts, of which your relay knows 99.");
  } finally {
    bindings.RELAYS = "";
  }
});
