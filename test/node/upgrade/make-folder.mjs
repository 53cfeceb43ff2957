/**
 * Makes `folder.tar.br` and `folder.json`: a data folder as a host of commit 1cec221 leaves it when its machine
 * dies. `node --import ./local/node.mjs <this file> <out>`, in a checkout of that commit with its packages.
 * Two events never reached the sequencer, and an import was cut off between sorting and copying.
 */
import { execFileSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import path from "node:path";
import { brotliCompressSync, constants } from "node:zlib";

const [out] = process.argv.slice(2);
const checkout = process.cwd();
const PORT = 26810;
const ORIGIN = `http://localhost:${PORT}`;
const PASSWORD = "correct horse battery";
const VARS = { REGISTRATION: "open", RATE_LIMITS: "off", ADMIN_PASSWORD: "old-admin", HOST_NAME: "Lagoon" };

const folder = mkdtempSync(path.join(tmpdir(), "atoll-folder-"));
const known = { origin: ORIGIN, password: PASSWORD, adminPassword: VARS.ADMIN_PASSWORD };

async function call(nsid, { input, token, params, body, type } = {}) {
  const url = `${ORIGIN}/xrpc/${nsid}?${new URLSearchParams(params).toString()}`;
  const isPost = input !== undefined || body !== undefined;
  const response = await fetch(url, {
    method: isPost ? "POST" : "GET",
    headers: {
      ...(token === undefined ? {} : { authorization: token.includes(" ") ? token : `Bearer ${token}` }),
      ...(isPost ? { "content-type": type ?? "application/json" } : {}),
    },
    body: body ?? (input === undefined ? undefined : JSON.stringify(input)),
    signal: AbortSignal.timeout(20_000),
  });
  if (!response.ok) throw new Error(`${nsid}: ${response.status} ${await response.text()}`);
  const isJson = response.headers.get("content-type")?.includes("json") ?? false;
  return isJson ? response.json() : new Uint8Array(await response.arrayBuffer());
}

const signUp = (name) =>
  call("com.atproto.server.createAccount", {
    input: { handle: `${name}.test`, email: `${name}@example.com`, password: PASSWORD },
  });

const record = ({ did, accessJwt }, collection, value) =>
  call("com.atproto.repo.createRecord", {
    token: accessJwt,
    input: {
      repo: did,
      collection,
      record: { $type: collection, createdAt: new Date().toISOString(), ...value },
    },
  });

const post = (who, text, more = {}) => record(who, "app.bsky.feed.post", { text, ...more });

/** A host from the sources in `root`, with a clean end unless it is killed. */
const start = async (root, more = {}) => {
  const { startHost } = await import(path.join(root, "local/host.ts"));
  return startHost({ port: PORT, outsidePort: PORT - 1, dataDir: folder, vars: VARS, ...more });
};

/** The same sources, but the sequencer takes nothing, and an import ends where copying would begin. */
function withBrokenStations() {
  const root = mkdtempSync(path.join(tmpdir(), "atoll-broken-"));
  for (const name of readdirSync(checkout)) {
    if (["src", "local", ".git", ".atoll"].includes(name)) continue;
    symlinkSync(path.join(checkout, name), path.join(root, name));
  }
  for (const name of ["src", "local"])
    cpSync(path.join(checkout, name), path.join(root, name), { recursive: true });
  const change = (file, from, to) => {
    const place = path.join(root, file);
    const text = readFileSync(place, "utf8");
    if (!text.includes(from)) throw new Error(`${file} has no ${from}`);
    writeFileSync(place, text.replace(from, to));
  };
  change(
    "src/sequencer/object.ts",
    "const now = Date.now();\n    const { acked, events }",
    'if (did !== null) throw new Error("held");\n    const now = Date.now();\n    const { acked, events }',
  );
  change(
    "src/account/import.ts",
    "    await finish(account);\n  } catch",
    "    await new Promise(() => {});\n  } catch",
  );
  return root;
}

async function connectApp(alice, outside) {
  const { appFor, connect } = await import(path.join(checkout, "test/clients/oauth/stage.ts"));
  const stage = { host: { url: ORIGIN, plc: outside }, alice, published: new Map() };
  const scope = "atproto transition:generic";
  const app = await appFor(stage, scope);
  await connect(stage, app);
  const [[, session]] = app.sessions;
  return { clientId: app.clientId, scope, session };
}

const digest = (bytes) => createHash("sha256").update(bytes).digest("hex");

const host = await start(checkout);
const alice = await signUp("alice");
const bert = await signUp("bert");
const cleo = await signUp("cleo");
const picture = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==",
  "base64",
);
const { blob } = await call("com.atproto.repo.uploadBlob", {
  token: alice.accessJwt,
  body: picture,
  type: "image/png",
});
const posts = [await post(alice, "The first of many")];
posts.push(
  await post(alice, "With a picture", {
    embed: { $type: "app.bsky.embed.images", images: [{ image: blob, alt: "a lagoon" }] },
  }),
);
for (let i = 0; i < 30; i++) await post(alice, `Number ${i}`);
await record(bert, "app.bsky.graph.follow", { subject: alice.did });
await record(bert, "app.bsky.feed.like", { subject: { uri: posts[0].uri, cid: posts[0].cid } });
const reply = { root: posts[0], parent: posts[0] };
const ref = ({ uri, cid }) => ({ uri, cid });
await post(bert, "An answer", { reply: { root: ref(reply.root), parent: ref(reply.parent) } });
const appPassword = await call("com.atproto.server.createAppPassword", {
  token: alice.accessJwt,
  input: { name: "an old app" },
});
await call("app.bsky.actor.putPreferences", {
  token: alice.accessJwt,
  input: { preferences: [{ $type: "app.bsky.actor.defs#adultContentPref", enabled: false }] },
});
const { code } = await call("com.atproto.server.createInviteCode", {
  token: `Basic ${Buffer.from(`admin:${VARS.ADMIN_PASSWORD}`).toString("base64")}`,
  input: { useCount: 3 },
});
// The archive that cleo imports: her own posts, exported before some of them were deleted.
for (let i = 0; i < 40; i++) await post(cleo, `Cleo says ${i}`);
const archive = await call("com.atproto.sync.getRepo", { params: { did: cleo.did } });
const { records } = await call("com.atproto.repo.listRecords", {
  params: { repo: cleo.did, collection: "app.bsky.feed.post", limit: "100" },
});
for (const { uri } of records.slice(0, 25)) {
  await call("com.atproto.repo.deleteRecord", {
    token: cleo.accessJwt,
    input: { repo: cleo.did, collection: "app.bsky.feed.post", rkey: uri.split("/").at(-1) },
  });
}
const oauth = await connectApp({ did: alice.did, handle: alice.handle }, host.outside);
await new Promise((resolve) => setTimeout(resolve, 1_000));
await host.stop();

const broken = withBrokenStations();
const dying = await start(broken);
const unsent = [await post(alice, "Never announced"), await post(bert, "Nor was this")];
void call("com.atproto.repo.importRepo", {
  token: cleo.accessJwt,
  body: archive,
  type: "application/vnd.ipld.car",
}).catch(() => {});
await new Promise((resolve) => setTimeout(resolve, 4_000));
// The machine stops: nothing of the runtime runs on, and its folder is taken as it lies.
process.kill(dying.pid, "SIGSTOP");
mkdirSync(out, { recursive: true });
const tar = execFileSync("tar", ["-C", folder, "-cf", "-", "state"], { maxBuffer: 1 << 28 });
const { BROTLI_PARAM_LGWIN: window, BROTLI_PARAM_SIZE_HINT: size } = constants;
// Pages repeat in the write-ahead logs, far apart.
const packed = brotliCompressSync(tar, { params: { [window]: 24, [size]: tar.length } });
writeFileSync(path.join(out, "folder.tar.br"), packed);
process.kill(dying.pid, "SIGKILL");
const who = ({ did, handle, refreshJwt }) => ({ did, handle, refreshJwt });
const facts = {
  ...known,
  members: { alice: who(alice), bert: who(bert), cleo: who(cleo) },
  appPassword: appPassword.password,
  inviteCode: code,
  blob: { cid: blob.ref.$link, sha256: digest(picture) },
  firstPost: ref(posts[0]),
  unsent: unsent.map(({ uri }) => uri),
  oauth,
};
writeFileSync(path.join(out, "folder.json"), `${JSON.stringify(facts, null, 2)}\n`);
rmSync(folder, { recursive: true });
rmSync(broken, { recursive: true });
process.exit(0);
