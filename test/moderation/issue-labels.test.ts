/** Labels that the host gives: which are refused, what is signed, and when they end. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { signLabels } from "../../src/moderation/issue-labels.ts";
import { signedBytes } from "../../src/protocol/label.ts";
import { verify } from "../../src/protocol/keys.ts";
import { HOST_DID, asAdmin, bindings, join, xrpc } from "../support/account-host.ts";
import { Directory } from "../../src/identity/directory.ts";
import { labelKey } from "../../src/moderation/issue-labels.ts";

const directory = new Directory(bindings);
const DID = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa";
const URI = `at://${DID}/app.bsky.feed.post/3jui7kd54zh2y`;
const CID = "bafyreidfayvfuwqa7qlnopdjiqrxzs6blmoeu4rujcjtnci5beludirz2a";

const NOW = Date.UTC(2026, 10, 30, 12);
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: NOW });
});
afterEach(() => {
  vi.useRealTimers();
});

/** The expiry of each label of a subject that is in force. */
async function inForce(uri: string): Promise<(string | undefined)[]> {
  const params = { uriPatterns: uri, sources: HOST_DID };
  const { body } = await xrpc("com.atproto.label.queryLabels", { params });
  return (body.labels as { exp?: string }[]).map(({ exp }) => exp);
}

const issue = (...labels: object[]) => asAdmin("internal.atoll.admin.createLabels", { input: { labels } });

describe("a label", () => {
  test.each<[what: string, label: object]>([
    ["of an account", { uri: DID, val: "spam" }],
    ["of a record", { uri: URI, val: "spam" }],
    ["of a version of it", { uri: URI, cid: CID, val: "spam" }],
    ["of the protocol", { uri: DID, val: "!hide" }],
    ["of several words", { uri: DID, val: "not-safe-for-work" }],
    ["of the longest name", { uri: DID, val: "x".repeat(128) }],
    ["that is taken back", { uri: DID, val: "spam", neg: true }],
    ["that ends", { uri: DID, val: "spam", exp: "2026-12-01T00:00:00Z" }],
    ["that has ended", { uri: DID, val: "spam", exp: "2020-01-01T00:00:00Z" }],
  ])("%s is given", async (_, label) => {
    expect((await issue(label)).status).toBe(200);
  });

  test.each<[what: string, label: object, message: string]>([
    ["of nothing", { uri: "", val: "spam" }, "Invalid AT URI: "],
    ["of a handle", { uri: "alice.test", val: "spam" }, "Invalid AT URI: alice.test"],
    ["of a page", { uri: "https://example.com/", val: "spam" }, "Invalid AT URI: https://example.com/"],
    ["of a CID that is none", { uri: URI, cid: "x", val: "spam" }, "Invalid cid"],
    ["of an account's version", { uri: DID, cid: CID, val: "spam" }, "Invalid cid"],
    ["without a name", { uri: DID, val: "" }, "Invalid label value"],
    ["in capitals", { uri: DID, val: "Spam" }, "Invalid label value"],
    ["with a space", { uri: DID, val: "no spam" }, "Invalid label value"],
    ["with a dash at its end", { uri: DID, val: "spam-" }, "Invalid label value"],
    ["with two marks", { uri: DID, val: "!!hide" }, "Invalid label value"],
    ["with digits", { uri: DID, val: "over18" }, "Invalid label value"],
    ["with a line more", { uri: DID, val: "spam\n" }, "Invalid label value"],
    ["that is too long", { uri: DID, val: "x".repeat(129) }, "Invalid label value"],
    ["that ends some day", { uri: DID, val: "spam", exp: "tomorrow" }, "Invalid expiry"],
    ["that ends on no day", { uri: DID, val: "spam", exp: "2026-13-01T00:00:00Z" }, "Invalid expiry"],
    ["that ends in no time zone", { uri: DID, val: "spam", exp: "2026-12-01T00:00:00" }, "Invalid expiry"],
    [
      "that ends after all years",
      { uri: DID, val: "spam", exp: "9999-12-31T23:59:59-12:00" },
      "Invalid expiry",
    ],
  ])("%s is refused, and with it all that came along", async (_, label, message) => {
    const { did } = await join();
    const { status, body } = await issue({ uri: did, val: "along" }, label);
    expect([status, body.error, body.message]).toEqual([400, "InvalidRequest", message]);
    expect(await inForce(did)).toEqual([]);
  });

  test("is signed by the key of the host's document, over just what it says", async () => {
    const wanted = { uri: URI, cid: CID, val: "spam", exp: "2026-12-01T00:00:00.000Z" };
    const [label] = await signLabels(directory, HOST_DID, [wanted]);
    if (label === undefined) throw new Error("no label");
    const { sig, ...said } = label;
    expect(said).toEqual({ ...wanted, src: HOST_DID, cts: "2026-11-30T12:00:00.000Z" });
    const key = (await labelKey(directory)).did();
    expect(await verify(key, signedBytes(said), sig)).toBe(true);
    for (const other of [
      { val: "ham" },
      { uri: DID },
      { cid: undefined },
      { neg: true },
      { exp: undefined },
    ]) {
      expect(await verify(key, signedBytes({ ...said, ...other }), sig), JSON.stringify(other)).toBe(false);
    }
  });
});

describe("a label ends at its instant, in whatever time zone that is written", () => {
  test.each([
    ["2026-11-30T13:00:00Z", "2026-11-30T13:00:00.000Z"],
    ["2026-11-30T13:00:00.5Z", "2026-11-30T13:00:00.500Z"],
    ["2026-12-01T03:00:00+14:00", "2026-11-30T13:00:00.000Z"],
    ["2026-11-30T01:00:00-12:00", "2026-11-30T13:00:00.000Z"],
    ["2026-11-30T14:00:00+01:00", "2026-11-30T13:00:00.000Z"],
  ])("%s", async (exp, inUtc) => {
    const author = await join();
    const record = { $type: "app.bsky.feed.post", text: "boo", createdAt: new Date(NOW).toISOString() };
    const { body: made } = await xrpc("com.atproto.repo.createRecord", {
      auth: author.auth,
      input: { repo: author.did, collection: record.$type, record },
    });
    const uri = String(made.uri);
    await issue({ uri, val: "spam", exp });

    const shown = async () => {
      const { body } = await xrpc("app.bsky.feed.getPosts", { params: { uris: uri } });
      return (body.posts as { labels: { exp?: string }[] }[]).flatMap(({ labels }) =>
        labels.map((label) => label.exp),
      );
    };
    expect([await inForce(uri), await shown()]).toEqual([[inUtc], [inUtc]]);
    vi.setSystemTime(new Date(inUtc).getTime() - 1);
    expect([await inForce(uri), await shown()]).toEqual([[inUtc], [inUtc]]);
    vi.setSystemTime(new Date(inUtc));
    expect([await inForce(uri), await shown()]).toEqual([[], []]);
  });
});
