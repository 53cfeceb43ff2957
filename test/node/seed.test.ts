import { describe, expect, test } from "vitest";
import { community } from "../../tools/seed/community.ts";
import { markUp } from "../../tools/seed/facets.ts";
import { drawPicture } from "../../tools/seed/picture.ts";
import type { Seed } from "../../tools/seed/seed.ts";
import { checkSeed } from "../../tools/seed/check.ts";

describe("the demo's community", () => {
  test("is the same every time, and fits together", () => {
    const seed = community();
    expect(community()).toEqual(seed);
    expect(() => checkSeed(seed)).not.toThrow();
  });

  test("is twenty people and three hundred posts, with replies, quotes and pictures", () => {
    const { accounts = [], posts = [] } = community();
    expect(accounts).toHaveLength(20);
    expect(posts).toHaveLength(300);
    expect(posts.filter(({ replyTo }) => replyTo !== undefined)).toHaveLength(140);
    expect(posts.filter(({ quote }) => quote !== undefined)).toHaveLength(40);
    expect(posts.filter(({ images }) => images !== undefined).length).toBeGreaterThan(15);
  });

  test("answers nothing before it was said", () => {
    const { posts = [] } = community();
    const byId = new Map(posts.map((post) => [post.id, post]));
    for (const post of posts) {
      const about = byId.get(post.replyTo ?? post.quote);
      if (about !== undefined) expect(post.minutesAgo).toBeLessThan(about.minutesAgo ?? 0);
    }
  });
});

describe("a seed with a typo", () => {
  const accounts = [{ name: "alice" }, { name: "bob" }];

  test.each([
    [
      { accounts, posts: [{ by: "alcie", text: "" }] },
      'posts[0].by: there is no account "alcie". Did you mean "alice"?',
    ],
    [{ accounts, follows: { alice: ["carol"] } }, 'follows.alice: there is no account "carol".'],
    [
      { accounts, posts: [{ by: "bob", text: "", replyTo: "p1" }] },
      'posts[0].replyTo: there is no earlier post "p1".',
    ],
    [{ accounts, post: [] }, 'the seed: there is no field "post". Did you mean "posts"?'],
    [{ accounts: [{ name: "A" }] }, 'accounts[0].name "A": 3 to 18 of a-z, 0-9 and dashes'],
    [{ accounts: [{ name: "abc" }, { name: "abc" }] }, 'accounts[1].name "abc" is there twice'],
    [
      { accounts: [{ name: "abc", avatar: "me.png" }] },
      'accounts[0].avatar: true or nothing (the picture is drawn from the name) is wanted, not "me.png"',
    ],
    [{ accounts, posts: [{ by: "bob", text: 5 }] }, "posts[0].text: a text is wanted, not 5"],
    [{ accounts, posts: [{ by: "bob" }] }, "posts[0].text is missing"],
    [
      { accounts, posts: [{ by: "bob", text: "", images: ["boat.png"] }] },
      'posts[0].images[0]: {"alt": "a boat"} is wanted; the picture is drawn from it',
    ],
    [
      { accounts, posts: [{ by: "bob", text: "", likedBy: "alice" }] },
      'posts[0].likedBy: a list is wanted, not "alice"',
    ],
    [{ accounts, follows: { alice: "bob" } }, 'follows.alice: a list is wanted, not "bob"'],
    [{ accounts, follows: ["alice"] }, 'follows: an object is wanted, not ["alice"]'],
    [{ accounts, posts: { by: "bob", text: "" } }, "posts: a list is wanted, not {"],
    [{ accounts, records: [{ by: "bob", collection: "com.example.note" }] }, "records[0].record is missing"],
    [[], "the seed: an object is wanted, not []"],
  ])("says where it is and what was meant: %#", (seed, message) => {
    // The seed as read from a file.
    const given: Seed = JSON.parse(JSON.stringify(seed));
    expect(() => checkSeed(given)).toThrow(message);
  });
});

test("facets count bytes, and mention whom they name", () => {
  const { text, facets } = markUp("Hé @alice, see https://example.com #tide @nobody", (name) =>
    name === "alice" ? { did: "did:plc:alice", handle: "alice.test" } : undefined,
  );
  expect(text).toBe("Hé @alice.test, see https://example.com #tide @nobody");
  const bytes = Buffer.from(text);
  const marked = facets.map(({ index }) => bytes.subarray(index.byteStart, index.byteEnd).toString());
  expect(marked).toEqual(["@alice.test", "https://example.com", "#tide"]);
});

test("a picture is a PNG of its size, the same for the same words", () => {
  const { bytes } = drawPicture("a heron", 60, 40);
  expect([...bytes.subarray(0, 4)]).toEqual([0x89, 0x50, 0x4e, 0x47]);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  expect([view.getUint32(16), view.getUint32(20)]).toEqual([60, 40]);
  expect(drawPicture("a heron", 60, 40).bytes).toEqual(bytes);
  expect(drawPicture("a gull", 60, 40).bytes).not.toEqual(bytes);
});
