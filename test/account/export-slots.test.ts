/** Exports that nobody reads hold memory: there are only so many, and the stalled make room. */
import { afterEach, expect, test, vi } from "vitest";
import { newMember, refusalOf } from "../support/account.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const BUSY = { error: "NotEnoughResources", status: 503 };

test("the seventeenth export at once is refused; one that stalled makes room, and breaks off", async () => {
  const { account } = await newMember();
  // More than a stream reads ahead.
  for (let i = 0; i < 20; i++) {
    const record = { $type: "com.example.thing", text: `${i}`.padEnd(40_000, "x") };
    await account.createRecord({ collection: record.$type, record });
  }
  let now = Date.now();
  vi.spyOn(Date, "now").mockImplementation(() => now);
  const opened = [];
  for (let i = 0; i < 16; i++) {
    opened.push(await account.getRepo("public"));
    now += 10;
  }
  // All of them were opened within the last second.
  expect(await refusalOf(account.getRepo("public"))).toMatchObject(BUSY);
  now += 6_000;
  const next = await account.getRepo("public");
  expect((await new Response(next).arrayBuffer()).byteLength).toBeGreaterThan(800_000);
  // What was read to its end, or given up, has freed its place.
  for (const stream of opened.slice(1)) await stream.cancel();
  for (let i = 0; i < 15; i++) await (await account.getRepo("public")).cancel();
  await opened[0]?.cancel().catch(() => {});
});
