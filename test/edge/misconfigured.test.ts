/** What a host answers whose settings cannot work: nothing but why. */
import { createExecutionContext, env } from "cloudflare:test";
import { expect, test, vi } from "vitest";
import type { AccountStation } from "../../src/protocol/account-station.ts";
import type { Bindings } from "../../src/protocol/stations.ts";
import worker from "../../src/worker.ts";

const bindings: Bindings<AccountStation> & { BLOBS: R2Bucket } = env as never;
const ask = (path: string, given: object, init: RequestInit = {}) =>
  worker.fetch(
    new Request(`https://pds.example.com${path}`, init),
    { ...bindings, ...given },
    createExecutionContext(),
  );

test.each(["/xrpc/com.atproto.server.describeServer", "/xrpc/_health", "/", "/account"])(
  "%s says which setting cannot work, and no secret",
  async (path) => {
    const logged = vi.spyOn(console, "error").mockImplementation(() => {});
    const response = await ask(path, { HANDLE_DOMAINS: "*", JWT_SECRET: "abc", REGISTRATON: "open" });
    expect(response.status).toBe(503);
    const { error, message } = await response.json<{ error: string; message: string }>();
    expect(error).toBe("HostMisconfigured");
    expect(message).toContain('HANDLE_DOMAINS has "*", which is not a domain');
    expect(message).toContain("JWT_SECRET is shorter than 32 characters");
    expect(message).toContain("REGISTRATON is no setting of this host");
    expect(message).not.toContain("abc");
    expect(logged.mock.calls.flat().join()).toContain('"at":"settings"');
    logged.mockRestore();
  },
);

const FAULTY = { HANDLE_DOMAINS: "*", JWT_SECRET: "abc" };
const asBrowser = { headers: { accept: "text/html,application/xhtml+xml" } };

test.each(["/", "/account", "/admin", "/nowhere"])("%s is a page in words for a browser", async (path) => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  const response = await ask(path, FAULTY, asBrowser);
  const { status, headers } = response;
  expect([status, headers.get("content-type")]).toEqual([503, "text/html; charset=utf-8"]);
  expect(headers.get("vary")).toBe("accept");
  const html = await response.text();
  expect(html).toContain("<h1>This host cannot start</h1>");
  expect(html).toContain("which is not a domain");
  expect(html).not.toContain("abc");
  const sheet = /href="(\/account\/style[^"]+)"/.exec(html)?.[1] ?? "";
  for (const part of [sheet, "/account/mark.svg"]) expect((await ask(part, FAULTY)).status, part).toBe(200);
  vi.restoreAllMocks();
});

test("databases that cannot be brought up to date are said in words, and when to try again", async () => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  const away = () => Promise.reject(new Error("away"));
  const statement = { bind: () => statement, all: away, first: away, run: away, raw: away };
  const broken = { prepare: () => statement, batch: away, exec: away };
  const given = { APPVIEW_DB: broken, DIRECTORY: broken };
  const json = await ask("/xrpc/_health", given);
  expect(json.status).toBe(503);
  expect(await json.json()).toMatchObject({ error: "DatabasesNotReady" });
  const page = await ask("/account", given, asBrowser);
  expect([page.status, page.headers.get("retry-after")]).toEqual([503, "5"]);
  expect(await page.text()).toContain("A database does not answer.");
  vi.restoreAllMocks();
});

test("the Worker's schedule does nothing then", async () => {
  await expect(
    worker.scheduled({ cron: "* * * * *" }, { ...bindings, REGISTRATION: "opne" as never }, {}),
  ).rejects.toThrow("none of invite, approval, open, closed");
});

test("settings as people write them are served in their normal form", async () => {
  const response = await ask("/xrpc/com.atproto.server.describeServer", {
    HANDLE_DOMAINS: "Lagoon.Example.com, *.reef.example.com",
    REGISTRATION: "Closed",
  });
  expect(await response.json()).toMatchObject({
    availableUserDomains: [".lagoon.example.com", ".reef.example.com"],
    inviteCodeRequired: true,
  });
});

test("bindings without LOCAL are those of a deployed host", async () => {
  const { LOCAL: _, ...rest } = bindings;
  const request = new Request("https://pds.example.com/xrpc/com.atproto.server.describeServer", {
    headers: { "atoll-cost": "1" },
  });
  const response = await worker.fetch(
    request,
    { ...rest, PUBLIC_URL: "https://pds.example.com" } as never,
    createExecutionContext(),
  );
  expect(response.status).toBe(200);
  expect(response.headers.get("atoll-cost")).toBeNull();
});
