/** `npm run deploy` at a terminal: what it asks, and Ctrl-C at each of its questions and in the middle of the upload. */
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { KEYS, type TypingBySteps } from "./project.ts";
import { STORES, type Stage, namesOf, setStage } from "./stage.ts";

const NOTHING = { databases: [], buckets: [] };

type Step = [asked: string, keys: string];

/** Types each when it is asked for, in this order. */
const typing =
  (...steps: Step[]): TypingBySteps =>
  async (type, printed) => {
    let seen = 0;
    for (const [asked, keys] of steps) {
      const find = () => printed().indexOf(asked, seen);
      await until(
        () => find() >= 0,
        () => `${asked} in:\n${printed()}`,
      );
      seen = find() + asked.length;
      // A question takes keys once it is drawn.
      await new Promise((resolve) => setTimeout(resolve, 300));
      type(keys);
    }
  };

async function until(holds: () => boolean, what: () => string): Promise<void> {
  const end = Date.now() + 60_000;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`waited for ${what()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const toml = ({ project }: Stage) => readFileSync(path.join(project.folder, "wrangler.toml"), "utf8");
/** Folders with a code in them, which a deploy makes and deletes. */
const codesLeft = ({ project }: Stage) =>
  readdirSync(path.dirname(project.folder)).filter((name) => name.startsWith("atoll-code-"));

describe("somebody who is asked", () => {
  test("chooses among accounts, chooses the EU, and says yes", async () => {
    await using stage = await setStage({ name: "Reef" }, { name: "Agency" });
    const { code, output } = await stage.project.deployAtTerminal(
      typing(
        ["Which account?", KEYS.enter],
        ["Where may everything be kept?", `${KEYS.down}${KEYS.enter}`],
        ["Go on?", KEYS.enter],
      ),
    );
    expect(code, output).toBe(0);
    expect(output).toContain("Will make the D1 database atoll-directory");
    expect(namesOf(stage)).toEqual(STORES);
    expect(stage.account.databases.map(({ jurisdiction }) => jurisdiction)).toEqual(["eu", "eu"]);
    expect(stage.account.buckets).toEqual([{ name: "atoll-blobs", jurisdiction: "eu" }]);
    expect(toml(stage)).toMatch(/^JURISDICTION = "eu"$/m);
    expect(output).toMatch(
      /https:\/\/atoll\.acme\.workers\.dev\/setup\s+with the code ([a-z1-9]{5}-){3}[a-z1-9]{5}/,
    );
  });

  test("takes the second account, and leaves the first alone", async () => {
    await using stage = await setStage({ name: "Agency" }, { name: "Reef" });
    const steps: Step[] = [
      ["Which account?", `${KEYS.down}${KEYS.enter}`],
      ["Account: Reef", ""],
      ["Where may everything be kept?", KEYS.enter],
      ["Go on?", "n"],
    ];
    const { code, output } = await stage.project.deployAtTerminal(typing(...steps));
    expect(code, output).toBe(1);
    expect(output).toContain("Nothing was deployed.");
    expect(namesOf(stage)).toEqual(NOTHING);
    expect(toml(stage)).not.toContain("JURISDICTION");
  });
});

describe("Ctrl-C", () => {
  const account: Step = ["Which account?", KEYS.enter];
  const place: Step = ["Where may everything be kept?", `${KEYS.down}${KEYS.enter}`];
  const stop = ([asked]: Step): Step => [asked, KEYS.ctrlC];
  test.each<[string, Step[]]>([
    ["which account", [stop(account)]],
    ["where everything is kept", [account, stop(place)]],
    ["whether to go on", [account, place, ["Go on?", KEYS.ctrlC]]],
  ])("at the question %s: nothing is made, and it says so", async (_, steps) => {
    await using stage = await setStage({ name: "Reef" }, { name: "Agency" });
    const before = toml(stage);
    const { code, output } = await stage.project.deployAtTerminal(typing(...steps));
    expect(code, output).not.toBe(0);
    expect(output).toContain("Nothing was deployed.");
    expect(stage.api.calls.filter((call) => !call.startsWith("GET"))).toEqual([]);
    expect(toml(stage)).toBe(before);
  });

  const LOOK = "GET /workers/subdomain";
  const answer = typing(["Where may everything be kept?", KEYS.enter], ["Go on?", KEYS.enter]);
  test.each([
    ["while it looks", LOOK, NOTHING, "Nothing was deployed."],
    ["between two stores", "POST /r2/buckets", STORES, "What was made so far stays"],
    ["in the middle of the upload", "PUT /workers/scripts/atoll", STORES, "its code for /setup is"],
  ])(
    "%s: says what there is, leaves no code behind, and the next deploy goes on",
    async (_, call, made, words) => {
      await using stage = await setStage();
      const come = stage.api.hold(call);
      const { code, output } = await stage.project.deployAtTerminal(async (type, printed) => {
        const answered = call === LOOK ? come : answer(type, printed);
        await Promise.all([answered, come]);
        type(KEYS.ctrlC);
      });
      expect(code, output).not.toBe(0);
      expect(output).toContain(words);
      expect(output).not.toMatch(/^ {4}at /m);
      expect(namesOf(stage)).toEqual(made);
      expect(codesLeft(stage)).toEqual([]);
      const again = await stage.project.deploy();
      expect(again.code, again.output).toBe(0);
      expect(namesOf(stage)).toEqual(STORES);
    },
  );
});
