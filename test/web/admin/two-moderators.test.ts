/** Two moderators at the same reports: whoever comes second is told, and changes nothing. */
import { beforeEach, describe, expect, test } from "vitest";
import { type Member, bindings, join, xrpc } from "../../support/account-host.ts";
import type { Shown, Visitor } from "../../support/visitor.ts";
import { type Holder, holderOf } from "./desk.ts";

let first: Holder;
let second: Holder;
let author: Member;
let reporter: Member;

beforeEach(async () => {
  await bindings.DIRECTORY.prepare("DELETE FROM report").run();
  [first, second] = [await holderOf("moderator"), await holderOf("moderator")];
  [author, reporter] = [await join(), await join()];
  await report();
});

async function report(): Promise<void> {
  const { status } = await xrpc("com.atproto.moderation.createReport", {
    auth: reporter.auth,
    input: {
      reasonType: "com.atproto.moderation.defs#reasonSpam",
      subject: { $type: "com.atproto.admin.defs#repoRef", did: author.did },
    },
  });
  expect(status).toBe(200);
}

const path = () => `/admin/reports/${author.did}`;

/** The hidden fields of the page's form that has this step. */
function carriedIn({ html }: Shown, step: string): Record<string, string> {
  const forms = html.split("<form").filter((form) => form.includes(`name="step" value="${step}"`));
  expect(forms).toHaveLength(1);
  return Object.fromEntries(
    [...(forms[0] ?? "").matchAll(/type="hidden" name="([^"]+)" value="([^"]*)"/g)].map(
      ([, name = "", value = ""]) => [name, value],
    ),
  );
}

/** Opens the page, and returns the way to decide on it as it was then. */
async function opened(visitor: Visitor): Promise<(step: string) => Promise<Shown>> {
  const fields = carriedIn(await visitor.get(path()), "dismiss");
  return (step) => visitor.post(path(), { ...fields, step });
}

const standing = () =>
  bindings.DIRECTORY.prepare("SELECT takedown FROM account WHERE did = ?1")
    .bind(author.did)
    .first<string | null>("takedown");
const states = async () =>
  (await bindings.DIRECTORY.prepare("SELECT state FROM report").all<{ state: string }>()).results.map(
    ({ state }) => state,
  );

describe("decisions", () => {
  test.each(["suspend", "take-down", "dismiss", "warn", "label"])(
    "a late %s is told by whom it was decided, and does nothing",
    async (step) => {
      const [theirs, late] = [await opened(first.visitor), await opened(second.visitor)];
      expect((await theirs("dismiss")).status).toBe(303);
      const { status, text } = await late(step);
      expect(status).toBe(400);
      expect(text).toContain(`@${first.member.handle} decided meanwhile`);
      expect(await standing()).toBeNull();
      expect(await states()).toEqual(["dismissed"]);
    },
  );

  test("a form that is sent twice decides once", async () => {
    const decide = await opened(first.visitor);
    expect((await decide("suspend")).status).toBe(303);
    const again = await decide("dismiss");
    expect(again.text).toContain("You have decided already");
    expect(await standing()).toBe("suspended");
    expect(await states()).toEqual(["resolved"]);
  });

  test("in the same moment, one is taken, and the other is told", async () => {
    const both = [await opened(first.visitor), await opened(second.visitor)] as const;
    const answers = await Promise.all([both[0]("suspend"), both[1]("dismiss")]);
    expect(answers.filter(({ status }) => status === 303)).toHaveLength(1);
    expect(answers.find(({ status }) => status === 400)?.text).toMatch(
      /decided meanwhile|decided in the same moment/,
    );
    expect(await states()).toHaveLength(1);
    expect(await states()).not.toContain("open");
  });

  test("what is reported anew, or undone, is open to everybody", async () => {
    const [theirs, late] = [await opened(first.visitor), await opened(second.visitor)];
    await theirs("dismiss");
    await report();
    expect((await late("suspend")).status).toBe(400);
    expect((await (await opened(second.visitor))("suspend")).status).toBe(303);
    expect(await standing()).toBe("suspended");
  });

  test("what was decided long ago can be decided otherwise", async () => {
    await (
      await opened(first.visitor)
    )("dismiss");
    expect((await (await opened(second.visitor))("suspend")).status).toBe(303);
    expect(await standing()).toBe("suspended");
  });
});

test("who takes care is on the page, and is not replaced by who saw an older one", async () => {
  const [mine, theirs] = [await first.visitor.get(path()), await second.visitor.get(path())];
  const take = (holder: Holder, page: Shown) => holder.visitor.post(path(), carriedIn(page, "take"));
  expect((await take(first, mine)).text).toContain("You take care of it now");
  const late = await take(second, theirs);
  expect(late.status).toBe(400);
  expect(late.text).toContain(`@${first.member.handle} takes care of it since`);
  const fresh = await second.visitor.get(path());
  expect(fresh.text).toContain(`@${first.member.handle} takes care of it.`);
  expect((await take(second, fresh)).text).toContain("You take care of it now");
  expect((await first.visitor.get(path())).text).toContain(`@${second.member.handle} takes care of it.`);
});
