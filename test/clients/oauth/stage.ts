/** A whole host, a member on it, and apps that know nothing about its implementation. */
import { JoseKey } from "@atproto/jwk-jose";
import type { NodeSavedSession, NodeSavedState } from "@atproto/oauth-client-node";
import { NodeOAuthClient } from "@atproto/oauth-client-node";
import {
  type HostVars,
  type TestHost,
  type TestNetwork,
  createTestNetwork,
} from "../../../tools/kit/index.ts";
import { MemberBrowser, type Page, departed, shown } from "../../../tools/kit/oauth/member-browser.ts";

export const PASSWORD = "correct horse battery";

export interface Stage {
  network: TestNetwork;
  host: TestHost;
  alice: { did: string; handle: string };
  /** What strangers publish, by URL; the host finds it there. */
  published: Map<string, unknown>;
  stop(): Promise<void>;
}

export async function setStage(vars: HostVars = {}): Promise<Stage> {
  const published = new Map<string, unknown>();
  const network = await createTestNetwork({
    platform: "free",
    vars: { HOST_NAME: "Lagoon", ...vars },
    log: ({ message }) => {
      if (message.includes('"level":"error"')) console.error(message);
    },
  });
  network.fetches.answer("https://", ({ url }) => {
    const found = published.get(url);
    if (found instanceof Uint8Array) return new Response(found);
    return found === undefined
      ? new Response("not found", { status: 404 })
      : Response.json(typeof found === "function" ? found() : found);
  });
  const host = network.host();
  const invited = vars.REGISTRATION === "invite" ? await inviteCode(host) : undefined;
  const alice = await signUp(host, "alice", invited);
  return { network, host, alice, published, stop: () => network.dispose() };
}

export async function signUp(
  host: TestHost,
  name: string,
  inviteCode?: string,
): Promise<{ did: string; handle: string }> {
  const input = { handle: `${name}.test`, email: `${name}@example.com`, password: PASSWORD, inviteCode };
  const made = await host.xrpc("com.atproto.server.createAccount", { input });
  const { did, handle } = made as { did: string; handle: string };
  return { did, handle };
}

/** An invite code for one newcomer, from the host or from a member. */
export async function inviteCode(host: TestHost, forAccount?: string): Promise<string> {
  const input = { useCount: 1, forAccount };
  const { code } = (await host.admin("com.atproto.server.createInviteCode", { input })) as { code: string };
  return code;
}

function memoryStore<Value>() {
  const map = new Map<string, Value>();
  return {
    map,
    get: (key: string) => map.get(key),
    set: (key: string, value: Value) => void map.set(key, value),
    del: (key: string) => void map.delete(key),
  };
}

export interface App {
  client: NodeOAuthClient;
  clientId: string;
  sessions: Map<string, NodeSavedSession>;
}

const REDIRECT = "https://app.tester.dev/callback";

/** The official client, unmodified: an app on the member's own machine, or on a server with its own key. */
export async function appFor(
  { host, alice, published }: Stage,
  scope: string,
  kind: "loopback" | "public" | "confidential" = "loopback",
): Promise<App> {
  const loopback = "http://127.0.0.1:9/callback";
  const name = crypto.randomUUID();
  const clientId =
    kind === "loopback"
      ? `http://localhost?${new URLSearchParams({ redirect_uri: loopback, scope }).toString()}`
      : `https://app.tester.dev/${name}.json`;
  const key = kind === "confidential" ? await JoseKey.generate(["ES256"], name) : null;
  const redirect = kind === "loopback" ? loopback : REDIRECT;
  const metadata = {
    client_id: clientId,
    ...(kind === "loopback" ? {} : { client_name: "Tide Table", client_uri: "https://app.tester.dev" }),
    redirect_uris: [redirect],
    scope,
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    application_type: kind === "loopback" ? "native" : "web",
    dpop_bound_access_tokens: true,
    token_endpoint_auth_method: key === null ? "none" : "private_key_jwt",
    ...(key === null ? {} : { token_endpoint_auth_signing_alg: "ES256", jwks: { keys: [key.publicJwk] } }),
  };
  if (kind !== "loopback") published.set(clientId, metadata);
  const states = memoryStore<NodeSavedState>();
  const sessions = memoryStore<NodeSavedSession>();
  const client = new NodeOAuthClient({
    clientMetadata: metadata as ConstructorParameters<typeof NodeOAuthClient>[0]["clientMetadata"],
    ...(key === null ? {} : { keyset: [key] }),
    stateStore: states,
    sessionStore: sessions,
    handleResolver: { resolve: async () => alice.did as never },
    plcDirectoryUrl: host.plc,
    allowHttp: true,
    requestLock: async (_name, run) => run(),
  });
  return { client, clientId, sessions: sessions.map };
}

/** Signs in on the page to which an app sent the browser. Returns the consent page. */
export async function signInAt(browser: MemberBrowser, url: URL, remember = true): Promise<Page> {
  const page = shown(await browser.open(url));
  const arrived = await browser.submit(page, "sign-in", {
    identifier: "alice.test",
    password: PASSWORD,
    ...(remember ? { remember: "yes" } : {}),
  });
  return shown(arrived);
}

/** The whole flow: app, sign-in, consent, and back. */
export async function connect(stage: Stage, app: App, browser = new MemberBrowser(stage.host.url)) {
  const url = await app.client.authorize(stage.alice.handle, { state: "mine" });
  const consent = await signInAt(browser, url);
  const back = departed(await browser.submit(consent, "consent", { answer: "allow", email: "yes" }));
  const { session, state } = await app.client.callback(back.searchParams);
  return { session, state, back, browser, consent, url };
}
