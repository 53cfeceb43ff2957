/**
 * Nonces over time: the resource accepts a nonce of the authorization server, even if nobody has called the
 * resource for long.
 */
import { afterEach, expect, test, vi } from "vitest";
import { fetchHost, join } from "../support/account-host.ts";
import { BoundApp } from "../support/bound-app.ts";

const SESSION = "com.atproto.server.getSession";
const MINUTE = 60_000;

afterEach(() => {
  vi.useRealTimers();
});

async function nonceOfAuthorizationServer(): Promise<string> {
  const answer = await fetchHost("/oauth/par", {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: "client_id=http://localhost",
  });
  return answer.headers.get("dpop-nonce") ?? "";
}

test.each([1, 2, 3, 10])("after %i quiet minutes, a fresh nonce is taken at once", async (minutes) => {
  const app = await BoundApp.of(await join());
  const token = await app.token("atproto");
  expect((await app.call(SESSION, token, {})).status).toBe(200);
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + minutes * MINUTE });
  app.nonce = await nonceOfAuthorizationServer();
  const { status, body } = await app.call(SESSION, token, {});
  expect([status, body.error]).toEqual([200, undefined]);
});

test("an old one is told another, which is good", async () => {
  const app = await BoundApp.of(await join());
  const token = await app.token("atproto");
  const before = app.nonce;
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 10 * MINUTE });
  expect(await app.call(SESSION, token, {})).toMatchObject({
    status: 401,
    body: { error: "use_dpop_nonce" },
  });
  expect(app.nonce).not.toBe(before);
  expect((await app.call(SESSION, token, {})).status).toBe(200);
});
