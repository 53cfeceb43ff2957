/** A member's own new replies in a thread, and the new posts above a new one. */
import { describe, expect, test } from "vitest";
import {
  type OwnReply,
  newAncestors,
  postsInThread,
  withReplies,
} from "../../../../src/xrpc/proxy/read-after-write/threads.ts";
import { postView } from "../../../../src/xrpc/proxy/read-after-write/posts.ts";
import { repliesOf } from "../../../../src/xrpc/proxy/read-after-write/splicing.ts";
import { OTHER, post, reply, unseen, uriOf } from "./unseen.ts";

const POST = "app.bsky.feed.defs#threadViewPost";
const ROOT = uriOf("root", OTHER);

interface Node {
  $type: string;
  post: { uri: string };
  replies?: Node[];
}

/** The AppView's part of a thread. */
const node = (uri: string, replies?: unknown[]) => ({
  $type: POST,
  post: { uri },
  ...(replies && { replies }),
});

/** Each post of a thread by its key, with the replies below it. */
const shape = ({ post: { uri }, replies = [] }: Node): string => {
  const key = uri.split("/").at(-1) ?? "";
  return replies.length === 0 ? key : `${key}(${replies.map(shape).join(" ")})`;
};

/** Replies to `parents` in turn, made an hour apart. */
function repliesTo(...parents: string[]): OwnReply[] {
  const local = unseen(parents.map((parent, i) => post(`1${i}:00`, reply(parent, ROOT))));
  return local.posts.map((each) => ({
    post: postView(local, each, new Map()),
    parent: each.record.reply?.parent.uri ?? "",
  }));
}
const splice = (thread: object, replies: OwnReply[], depth = 6) =>
  shape(withReplies(thread as never, replies, depth) as unknown as Node);

describe("a reply stands below what it answers", () => {
  test("the newest first, before the AppView's", () => {
    const thread = node(ROOT, [node(uriOf("old", OTHER))]);
    expect(splice(thread, repliesTo(ROOT))).toBe("root(1000 old)");
    expect(splice(thread, repliesTo(ROOT, ROOT))).toBe("root(1100 1000 old)");
  });

  test("at any depth, and below another new one", () => {
    const deep = node(ROOT, [node(uriOf("a", OTHER), [node(uriOf("b", OTHER))]), node(uriOf("c", OTHER))]);
    expect(splice(deep, repliesTo(uriOf("b", OTHER)))).toBe("root(a(b(1000)) c)");
    expect(splice(node(ROOT), repliesTo(ROOT, uriOf("1000"), uriOf("1100")))).toBe("root(1000(1100(1200)))");
  });

  test("once, if the AppView has it already", () => {
    expect(splice(node(ROOT, [node(uriOf("1000"))]), repliesTo(ROOT))).toBe("root(1000)");
  });

  test("nowhere, if what it answers is not shown", () => {
    expect(splice(node(ROOT, [node(uriOf("a", OTHER))]), repliesTo(uriOf("elsewhere", OTHER)))).toBe(
      "root(a)",
    );
  });

  test.each([
    [0, "root"],
    [1, "root(1000)"],
    [2, "root(1000(1100))"],
    [6, "root(1000(1100))"],
  ])("no deeper than the %i levels that were asked for", (depth, expected) => {
    expect(splice(node(ROOT), repliesTo(ROOT, uriOf("1000")), depth)).toBe(expected);
  });

  test("never below a post that is hidden, blocked or missing", () => {
    for (const $type of ["notFoundPost", "blockedPost"]) {
      const gone = { $type: `app.bsky.feed.defs#${$type}`, uri: ROOT, post: { uri: ROOT } };
      expect(withReplies(gone as never, repliesTo(ROOT), 6)).toEqual(gone);
    }
    const odd = node(ROOT, [null, 1, "x"] as never);
    expect(withReplies(odd as never, repliesTo(uriOf("x", OTHER)), 6)).toEqual(odd);
  });

  test("and the thread that was given stays as it was", () => {
    const thread = node(ROOT, [node(uriOf("a", OTHER), [])]);
    const before = JSON.stringify(thread);
    splice(thread, repliesTo(ROOT, uriOf("a", OTHER)));
    expect(JSON.stringify(thread)).toBe(before);
  });
});

describe("a thread's own posts", () => {
  const { posts } = unseen([
    post("10:00", reply(ROOT)),
    post("11:00", reply(uriOf("a", OTHER), ROOT)),
    post("12:00", reply(uriOf("b", OTHER), uriOf("other", OTHER))),
    post("13:00"),
  ]);
  const textsOf = (thread: object) => postsInThread(thread as never, posts).map(({ record }) => record.text);

  test("are those of its root, when the root is shown and when a reply is", () => {
    expect(textsOf(node(ROOT))).toEqual(["10:00", "11:00"]);
    const shown = { ...node(uriOf("a", OTHER)), post: { uri: uriOf("a", OTHER), record: reply(ROOT) } };
    expect(textsOf(shown)).toEqual(["10:00", "11:00"]);
  });

  test("are none of another thread, and none that answer nothing", () => {
    expect(textsOf(node(uriOf("other", OTHER)))).toEqual(["12:00"]);
    expect(textsOf(node(uriOf("nowhere", OTHER)))).toEqual([]);
    expect(textsOf({})).toEqual([]);
  });
});

describe("the posts above a new one", () => {
  const chain = unseen([
    post("10:00"),
    post("11:00", reply(uriOf("1000"))),
    post("12:00", reply(uriOf("1100"), uriOf("1000"))),
    post("13:00", reply(uriOf("1200"), uriOf("1000"))),
  ]).posts;
  const above = (height: number, all = chain) => {
    const anchor = all.at(-1);
    if (anchor === undefined) throw new Error("no anchor");
    return newAncestors(anchor, all, height).map(({ record }) => record.text);
  };

  test.each([
    [0, []],
    [1, ["12:00"]],
    [2, ["12:00", "11:00"]],
    [80, ["12:00", "11:00", "10:00"]],
  ])("are the nearest %i, nearest first", (height, expected) => {
    expect(above(height)).toEqual(expected);
  });

  test("end where the AppView's begin", () => {
    const { posts } = unseen([post("10:00", reply(ROOT)), post("11:00", reply(uriOf("1000"), ROOT))]);
    expect(above(80, posts)).toEqual(["10:00"]);
  });

  test("end, though records that answer each other make a circle", () => {
    const circle = unseen([
      post("10:00", reply(uriOf("1200"))),
      post("11:00", reply(uriOf("1000"))),
      post("12:00", reply(uriOf("1100"))),
    ]).posts;
    expect(above(80, circle)).toEqual(["11:00", "10:00"]);
    expect(above(80, unseen([post("10:00", reply(uriOf("1000")))]).posts)).toEqual([]);
  });
});

test("each reply knows its parent, in the order given", async () => {
  const local = unseen([
    post("10:00", reply(ROOT)),
    post("11:00", reply(uriOf("1000"), ROOT)),
    post("12:00"),
  ]);
  const replies = await repliesOf(local.posts, {
    local,
    params: new URLSearchParams(),
    upstream: undefined as never,
  });
  expect(replies.map(({ post: { uri }, parent }) => [uri, parent])).toEqual([
    [uriOf("1000"), ROOT],
    [uriOf("1100"), uriOf("1000")],
    [uriOf("1200"), ""],
  ]);
});
