/** A video as a browser plays it: encoded by Chromium, uploaded as an MP4, streamed by the host. */
import path from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PASSWORD, type Stage, setStage } from "../clients/oauth/stage.ts";
import { type ClipOptions, type ClipTrack, boxOf, clipOf, joinBytes, numbers } from "../support/clip.ts";
import { launchChromium } from "./chromium.ts";

let stage: Stage;
let browser: Browser;
let page: Page;
let session: { did: string; accessJwt: string };

beforeAll(async () => {
  [stage, browser] = await Promise.all([setStage(), launchChromium()]);
  page = await browser.newPage();
  await page.addInitScript({ path: path.join(import.meta.dirname, "player.js") });
  await page.goto(`${stage.host.url}/robots.txt`);
  session = await ask("com.atproto.server.createSession", { identifier: "alice.test", password: PASSWORD });
});
afterAll(async () => {
  await browser?.close();
  await stage?.stop();
});

async function ask<Answer>(nsid: string, body: object | Uint8Array<ArrayBuffer>): Promise<Answer> {
  const isBytes = body instanceof Uint8Array;
  const response = await fetch(`${stage.host.url}/xrpc/${nsid}`, {
    method: "POST",
    headers: {
      "content-type": isBytes ? "video/mp4" : "application/json",
      ...(session === undefined ? {} : { authorization: `Bearer ${session.accessJwt}` }),
    },
    body: isBytes ? body : JSON.stringify(body),
  });
  expect(response.status, nsid).toBe(200);
  return response.json() as Promise<Answer>;
}

const [WIDTH, HEIGHT, RATE, SECONDS] = [64, 36, 10, 9];

/** Calls a function of `player.js` in the page. */
const inPage = <Answer>(name: string, given: object) =>
  page.evaluate(`${name}(${JSON.stringify(given)})`) as Promise<Answer>;

const words = (...values: number[]) => Uint8Array.from(values.flatMap((value) => [value >> 8, value & 0xff]));
/** VP9 in MP4, section "VP Codec ISO Media File Format Binding". */
const DESCRIPTION = boxOf(
  "vp09",
  joinBytes(words(0, 0, 0, 1), new Uint8Array(16), words(WIDTH, HEIGHT)),
  joinBytes(numbers(0x480000, 0x480000, 0), words(1), new Uint8Array(32), words(24, 0xffff)),
  boxOf("vpcC", numbers(0x1000000), Uint8Array.from([0, 10, 0x82, 2, 2, 2, 0, 0])),
);

async function trackOf(): Promise<ClipTrack> {
  const frames = await inPage<{ bytes: number[]; sync: boolean }[]>("encodeFrames", {
    width: WIDTH,
    height: HEIGHT,
    rate: RATE,
    seconds: SECONDS,
  });
  const samples = frames.map(({ bytes, sync }) => ({
    bytes: Uint8Array.from(bytes),
    duration: 1000 / RATE,
    sync,
  }));
  return { kind: "vide", timescale: 1000, description: DESCRIPTION, samples };
}

const WAYS: [string, ClipOptions][] = [
  ["whose tables come last", {}],
  ["whose tables come first", { tables: "first" }],
  ["in fragments", { fragmented: true }],
];

test.each(WAYS)("an MP4 %s plays, from the beginning and from the middle", async (_, options) => {
  const { blob } = await ask<{ blob: object }>(
    "com.atproto.repo.uploadBlob",
    clipOf([await trackOf()], options),
  );
  const record = {
    $type: "app.bsky.feed.post",
    text: "a video",
    createdAt: new Date().toISOString(),
    embed: { $type: "app.bsky.embed.video", video: blob },
  };
  const collection = "app.bsky.feed.post";
  const { uri } = await ask<{ uri: string }>("com.atproto.repo.createRecord", {
    repo: session.did,
    collection,
    record,
  });
  const asked = await fetch(`${stage.host.url}/xrpc/app.bsky.feed.getPosts?uris=${encodeURIComponent(uri)}`);
  const { posts } = (await asked.json()) as { posts: { embed: { playlist: string; thumbnail: string } }[] };
  const [{ embed } = { embed: { playlist: "", thumbnail: "" } }] = posts;
  expect(await inPage("playVideo", embed)).toEqual({
    error: null,
    duration: expect.closeTo(SECONDS, 0),
    size: [WIDTH, HEIGHT],
    hasBegun: true,
    hasSought: true,
    picture: true,
  });
});
