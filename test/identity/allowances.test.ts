import { expect, test } from "vitest";
import { Allowances } from "../../src/identity/allowances.ts";
import { bindings, newDid } from "../support/bindings.ts";

const HOUR = 3_600_000;
const short = { windowMs: HOUR, points: 2 };
const long = { windowMs: 24 * HOUR, points: 3 };
let now = Date.parse("2026-11-23T10:00:00.000Z");
const allowances = new Allowances(bindings.DIRECTORY, () => now);

test("an allowance runs out, comes back with the next window, and runs out for the day", async () => {
  const did = newDid();
  const use = () => allowances.consume(did, "mail", short, long);
  expect(await use()).toMatchObject({ allowed: true, remaining: 1, limit: short });
  expect(await use()).toMatchObject({ allowed: true, remaining: 0, limit: short });
  expect(await use()).toEqual({ allowed: false, remaining: 0, limit: short, resetAt: now + HOUR });
  const start = now;
  now += HOUR;
  expect(await use()).toMatchObject({ allowed: true, remaining: 0, limit: long });
  expect(await use()).toMatchObject({ allowed: false, limit: long, resetAt: start + 24 * HOUR });
  now = start + 24 * HOUR;
  expect(await use()).toMatchObject({ allowed: true });
});

test("kinds and accounts are counted apart, and uses at once are each counted", async () => {
  const did = newDid();
  const uses = await Promise.all(
    Array.from({ length: 6 }, () =>
      allowances.consume(did, "handle", { windowMs: HOUR, points: 4 }, { ...long, points: 9 }),
    ),
  );
  expect(uses.filter(({ allowed }) => allowed)).toHaveLength(4);
  expect(await allowances.consume(did, "mail", short, long)).toMatchObject({ allowed: true, remaining: 1 });
  expect(await allowances.consume(newDid(), "handle", short, long)).toMatchObject({ allowed: true });
});

test("a refused use is not counted", async () => {
  const did = newDid();
  const statement = bindings.DIRECTORY.prepare("SELECT short_count FROM allowance WHERE did = ?").bind(did);
  for (let i = 0; i < 4; i++) await allowances.consume(did, "mail", short, long);
  expect(await statement.first()).toEqual({ short_count: 2 });
});
