/** A host that is set up, with its owner's account, for stories of those who look after it. */
import type { Browser, BrowserContext } from "playwright-core";
import { type RunningHost, startHost } from "../../tools/dev/host.ts";
import { basic, xrpc } from "../../tools/dev/xrpc-client.ts";

export const PASSWORD = "correct horse battery";
const ADMIN = "an-admin-of-the-test";

/** As set-up leaves a host: what its pages have kept can be changed on pages. */
export async function startKept(kept: Record<string, string>): Promise<RunningHost> {
  const host = await startHost({ vars: { PUBLIC_URL: "", ADMIN_PASSWORD: ADMIN } });
  await host.query(
    "DIRECTORY",
    "INSERT OR REPLACE INTO host_settings (id, version, settings) VALUES (1, 100, ?1)",
    JSON.stringify({ PUBLIC_URL: host.origin, ...kept }),
  );
  return host;
}

/** Makes an account that owns the host. Returns its DID. */
export async function addOwner({ origin }: RunningHost, name: string): Promise<string> {
  const authorization = basic("admin", ADMIN);
  const invite = { input: { useCount: 1 }, authorization };
  const { code } = (await xrpc(origin, "com.atproto.server.createInviteCode", invite)) as { code: string };
  const input = {
    handle: `${name}.test`,
    email: `${name}@example.com`,
    password: PASSWORD,
    inviteCode: code,
  };
  const { did } = (await xrpc(origin, "com.atproto.server.createAccount", { input })) as { did: string };
  await xrpc(origin, "internal.atoll.admin.grantRole", { input: { did, role: "owner" }, authorization });
  return did;
}

/** A browser on which an owner is signed in. */
export async function signedIn(
  browser: Browser,
  { origin }: RunningHost,
  name: string,
  javaScriptEnabled = true,
): Promise<BrowserContext> {
  const context = await browser.newContext({ javaScriptEnabled });
  const page = await context.newPage();
  await page.goto(`${origin}/admin`);
  await page.getByLabel("Handle or e-mail address").fill(`${name}.test`);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.waitForLoadState();
  await page.close();
  return context;
}
