import { Miniflare, convertV4MiniflareOptions } from "miniflare";
import { afterAll, beforeAll, expect, test } from "vitest";
import { atollWorker } from "../../tools/kit/auxiliary.ts";

/** A developer's own Worker. It signs up the name in the path, and reads the new member's DID document. */
const app = `export default {
  async fetch(request, env) {
    const name = new URL(request.url).pathname.slice(1);
    const made = await env.ATOLL.fetch("http://atoll.localhost/xrpc/com.atproto.server.createAccount", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ handle: name + ".test", email: name + "@example.test", password: "secret" }),
    });
    const { did } = await made.json();
    const document = await env.PLC.fetch("http://plc/" + did);
    // Without a binding too: all that the app fetches goes there.
    const known = await fetch("http://atoll.localhost/xrpc/com.atproto.identity.resolveHandle?handle=" + name + ".test");
    return Response.json({ did, document: await document.json(), known: await known.json() });
  }
}`;

let miniflare: Miniflare;
beforeAll(async () => {
  const yours = {
    name: "app",
    modules: [{ type: "ESModule" as const, path: "app.mjs", contents: app }],
    compatibilityDate: "2026-10-20",
    serviceBindings: { ATOLL: "atoll", PLC: { name: "atoll", entrypoint: "Outside" } },
    outboundService: "atoll",
  };
  miniflare = new Miniflare(convertV4MiniflareOptions({ cf: false, workers: [yours, await atollWorker()] }));
  await miniflare.ready;
}, 60_000);
afterAll(() => miniflare.dispose());

test("a project's own Miniflare has a whole host beside its Worker", async () => {
  const response = await miniflare.dispatchFetch("http://app/alice");
  const { did, document, known } = (await response.json()) as Record<string, unknown>;
  expect(document).toMatchObject({
    id: did,
    alsoKnownAs: ["at://alice.test"],
    service: [{ serviceEndpoint: "http://atoll.localhost" }],
  });
  expect(known).toEqual({ did });
});

test("an address that is none is refused in words", async () => {
  await expect(atollWorker({ url: "atoll" })).rejects.toThrow('url: "atoll" is no URL');
});
