import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { afterAll, describe, expect, test } from "vitest";
import { ROOT } from "../../tools/dev/wrangler-file.ts";

const CLI = path.join(ROOT, "tools/kit/cli.ts");
const folder = mkdtempSync(path.join(tmpdir(), "kit-seeds-"));
afterAll(() => rmSync(folder, { recursive: true }));

interface Described {
  url: string;
  mail: string;
  control: string;
  hosts: { name: string }[];
  accounts: Record<string, { did: string; handle: string }>;
}

const start = (...given: string[]) =>
  spawn(process.execPath, [CLI, "dev-network", ...given], { stdio: ["pipe", "pipe", "pipe"] });

async function describedBy(child: ChildProcess): Promise<Described> {
  if (child.stdout === null) throw new Error("no output");
  const [line] = (await once(createInterface(child.stdout), "line")) as [string];
  return JSON.parse(line) as Described;
}

/** The exit code, and the text on standard error. */
async function refusal(...given: string[]): Promise<[code: number, said: string]> {
  const child = start(...given);
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const [code] = (await once(child, "close")) as [number];
  return [code, said.trim()];
}

const seedFile = (text: string) => {
  const file = path.join(folder, `${Math.random()}.json`);
  writeFileSync(file, text);
  return file;
};

describe("atoll dev-network", () => {
  test("says where it is and who is there, is steered over HTTP, and stops with its parent", async () => {
    const seed = seedFile(
      JSON.stringify({ accounts: [{ name: "alice" }], posts: [{ by: "alice", text: "hi" }] }),
    );
    const child = start("--seed", seed, "--account", "bob", "--var", "BLOB_LIMIT=1000");
    const { url, control, accounts, hosts } = await describedBy(child);
    expect(hosts.map(({ name }) => name)).toEqual(["host"]);
    expect(Object.keys(accounts)).toEqual(["alice", "bob"]);
    const resolve = () => fetch(`${url}/xrpc/com.atproto.identity.resolveHandle?handle=alice.test`);
    expect(await (await resolve()).json()).toEqual({ did: accounts.alice?.did });

    const post = async (what: string, body?: unknown, headers: Record<string, string> = {}) => {
      const given = body === undefined ? {} : { body: JSON.stringify(body) };
      const answer = await fetch(control + what, { method: "POST", headers, ...given });
      return [answer.status, await answer.json()] as const;
    };
    expect(await post("/accounts", { name: "dora" })).toMatchObject([200, { handle: "dora.test" }]);
    const [status, again] = await post("/reset");
    expect([status, Object.keys((again as { accounts: object }).accounts)]).toEqual([200, ["alice", "bob"]]);
    expect(await (await resolve()).json()).toEqual({
      did: (again as { accounts: typeof accounts }).accounts.alice?.did,
    });
    expect(await post("/accounts", { name: "carol" })).toMatchObject([200, { handle: "carol.test" }]);
    expect((await post("/clock", { advance: "1d" }))[0]).toBe(200);
    expect(await post("/clock", { advance: "soon" })).toMatchObject([
      400,
      { error: expect.stringContaining("no duration") },
    ]);
    const logs = async () => (await fetch(`${control}/logs`)).text();
    await expect.poll(logs).toContain("com.atproto.server.createAccount");
    expect((await post("/nowhere"))[0]).toBe(400);
    expect((await post("/reset", undefined, { origin: "https://example.com" }))[0]).toBe(400);

    child.stdin.end();
    const [code] = (await once(child, "exit")) as [number];
    expect(code).toBe(0);
    await expect(fetch(url)).rejects.toThrow();
  });

  test("stops when its parent is killed, though its input is closed", async () => {
    // A parent that starts the network without input, passes its output on, and hangs.
    const script = `
      const { spawn } = require("node:child_process");
      spawn(process.execPath, [${JSON.stringify(CLI)}, "dev-network"], { stdio: ["ignore", "inherit", "inherit"] });
      setInterval(() => {}, 1000);`;
    const parent = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
    const { url } = await describedBy(parent);
    parent.kill("SIGKILL");
    for (let tries = 0; tries < 100 && (await answers(url)); tries++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(await answers(url)).toBe(false);
  });

  test("says what is wrong with a seed, a file or an option, and starts nothing", async () => {
    const typo = seedFile('{"accounts":[{"name":"alice"}],"posts":[{"by":"alcie","text":"hi"}]}');
    const [[code, said], [, noFile], [, noJson], [, noOption], [, noPort], [, noName]] = await Promise.all([
      refusal("--seed", typo),
      refusal("--seed", "missing.json"),
      refusal("--seed", seedFile("{")),
      refusal("--sed", typo),
      refusal("--port", "http"),
      refusal("--account", "al_ice"),
    ]);
    expect([code, said]).toEqual([1, 'posts[0].by: there is no account "alcie". Did you mean "alice"?']);
    expect(noFile).toBe("--seed: there is no file missing.json that can be read.");
    expect(noJson).toMatch(/^--seed: .* is not JSON:/);
    expect(noOption).toMatch(/^Unknown option '--sed'/);
    expect(noPort).toBe("--port http: a number is wanted");
    expect(noName).toMatch(/^--account: account\("al_ice"\): a name is 3 to 18 [^\n]*$/);
  });
});

async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    () => true,
    () => false,
  );
}
