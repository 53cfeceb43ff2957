/**
 * Every flow of an account's life, cut at every call that it makes. Then the sweep comes, and is cut as well.
 * Afterwards the flow is whole or never happened, all stations agree, and it can be done again.
 */
import type { Did } from "@atcute/lexicons";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { settleDue } from "../../src/lifecycle/settle.ts";
import type { Cut } from "../support/cuts.ts";
import { cutting, restart } from "../support/cuts.ts";
import { assertAgreed, letTimePass, services, sweepAll } from "./agreement.ts";
import type { Flow } from "./flows.ts";
import { flows } from "./flows.ts";

const nameOf = ({ kills, loses }: Omit<Cut, "at">) =>
  `${loses === "call" ? "a call" : "an answer"} is lost${kills ? " and the host dies" : ""}`;

/** Cuts a flow at its first call, its second, and so on to its last. `make` readies an account for each. */
async function cutEverywhere(kind: Omit<Cut, "at">, make: () => Promise<Flow>): Promise<string[]> {
  for (let at = 1; ; at++) {
    const flow = await make();
    const outcome = await cutting({ ...kind, at }, () => flow.run());
    const did = await flow.did();
    if (kind.kills) {
      if (did !== null) await restart(did);
      await sweepThroughCut(at, did);
    }
    await sweepAll();
    const isDone = await flow.done();
    if ("result" in outcome) expect(isDone, `call ${at}: it was said to be done`).toBe(true);
    const known = (await flow.did()) ?? did;
    if (known !== null) await assertAgreed(known);
    await flow.check?.();
    if (!outcome.cut) return outcome.calls;
    if (isDone) continue;
    await flow.run();
    expect(await flow.done(), `call ${at}: done again`).toBe(true);
  }
}

/** The sweep dies as well, at the same number of calls. Then one gets through. */
async function sweepThroughCut(at: number, did: Did | null): Promise<void> {
  await letTimePass();
  const { cut } = await cutting({ at, loses: "answer", kills: true }, () => settleDue(services));
  if (cut && did !== null) await restart(did);
}

/** Declares the tests of all flows with these cuts. */
export function testCuts(kinds: Omit<Cut, "at">[]): void {
  beforeAll(() => {
    for (const name of ["log", "warn", "error"] as const)
      vi.spyOn(console, name).mockImplementation(() => {});
  });
  afterAll(() => {
    vi.restoreAllMocks();
  });

  const named = kinds.map((kind) => [nameOf(kind), kind] as const);
  describe.each(Object.entries(flows))("%s", (_, ready) => {
    test.each(named)("is whole or undone, wherever %s", async (_, kind) => {
      const calls = await cutEverywhere(kind, await ready());
      expect(calls).not.toEqual([]);
    });
  });
}
