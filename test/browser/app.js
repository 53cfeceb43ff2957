/**
 * A web app on the official browser client, unmodified. It is bundled for the test and served from the
 * member's own machine. It is plain JavaScript, since it runs in a page and not where the other tests run.
 */
import { BrowserOAuthClient } from "@atproto/oauth-client-browser";
import { atprotoLoopbackClientMetadata } from "@atproto/oauth-types";

// Survives the way to the host and back, on which the address loses its query.
sessionStorage.settings ??= location.search;
const settings = new URLSearchParams(sessionStorage.settings);
const client = `http://localhost?${new URLSearchParams({
  redirect_uri: `${location.origin}/`,
  scope: settings.get("scope"),
})}`;

window.client = new BrowserOAuthClient({
  clientMetadata: atprotoLoopbackClientMetadata(client),
  handleResolver: { resolve: async () => settings.get("did") },
  plcDirectoryUrl: settings.get("plc"),
  allowHttp: true,
  responseMode: "fragment",
});
window.ready = window.client.init();
window.ready.catch(() => {});

/** What a signed-in page can do: a write, a refresh and a read. */
window.useSession = async () => {
  const session = (await window.ready)?.session;
  if (session === undefined) return null;
  const record = { $type: "app.bsky.feed.post", text: "from a page", createdAt: new Date().toISOString() };
  const written = await session.fetchHandler("/xrpc/com.atproto.repo.createRecord", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ repo: session.did, collection: "app.bsky.feed.post", record }),
  });
  const { scope } = await session.getTokenInfo(false);
  await session.getTokenInfo(true);
  const read = await session.fetchHandler("/xrpc/com.atproto.server.getSession");
  return { did: session.did, scope, written: written.status, read: read.status };
};

/**
 * Makes one call with the granted scopes. Returns its status, or the e-mail address in its answer. If the
 * call is refused for another reason, returns the text of the answer.
 */
window.tryCall = async ({ path, type, body }) => {
  const { session } = await window.ready;
  const sent = body === undefined ? {} : { headers: { "content-type": type }, body };
  const response = await session.fetchHandler(path, { method: type === undefined ? "GET" : "POST", ...sent });
  if (response.status !== 200 && response.status !== 403) return response.text();
  return path.endsWith("getSession") ? (await response.json()).email : response.status;
};
