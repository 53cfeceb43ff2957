/** Chores that share a minute: each has its turn, whatever the others do. */
import { expect, test } from "vitest";
import { takeTurns } from "../../src/lifecycle/host/turns.ts";

const MINUTE = 60_000;

/** The chores that were asked in each of some minutes; those named have always a step to make. */
async function asked(busy: readonly string[], minutes: number): Promise<string[]> {
  const lines: string[] = [];
  for (let minute = 0; minute < minutes; minute++) {
    const line: string[] = [];
    const chores = ["mails", "backup", "doctor"].map((name) => async () => {
      line.push(name);
      return busy.includes(name);
    });
    await takeTurns(chores, minute * MINUTE);
    lines.push(line.join(" "));
  }
  return lines;
}

test("one step is made in a minute, and each chore comes first in its turn", async () => {
  expect(await asked(["mails", "backup", "doctor"], 4)).toEqual(["mails", "backup", "doctor", "mails"]);
});

test("what has nothing to do leaves its turn to the next", async () => {
  expect(await asked([], 1)).toEqual(["mails backup doctor"]);
  expect(await asked(["doctor"], 2)).toEqual(["mails backup doctor", "backup doctor"]);
});

test("one that never ends holds up no other", async () => {
  const lines = await asked(["backup"], 3);
  expect(lines.filter((line) => line.includes("mails"))).toHaveLength(2);
  expect(lines.filter((line) => line.includes("doctor"))).toHaveLength(1);
});

test("one that fails ends its own minute alone", async () => {
  const chores = [() => Promise.reject(new Error("away")), async () => true];
  await expect(takeTurns(chores, 0)).rejects.toThrow("away");
  await expect(takeTurns(chores, MINUTE)).resolves.toBeUndefined();
});
