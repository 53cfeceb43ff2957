/** That launchers, documents and `wrangler.toml` have the settings of the one list, and refuse all others. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { SETTINGS, SETTING_NAMES, readSettings } from "../../src/protocol/settings/list.ts";
import { type WorkerVars, localVars, readShell } from "../../tools/dev/configuration.ts";
import { startHost } from "../../tools/dev/host.ts";
import { ROOT, readWranglerFile } from "../../tools/dev/wrangler-file.ts";
import { basic, xrpc } from "../../tools/dev/xrpc-client.ts";
import { HOST_VARS } from "../../tools/kit/vars.ts";

const read = (file: string) => readFileSync(path.join(ROOT, file), "utf8");

/** The cells of each row of a document's tables. */
const rowsOf = (markdown: string): string[][] =>
  markdown
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .map((line) => line.split(/(?<!\\)\|/).slice(1, -1))
    .map((cells) => cells.map((cell) => cell.trim()));

const code = (text: string) => (text === "" ? "" : `\`${text}\``);

test("the README's table has each setting, with its default, and no other", () => {
  const rows = rowsOf(read("README.md"));
  const start = rows.findIndex(([first]) => first === "setting");
  const table = rows.slice(start + 2, start + 2 + SETTING_NAMES.length);
  expect(table).toEqual(
    SETTING_NAMES.map((name) => {
      const { what, fallback, local = fallback } = SETTINGS[name];
      return [code(name), code(fallback), code(name === "LOCAL" ? "1" : local), what];
    }),
  );
  const named = rows.slice(start + 2 + SETTING_NAMES.length).map(([first = ""]) => first);
  expect(named.filter((first) => /^`[A-Z_]+`$/.test(first))).toEqual([]);
});

test("the test kit's documentation names each of a host's vars", () => {
  const line = read("docs/testing.md")
    .split("\n")
    .find((each) => each.startsWith("| `vars`"));
  for (const name of HOST_VARS) expect(line).toContain(`\`${name}\``);
});

test("wrangler.toml sets only what there is, to what works, and no secret", () => {
  const { vars } = readWranglerFile();
  const { settings, faults } = readSettings(vars);
  expect(faults).toEqual([]);
  for (const [name, value] of Object.entries(vars)) {
    expect(SETTING_NAMES).toContain(name);
    expect(Object.entries(settings)).toContainEqual([name, value]);
  }
  expect(SETTING_NAMES.filter((name) => SETTINGS[name].secret && name in vars)).toEqual([]);
});

test("a shell's settings are read by name, in their normal form", () => {
  const { vars } = readShell({
    HANDLE_DOMAINS: ".Test, Other.TEST",
    REGISTRATION: "OPEN",
    MAIL: "/var/mail/me",
  });
  expect(vars).toEqual({ HANDLE_DOMAINS: ".test,.other.test", REGISTRATION: "open" });
  for (const name of SETTING_NAMES) {
    if (SETTINGS[name].notFromShell) continue;
    expect(Object.keys(readShell({ [name]: SETTINGS[name].fallback }).vars), name).toEqual([name]);
  }
});

test.each([
  [{ HANDLE_DOMAINS: "*" }, "HANDLE_DOMAINS"],
  [{ REGISTRATION: "opne" }, "none of invite, approval, open, closed"],
  [{ HOST_COLOR: "teal" }, "HOST_COLOR"],
  [{ PORT: "0" }, "PORT=0 is not a port"],
])("a shell with %j is refused in words", (environment, words) => {
  expect(() => readShell(environment)).toThrow(words);
});

test("a host with a setting that there is not, or that cannot work, does not start", async () => {
  const unknown: object = { HANDLE_DOMIANS: ".test" };
  await expect(startHost({ vars: unknown })).rejects.toThrow("HANDLE_DOMIANS is no setting of this host");
  await expect(startHost({ vars: { HANDLE_DOMAINS: "a.*" } })).rejects.toThrow("not a domain");
});

test("a local run is local, whatever wrangler.toml deploys", () => {
  expect(localVars()).toMatchObject({ LOCAL: "1", PLC_URL: "", RELAYS: "", HANDLE_DOMAINS: ".test" });
});

test("settings as people write them make a host where members sign up and the admin gets in", async () => {
  const password = 'a:b:ü "x" %';
  await using host = await hostWith({ HANDLE_DOMAINS: ".Test, *.Other.TEST", ADMIN_PASSWORD: password });
  const { origin } = host;
  const described = await xrpc(origin, "com.atproto.server.describeServer");
  expect(described).toMatchObject({ availableUserDomains: [".test", ".other.test"] });
  const invite = (given: string) =>
    xrpc(origin, "com.atproto.server.createInviteCode", {
      input: { useCount: 5 },
      authorization: basic("admin", given),
    });
  // The same letter in its parts is the same password; a part of it, or it in another charset, is not.
  const { code: inviteCode } = (await invite(password.normalize("NFD"))) as { code: string };
  for (const wrong of ["a", "a:b", "a:b:u", `${password} `, ""]) {
    await expect(invite(wrong), wrong).rejects.toMatchObject({ status: 401 });
  }
  for (const handle of ["anna.test", "bert.other.test", "Cleo.Other.Test"]) {
    const input = { handle, email: `${handle}@example.com`, password: "abcdefgh1", inviteCode };
    const { did } = (await xrpc(origin, "com.atproto.server.createAccount", { input })) as { did: string };
    const resolved = await xrpc(origin, "com.atproto.identity.resolveHandle", { params: { handle } });
    expect(resolved).toEqual({ did });
  }
});

async function hostWith(vars: WorkerVars) {
  const host = await startHost({ vars });
  return { ...host, origin: host.origin, [Symbol.asyncDispose]: () => host.stop() };
}
