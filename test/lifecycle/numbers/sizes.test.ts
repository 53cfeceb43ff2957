/** What all accounts keep: each is asked once a day, a few at a time. */
import { beforeEach, expect, test } from "vitest";
import { countDay, readDays } from "../../../src/lifecycle/numbers/days.ts";
import { foundSizes, measureSizes } from "../../../src/lifecycle/numbers/sizes.ts";
import { bindings, fetchHost, join } from "../../support/account-host.ts";

const DAY = 24 * 60 * 60 * 1000;
const START = Date.UTC(2027, 0, 1);

let asked: string[] = [];
let broken = "";
const env = {
  DIRECTORY: bindings.DIRECTORY,
  PLAN: "paid",
  ACCOUNT: {
    getByName: (did: string) => {
      asked.push(did);
      if (did === broken) return { sizes: () => Promise.reject(new Error("cannot be read")) };
      return {
        sizes: async () => ({ repoBytes: 1000, heldBytes: 100, files: 2, fileBytes: 300 }),
      };
    },
  },
} as unknown as Parameters<typeof measureSizes>[0];

const empty = (...tables: string[]) =>
  bindings.DIRECTORY.batch(tables.map((table) => bindings.DIRECTORY.prepare(`DELETE FROM ${table}`)));

beforeEach(async () => {
  asked = [];
  broken = "";
  await empty("account", "size_look", "host_task", "day_number");
  await bindings.DIRECTORY.prepare(
    `INSERT INTO account (did, handle, state, created_at)
      SELECT 'did:plc:s' || value, 's' || value || '.test', iif(value = '05', 'deleted', iif(value = '06', 'deactivated', 'active')), '2026-01-01'
      FROM json_each(?1)`,
  )
    .bind(JSON.stringify(Array.from({ length: 20 }, (_, n) => String(n).padStart(2, "0"))))
    .run();
});

const turn = (n: number, from = START) => measureSizes(env, () => from + n * 60_000);
const found = () => foundSizes(bindings.DIRECTORY).first();

test("all accounts that are here are asked once a day, and summed up", async () => {
  await turn(0);
  expect(asked).toHaveLength(7);
  expect(await found()).toBeNull();
  for (let n = 1; n < 5; n++) await turn(n);
  expect(asked).toHaveLength(19);
  expect(new Set(asked).size).toBe(19);
  expect(asked).not.toContain("did:plc:s05");
  expect(await found()).toEqual({
    day: "2027-01-01",
    repoBytes: 19_000,
    files: 38,
    fileBytes: 5_700,
    heldBytes: 1_900,
  });
});

test("until the next day's look is done, the last one stands", async () => {
  for (let n = 0; n < 4; n++) await turn(n);
  await bindings.DIRECTORY.prepare("DELETE FROM account WHERE did > 'did:plc:s09'").run();
  await turn(0, START + DAY);
  expect(await found()).toMatchObject({ day: "2027-01-01", repoBytes: 19_000 });
  await turn(1, START + DAY);
  expect(await found()).toMatchObject({ day: "2027-01-02", repoBytes: 9_000 });
});

test("an account that cannot be read holds up no other", async () => {
  broken = "did:plc:s03";
  for (let n = 0; n < 4; n++) await turn(n);
  expect(await found()).toMatchObject({ repoBytes: 18_000 });
});

test("two turns at once ask once", async () => {
  await Promise.all([turn(0), turn(0)]);
  expect(asked).toHaveLength(7);
});

test("a real account tells its database and its files, and the day's numbers have them", async () => {
  await empty("account");
  const member = await join();
  const text = new Uint8Array(5_000).fill(65);
  const headers = { authorization: member.auth, "content-type": "text/plain" };
  await fetchHost("/xrpc/com.atproto.repo.uploadBlob", { method: "POST", headers, body: text });
  await measureSizes(bindings, () => START);
  const sizes = await found();
  expect(sizes).toMatchObject({ files: 1, fileBytes: 5_000, heldBytes: 0 });
  await countDay(bindings, () => START + 60_000);
  const [day] = await readDays(bindings.DIRECTORY, 1);
  expect(day?.numbers).toMatchObject({ files: 1, fileBytes: 5_000, repoBytes: sizes?.repoBytes });
  expect(day?.numbers.repoBytes).toBeGreaterThan(10_000);
  expect(day?.numbers.streamBytes).toBeGreaterThan(1_000);
});
