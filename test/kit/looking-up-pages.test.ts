/** The app's pages of a member who looks at people on another host: all of them, within the free plan. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestNetwork, type TestNetwork } from "../../tools/kit/index.ts";
import { MemberBrowser } from "../../tools/kit/oauth/member-browser.ts";

let network: TestNetwork;
let browser: MemberBrowser;
const handles = [0, 1, 2, 3].map((i) => `ben${i}.south.test`);

async function open(path: string): Promise<{ status: number; text: string }> {
  const page = await browser.open(path, { headers: { accept: "text/html" } });
  if ("location" in page) throw new Error(`${path} leads away, to ${page.location.href}`);
  return { status: page.status, text: page.html.replaceAll(/<[^>]+>/g, " ").replaceAll(/\s+/g, " ") };
}

beforeAll(async () => {
  network = await createTestNetwork({ hosts: ["north", "south"], platform: "free" });
  const anna = await network.account("anna.north.test", { host: "north" });
  for (const handle of handles) {
    await network.account(handle, { host: "south" });
    await network.agent(handle).upsertProfile(() => ({ displayName: `Name of ${handle}` }));
  }
  browser = new MemberBrowser(network.host("north").url);
  const page = await browser.open("/account/sign-in", { headers: { accept: "text/html" } });
  const csrf = "html" in page ? (/name="csrf" value="([^"]*)"/.exec(page.html)?.[1] ?? "") : "";
  await browser.open("/account/sign-in", {
    method: "POST",
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      origin: network.host("north").url,
    },
    body: new URLSearchParams({
      csrf,
      step: "sign-in",
      identifier: anna.handle,
      password: anna.password,
    }).toString(),
  });
}, 60_000);
afterAll(() => network?.dispose());

const embed = ({ uri, cid }: { uri: string; cid: string }) => ({
  $type: "app.bsky.embed.record",
  record: { uri, cid },
});

test("a thread of strangers who quote strangers comes piece by piece, and no page passes the plan", async () => {
  const by = (i: number) => network.agent(handles[i] ?? "");
  const root = await by(0).post({ text: "the root" });
  const middle = await by(1).post({ text: "the middle", reply: { root, parent: root } });
  const quote = await by(2).post({ text: "a quote", embed: embed(root) });
  const leaf = await by(3).post({ text: "the leaf", reply: { root, parent: middle }, embed: embed(quote) });
  const anna = network.agent("anna.north.test");
  await anna.post({ text: "an answer", reply: { root, parent: leaf }, embed: embed(quote) });
  await anna.post({ text: "another", embed: embed(middle) });
  await network.settle();
  const rkey = leaf.uri.split("/").at(-1) ?? "";
  const thread = `/profile/${handles[3]}/post/${rkey}`;
  const paths = [
    "/",
    "/profile/anna.north.test",
    thread,
    `/profile/${handles[2]}`,
    `/search?q=${handles[1]}&tab=people`,
    `/profile/${handles[0]}/followers`,
    "/",
  ];
  for (const path of paths) {
    network.fetches.list.length = 0;
    const { status } = await open(path);
    expect([path, status]).toEqual([path, 200]);
    expect(network.fetches.list.length, path).toBeLessThanOrEqual(6);
  }
  const { text } = await open(thread);
  for (const said of ["the root", "the middle", "the leaf", "a quote", `Name of ${handles[3]}`]) {
    expect(text).toContain(said);
  }
  expect((await open(`/profile/${handles[2]}`)).text).toContain("a quote");
  expect((await open("/profile/nobody.south.test")).status).toBe(404);
  for (const { operation, queries, subrequests } of await network.host("north").figures()) {
    expect([operation, queries <= 50, subrequests <= 50]).toEqual([operation, true, true]);
  }
  expect(await network.host("north").breaches()).toEqual([]);
});

test("a blocked host is asked for nothing", async () => {
  await using blocking = await createTestNetwork({
    hosts: ["north"],
    vars: { BLOCKED_HOSTS: "evil.example.com" },
  });
  await blocking.account("alice.test");
  const asked: string[] = [];
  for (const name of ["evil", "fine"]) {
    const did = `did:web:${name}.example.org`;
    blocking.fetches.answer(`https://${name}.example.org/.well-known/did.json`, {
      id: did,
      verificationMethod: [
        {
          id: `${did}#atproto`,
          type: "Multikey",
          controller: did,
          publicKeyMultibase: "zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme",
        },
      ],
      service: [
        {
          id: "#atproto_pds",
          type: "AtprotoPersonalDataServer",
          serviceEndpoint: `https://pds.${name}.example.com`,
        },
      ],
    });
    blocking.fetches.answer(`https://pds.${name}.example.com/`, (request) => {
      asked.push(new URL(request.url).hostname);
      return new Response("", { status: 500 });
    });
    await blocking
      .agent("alice.test")
      .getProfile({ actor: did })
      .catch(() => null);
  }
  expect(asked).toEqual(["pds.fine.example.com"]);
});
