/**
 * `include:` scopes: a permission set that its author published as a lexicon. It is found through DNS and
 * proved by the author's repo.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { textOf } from "../../../tools/kit/oauth/member-browser.ts";
import { PASSWORD, type Stage, appFor, connect, setStage } from "./stage.ts";

const NSID = "dev.tester.app.basic";

let stage: Stage;
beforeAll(async () => {
  stage = await setStage();
  const opened = await post("com.atproto.server.createSession", {
    identifier: "alice.test",
    password: PASSWORD,
  });
  const { accessJwt } = (await opened.json()) as { accessJwt: string };
  const written = await post(
    "com.atproto.repo.putRecord",
    {
      repo: stage.alice.did,
      collection: "com.atproto.lexicon.schema",
      rkey: NSID,
      record: {
        $type: "com.atproto.lexicon.schema",
        lexicon: 1,
        id: NSID,
        defs: {
          main: {
            type: "permission-set",
            title: "Keep notes",
            detail: "Write notes and read them.",
            permissions: [
              { type: "permission", resource: "repo", collection: ["dev.tester.app.note"] },
              { type: "permission", resource: "repo", collection: ["app.bsky.feed.post"] },
            ],
          },
        },
      },
    },
    accessJwt,
  );
  expect(written.status).toBe(200);
  stage.published.set("https://cloudflare-dns.com/dns-query?name=_lexicon.app.tester.dev&type=TXT", {
    Answer: [{ data: `"did=${stage.alice.did}"` }],
  });
});
afterAll(() => stage?.stop());

const post = (nsid: string, body: unknown, token?: string) =>
  fetch(`${stage.host.url}/xrpc/${nsid}`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
  });

test("a set is shown by its title, and grants what is under its author's name, and nothing else", async () => {
  const app = await appFor(stage, `atproto include:${NSID}`, "public");
  const { session, consent } = await connect(stage, app);
  expect(textOf(consent)).toContain("Keep notes");
  expect(textOf(consent)).toContain("Defined by tester.dev");
  expect((await session.getTokenInfo(false)).scope).toContain("repo:dev.tester.app.note");
  const write = async (collection: string) => {
    const { status } = await session.fetchHandler("/xrpc/com.atproto.repo.createRecord", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ repo: session.did, collection, record: { $type: collection, text: "note" } }),
    });
    return status;
  };
  expect(await write("dev.tester.app.note")).toBe(200);
  expect(await write("app.bsky.feed.post")).toBe(403);
  expect((await session.getTokenInfo(true)).scope).toContain("repo:dev.tester.app.note");
});

test("a set that nobody published is no scope", async () => {
  const app = await appFor(stage, "atproto include:dev.nobody.app.basic", "public");
  await expect(app.client.authorize(stage.alice.handle)).rejects.toThrow("invalid_scope");
});
