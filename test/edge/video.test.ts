/** `/watch`: an uploaded MP4 as players of HTTP Live Streaming read it. */
import { beforeAll, describe, expect, test } from "vitest";
import { ORIGIN, asAdmin, fetchHost } from "../support/account-host.ts";
import { Person, type View, anyone } from "../support/appview-host.ts";
import {
  type ClipOptions,
  type ClipTrack,
  type Sample,
  boxOf,
  clipOf,
  joinBytes,
  numbers,
} from "../support/clip.ts";

let ann: Person;
beforeAll(async () => {
  ann = await Person.join("annvideo");
});

let made = 0;
/** Bytes that no other sample has. */
const content = (length: number) => Uint8Array.from({ length }, (_, i) => (made++ * 31 + i * 7) & 0xff);

/** Ten frames a second, one in twenty of which needs none before it; some are shown later than decoded. */
const pictures = (seconds: number): ClipTrack => ({
  kind: "vide",
  timescale: 1000,
  description: boxOf("avc1", new Uint8Array(78), boxOf("avcC", content(20))),
  samples: Array.from({ length: seconds * 10 }, (_, i) => ({
    bytes: content(40 + (i % 13)),
    duration: 100,
    shift: i % 3 === 0 ? 200 : 100,
    sync: i % 20 === 0,
  })),
});
const sound = (seconds: number): ClipTrack => ({
  kind: "soun",
  timescale: 8000,
  description: boxOf("mp4a", new Uint8Array(28)),
  samples: Array.from({ length: seconds * 8 }, () => ({ bytes: content(17), duration: 1000 })),
});

/** Posts a video. Returns its view, and the paths of its parts. */
async function posted(bytes: Uint8Array, type = "video/mp4") {
  const upload = await fetchHost("/xrpc/com.atproto.repo.uploadBlob", {
    method: "POST",
    headers: { authorization: ann.member.auth, "content-type": type },
    body: Uint8Array.from(bytes),
  });
  const { blob } = await upload.json<{ blob: { ref: { $link: string }; mimeType: string } }>();
  const video = { ...blob, mimeType: "video/mp4" };
  const { uri } = await ann.post("a video", { embed: { $type: "app.bsky.embed.video", video } });
  const { posts } = await anyone("app.bsky.feed.getPosts", { uris: uri });
  const embed: View = posts[0].embed;
  return {
    embed,
    cid: blob.ref.$link,
    at: (name: string) => new URL(name, embed.playlist).href.slice(ORIGIN.length),
  };
}

const bodyOf = async (path: string) => {
  const response = await fetchHost(path);
  expect(response.status, path).toBe(200);
  expect(response.headers.get("access-control-allow-origin")).toBe("*");
  return { response, bytes: new Uint8Array(await response.arrayBuffer()) };
};

interface Found {
  type: string;
  body: Uint8Array;
  at: number;
}
function boxes(bytes: Uint8Array): Found[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const found: Found[] = [];
  for (let at = 0; at < bytes.length; at += view.getUint32(at)) {
    const type = new TextDecoder().decode(bytes.subarray(at + 4, at + 8));
    found.push({ type, at, body: bytes.subarray(at + 8, at + view.getUint32(at)) });
  }
  return found;
}
const within = (bytes: Uint8Array, ...path: string[]): Uint8Array =>
  path.reduce(
    (inner, type) => boxes(inner).find((box) => box.type === type)?.body ?? new Uint8Array(),
    bytes,
  );
const ints = (bytes: Uint8Array) =>
  Array.from({ length: bytes.length >> 2 }, (_, i) =>
    new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getInt32(i * 4),
  );

type Played = Sample & { time: number };

/** The samples of a segment as a player reads them, by track. */
function samplesOf(segment: Uint8Array): Map<number, Played[]> {
  const [moof, mdat, ...more] = boxes(segment);
  expect([moof?.type, mdat?.type, more]).toEqual(["moof", "mdat", []]);
  const found = new Map<number, Played[]>();
  for (const { body: traf } of boxes(moof?.body ?? content(0)).filter(({ type }) => type === "traf")) {
    const [, track = 0] = ints(within(traf, "tfhd"));
    let [, , time = 0] = ints(within(traf, "tfdt"));
    const samples: Played[] = [];
    for (const { body: run } of boxes(traf).filter(({ type }) => type === "trun")) {
      const [, count = 0, offset = 0, ...rows] = ints(run);
      let at = offset;
      for (let i = 0; i < count; i++) {
        const [duration = 0, size = 0, flags = 0, shift = 0] = rows.slice(i * 4);
        const bytes = segment.slice(at, at + size);
        samples.push({ bytes, duration, time, shift, sync: (flags & 0x10000) === 0 });
        at += size;
        time += duration;
      }
    }
    found.set(track, samples);
  }
  return found;
}

/** What the file holds, with the time of each sample. */
function timed({ kind, samples }: ClipTrack): Played[] {
  let time = 0;
  return samples.map(({ bytes, duration, shift = 0, sync = false }) => {
    time += duration;
    return { bytes, duration, shift, sync: sync || kind === "soun", time: time - duration };
  });
}

const WAYS: [string, ClipOptions][] = [
  ["from a camera, its tables last", {}],
  ["for the web, its tables first", { tables: "first" }],
  ["with pictures and sound apart", { apart: true }],
  ["in fragments, as browsers record", { fragmented: true }],
];

describe.each(WAYS)("an MP4 %s", (_, options) => {
  test("is a playlist of a few seconds each, with every sample once and in time", async () => {
    const tracks = [pictures(11), sound(11)];
    const { embed, at } = await posted(clipOf(tracks, options));
    const { response, bytes } = await bodyOf(at("playlist.m3u8"));
    expect(response.headers.get("content-type")).toBe("application/vnd.apple.mpegurl");
    const lines = new TextDecoder().decode(bytes).trim().split("\n");
    expect(embed.playlist.slice(ORIGIN.length)).toBe(at("playlist.m3u8"));
    expect([lines[0], lines.at(-1)]).toEqual(["#EXTM3U", "#EXT-X-ENDLIST"]);
    expect(lines).toContain("#EXT-X-TARGETDURATION:4");
    expect(lines).toContain('#EXT-X-MAP:URI="init.mp4"');
    expect(lines.filter((line) => line.startsWith("#EXTINF"))).toEqual([
      "#EXTINF:4.00000,",
      "#EXTINF:4.00000,",
      "#EXTINF:3.00000,",
    ]);
    const played = tracks.map((): Played[] => []);
    for (const name of lines.filter((line) => !line.startsWith("#"))) {
      const segment = samplesOf((await bodyOf(at(name))).bytes);
      expect(segment.get(1)?.[0]?.sync).toBe(true);
      for (const [track, samples] of segment) played[track - 1]?.push(...samples);
    }
    expect(played).toEqual(tracks.map(timed));
  });

  test("begins with its tracks as they are described, and nothing of its owner's", async () => {
    const tracks = [pictures(5), sound(5)];
    const { at } = await posted(clipOf(tracks, options));
    const { bytes } = await bodyOf(at("init.mp4"));
    const [first, moov] = boxes(bytes);
    expect([first?.type, moov?.type]).toEqual(["ftyp", "moov"]);
    const parts = boxes(moov?.body ?? bytes);
    expect(parts.map(({ type }) => type)).toEqual(["mvhd", "trak", "trak", "mvex"]);
    for (const [i, { body }] of parts.filter(({ type }) => type === "trak").entries()) {
      const stbl = within(body, "mdia", "minf", "stbl");
      expect(boxes(stbl).map(({ type }) => type)).toEqual(["stsd", "stts", "stsc", "stsz", "stco"]);
      expect(within(stbl, "stsd").slice(8)).toEqual(tracks[i]?.description);
      expect(ints(within(stbl, "stsz"))).toEqual([0, 0, 0]);
    }
  });
});

test("sound alone, pictures alone, and a clip of a single frame are played", async () => {
  const alone = pictures(5);
  for (const track of [sound(5), alone, { ...alone, samples: alone.samples.slice(0, 1) }]) {
    const { at } = await posted(clipOf([track]));
    const { bytes } = await bodyOf(at("0.m4s"));
    const last = timed(track).length;
    const [samples] = samplesOf(bytes).values();
    expect(samples?.[0]).toEqual(timed(track)[0]);
    expect(samples?.length).toBe(Math.min(last, track.kind === "vide" ? 40 : 32));
  }
});

test("the view's thumbnail is a picture, and asking how large a part is costs nothing", async () => {
  const { embed, at } = await posted(clipOf([pictures(2)]));
  const { response, bytes } = await bodyOf(embed.thumbnail.slice(ORIGIN.length));
  expect(response.headers.get("content-type")).toBe("image/jpeg");
  expect([...bytes.subarray(0, 2), ...bytes.subarray(-2)]).toEqual([0xff, 0xd8, 0xff, 0xd9]);
  const head = await fetchHost(at("0.m4s"), { method: "HEAD" });
  expect([head.status, await head.text()]).toEqual([200, ""]);
});

test("a part that is none, and a path that no view names, are refused by name", async () => {
  const { at } = await posted(clipOf([pictures(2)]));
  const answer = async (name: string) => {
    const response = await fetchHost(at(name));
    return `${response.status} ${(await response.json<{ error: string }>()).error}`;
  };
  expect(await answer("1.m4s")).toBe("404 NotFound");
  expect(await answer("999999.m4s")).toBe("400 InvalidRequest");
  expect(await answer("video.mp4")).toBe("400 InvalidRequest");
  expect(await answer("../bafkrei/playlist.m3u8")).toBe("400 InvalidRequest");
  expect(
    await answer(`../../did:plc:aaaaaaaaaaaaaaaaaaaaaaaa/${at("").split("/")[3] ?? ""}/playlist.m3u8`),
  ).toBe("404 NotFound");
});

test("what is taken down is not played, even if its tables are still known", async () => {
  const { at, cid, embed } = await posted(clipOf([pictures(2)]));
  const paths = ["playlist.m3u8", "init.mp4", "0.m4s", "thumbnail.jpg"].map(at);
  const statuses = () => Promise.all(paths.map(async (path) => (await fetchHost(path)).status));
  expect(await statuses()).toEqual([200, 200, 200, 200]);
  expect(embed.cid).toBe(cid);
  const subject = { $type: "com.atproto.admin.defs#repoBlobRef", did: ann.did, cid };
  await asAdmin("com.atproto.admin.updateSubjectStatus", { input: { subject, takedown: { applied: true } } });
  expect(await statuses()).toEqual([404, 404, 404, 404]);
});

test("many people watch many videos at once", async () => {
  const videos = await Promise.all(Array.from({ length: 12 }, () => posted(clipOf([pictures(5), sound(5)]))));
  const statuses = await Promise.all(
    videos.flatMap(({ at }) =>
      ["playlist.m3u8", "init.mp4", "0.m4s", "1.m4s"].map(async (name) => (await fetchHost(at(name))).status),
    ),
  );
  expect(new Set(statuses)).toEqual(new Set([200]));
});

test("tables that together take too much memory wait, and are read afterwards", async () => {
  const large = boxOf("moof", boxOf("free", new Uint8Array(1_900_000)));
  const videos = await Promise.all(
    Array.from({ length: 5 }, () => posted(joinBytes(clipOf([pictures(2)]), large))),
  );
  const ask = async ({ at }: (typeof videos)[number]) => (await fetchHost(at("playlist.m3u8"))).status;
  const together = await Promise.all(videos.map(ask));
  expect(together).toContain(503);
  expect(together).toContain(200);
  for (const video of videos) expect(await ask(video)).toBe(200);
});

describe("a file that cannot be streamed says so in words", () => {
  const good = clipOf([pictures(3), sound(3)]);
  const table = (type: string, ...values: number[]) => {
    const at = new TextDecoder("latin1").decode(good).indexOf(type) + 4;
    return joinBytes(good.subarray(0, at), numbers(...values), good.subarray(at + values.length * 4));
  };
  const cases: [string, Uint8Array][] = [
    ["an empty file but for its brand", good.subarray(0, 28)],
    ["one that is cut off before its tables", good.subarray(0, good.length - 40)],
    ["one whose sizes are beyond all bounds", table("stsz", 0, 1, 0x7fffffff)],
    ["one whose parts lie beyond its end", table("stco", 0, 3, 0x7fffff00)],
    ["one whose parts are in no chunk", table("stsc", 0, 0)],
    ["one without time", table("mdhd", 0, 0, 0, 0)],
    [
      "one of boxes without end",
      joinBytes(good.subarray(0, 28), ...Array<Uint8Array>(700).fill(boxOf("free"))),
    ],
    ["one with a box smaller than its header", joinBytes(good.subarray(0, 28), numbers(4, 0x66726565, 0, 0))],
    [
      "one with a box larger than the file",
      joinBytes(good.subarray(0, 28), numbers(1, 0x6d6f6f76, 0x7fffffff, 0)),
    ],
  ];

  test.each(cases)("%s", async (_, bytes) => {
    const { at } = await posted(joinBytes(bytes, numbers(8 << 0, 0x66726565), new Uint8Array(0)));
    for (const name of ["playlist.m3u8", "init.mp4", "0.m4s"]) {
      const response = await fetchHost(at(name));
      const { error, message } = await response.json<{ error: string; message: string }>();
      expect([response.status, error]).toEqual([404, "NotFound"]);
      expect(message).toMatch(/^This video cannot be streamed: \w/);
    }
  });

  test("and a picture under a video's name is none", async () => {
    const png = atob(
      "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==",
    );
    const upload = await fetchHost("/xrpc/com.atproto.repo.uploadBlob", {
      method: "POST",
      headers: { authorization: ann.member.auth, "content-type": "video/mp4" },
      body: Uint8Array.from(png, (char) => char.charCodeAt(0)),
    });
    const { blob } = await upload.json<{ blob: { ref: { $link: string } } }>();
    await ann.write("com.example.file", { blob });
    const response = await fetchHost(`/watch/${ann.did}/${blob.ref.$link}/playlist.m3u8`);
    expect([response.status, await response.text()]).toEqual([404, expect.stringContaining("it is no MP4")]);
  });
});
