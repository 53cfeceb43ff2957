/** The pages of a member whose AppView is another host of ours, within the free plan. */
import { expect, test } from "vitest";
import { type TestNetwork, createTestNetwork } from "../../tools/kit/index.ts";
import { MemberBrowser } from "../../tools/kit/oauth/member-browser.ts";

test("placeholder", async () => {
  await using network: TestNetwork = await createTestNetwork({
    hosts: ["north", "shore"],
    platform: "free",
    varsOf: (_, first) => (first === undefined ? {} : { APPVIEW: `${first.did}#bsky_appview` }),
  });
  expect(MemberBrowser).toBeDefined();
  expect(network.host("shore").did).not.toBe("");
});
