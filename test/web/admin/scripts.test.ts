/** The scripts of the admin's pages: small altogether, and loaded nowhere else. */
import { beforeAll, expect, test } from "vitest";
import { PAGES } from "../../../src/web/admin/routes.ts";
import { fetchHost, join } from "../../support/account-host.ts";
import { ABOUT, type Holder, holderOf, plantArchive } from "./desk.ts";

const GZIP_MOST = 60_000;

let owner: Holder;
let subject: string;
beforeAll(async () => {
  owner = await holderOf("owner");
  subject = (await join()).did;
  await plantArchive();
});

const scriptsIn = (html: string): string[] =>
  [...html.matchAll(/<script\b[^>]*\bsrc="([^"]+)"/g)].map(([, src = ""]) => src);
const bare = (html: string): string => html.replaceAll(/<script\b[^>]*\bsrc="[^"]+"[^>]*><\/script>/g, "");

async function gzipped(path: string): Promise<number> {
  const answer = await fetchHost(path);
  expect([path, answer.status]).toEqual([path, 200]);
  const packed = answer.body?.pipeThrough(new CompressionStream("gzip"));
  return (await new Response(packed).arrayBuffer()).byteLength;
}

test("all scripts that any of its pages loads have 60 kB at most", async () => {
  const scripts = new Set<string>();
  for (const path of Object.keys(PAGES)) {
    const { html, status } = await owner.visitor.get(path.replace("*", ABOUT[path] ?? subject));
    expect([path, status]).toEqual([path, 200]);
    expect(bare(html), path).not.toContain("<script");
    for (const script of scriptsIn(html)) scripts.add(script);
  }
  expect([...scripts].filter((script) => script.startsWith("/admin/"))).not.toEqual([]);
  const sizes = await Promise.all([...scripts].map(gzipped));
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(GZIP_MOST);
});

test("pages of members and guests load none of the admin's", async () => {
  const { handle } = owner.member;
  for (const path of ["/", "/account", "/account/sign-in", "/status", `/profile/${handle}`]) {
    const { html, status } = await owner.visitor.get(path);
    expect([path, [200, 303].includes(status)]).toEqual([path, true]);
    expect(html, path).not.toMatch(/["']\/admin\/[^"']*\.(js|css)/);
  }
});
