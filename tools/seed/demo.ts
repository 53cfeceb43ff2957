/**
 * `npm run demo`: creates a small, lively community on the running host through the official client, and
 * shows one member's timeline.
 */
import type { AppBskyActorDefs } from "@atproto/api";
import { AtpAgent, XRPCError } from "@atproto/api";
import { log, note, outro, progress } from "@clack/prompts";
import { readShell } from "../dev/configuration.ts";
import { DataFolder } from "../dev/data-folder.ts";
import { LaunchError } from "../dev/ports.ts";
import { xrpc } from "../dev/xrpc-client.ts";
import { community } from "./community.ts";
import type { Host, Member } from "./plant.ts";
import { plant } from "./plant.ts";
import type { SeedAccount } from "./seed.ts";

try {
  await demo();
} catch (thrown) {
  if (!(thrown instanceof LaunchError)) throw thrown;
  console.error(`\n${thrown.message}\n`);
  process.exit(1);
}

async function demo(): Promise<void> {
  const { port, dataDir, vars } = readShell();
  const service = `http://localhost:${port}`;
  const domain = await handleDomain(service);
  const seed = community();
  const accounts = seed.accounts ?? [];
  const password = vars.ADMIN_PASSWORD ?? DataFolder.peek(dataDir, "admin-password");
  const inviteCode = await invite(service, password, accounts.length);

  console.log(`\nA small community comes to ${service}\n`);
  const shown = showProgress();
  const planted = await plant(seed, signUps(service, domain, inviteCode), {
    onProgress: (...progressed) => shown.advance(...progressed),
  });
  shown.done(`${accounts.length} members, ${seed.posts?.length ?? 0} posts`);
  if (planted.found > 0) {
    log.info(
      `${planted.found} of the accounts were there already: signed in, and only what was missing was added.`,
    );
  }
  const [first] = accounts;
  if (first === undefined) return;
  const handle = `${first.name}${domain}`;
  if (password !== null) await makeOwner(service, handle, password);
  await showTimeline(service, handle, first.password ?? "");
  const roles = password === null ? "" : `, and ${service}/admin, as she is an owner`;
  outro(
    `See it alive at ${service}/ and sign in there, or with any client: ${handle}, password ${first.password}${roles}`,
  );
}

function adminBy(password: string): string {
  return `Basic ${Buffer.from(`admin:${password}`).toString("base64")}`;
}

/** Gives a member the role of an owner, so that the pages at `/admin` can be seen. */
async function makeOwner(service: string, handle: string, password: string): Promise<void> {
  const { data } = await new AtpAgent({ service }).resolveHandle({ handle });
  await xrpc(service, "internal.atoll.admin.grantRole", {
    input: { did: data.did, role: "owner" },
    authorization: adminBy(password),
  });
}

/** Shows a progress bar in a terminal; elsewhere it prints a line now and then. */
function showProgress() {
  const bar = process.stdout.isTTY ? progress({ max: 100 }) : null;
  let shown = 0;
  bar?.start("Accounts");
  return {
    advance(done: number, all: number, what: string) {
      const percent = Math.floor((done / all) * 100);
      if (bar !== null) bar.advance(percent - shown, `${what} (${done} of ${all})`);
      else if (percent >= shown + 20) console.log(`${percent} %: ${what}`);
      else return;
      shown = percent;
    },
    done(what: string) {
      if (bar === null) console.log(what);
      else bar.stop(what);
    },
  };
}

/** The host's first handle domain. Refuses with a `LaunchError` that says what to do if no host answers. */
async function handleDomain(service: string): Promise<string> {
  try {
    const { data } = await new AtpAgent({ service }).com.atproto.server.describeServer();
    return data.availableUserDomains[0] ?? ".test";
  } catch (thrown) {
    if (thrown instanceof XRPCError && thrown.status !== 1) throw thrown;
    throw new LaunchError(
      `No host answers at ${service}. Start one with \`npm start\` in another terminal (PORT, if set, must be the same).`,
    );
  }
}

/**
 * An invite code for everybody; undefined if the host requires none. Refuses with a `LaunchError` if it does
 * and no admin password is known.
 */
async function invite(
  service: string,
  password: string | null,
  useCount: number,
): Promise<string | undefined> {
  const { data } = await new AtpAgent({ service }).com.atproto.server.describeServer();
  if (!data.inviteCodeRequired) return undefined;
  if (password === null) {
    throw new LaunchError(
      "This host asks for an invite code: set ADMIN_PASSWORD, so that the demo can make one.",
    );
  }
  const headers = { authorization: adminBy(password) };
  const agent = new AtpAgent({ service });
  const made = await agent.com.atproto.server.createInviteCode(
    { useCount },
    { headers, encoding: "application/json" },
  );
  return made.data.code;
}

function signUps(service: string, domain: string, inviteCode: string | undefined): Host {
  return {
    async member(account: SeedAccount) {
      const agent = new AtpAgent({ service });
      const handle = `${account.name}${domain}`;
      const password = account.password ?? `${account.name}-password`;
      try {
        await agent.createAccount({
          handle,
          password,
          email: `${account.name}@example.test`,
          ...(inviteCode === undefined ? {} : { inviteCode }),
        });
        return { member: memberOf(agent, handle), isNew: true };
      } catch (thrown) {
        if (!isTaken(thrown)) throw thrown;
        await signIn(agent, handle, password);
        return { member: memberOf(agent, handle), isNew: false };
      }
    },
  };
}

function isTaken(thrown: unknown): boolean {
  return thrown instanceof XRPCError && /taken/i.test(`${thrown.error} ${thrown.message}`);
}

async function signIn(agent: AtpAgent, identifier: string, password: string): Promise<void> {
  try {
    await agent.login({ identifier, password });
  } catch {
    throw new LaunchError(
      `${identifier} is there already, and not from an earlier demo: its password is another one. Try DATA_DIR=.atoll-demo npm start.`,
    );
  }
}

function memberOf(agent: AtpAgent, handle: string): Member {
  return {
    did: agent.assertDid,
    handle,
    async call(nsid, { params, input, type }) {
      const options = { encoding: type ?? "application/json" };
      const answer = await agent.call(nsid, params ?? {}, input, input === undefined ? {} : options);
      return answer.data as unknown;
    },
  };
}

async function showTimeline(service: string, identifier: string, password: string): Promise<void> {
  const agent = new AtpAgent({ service });
  await agent.login({ identifier, password });
  const { data } = await agent.getTimeline({ limit: 30 });
  // A post and its reposts are separate items; clients show the first of them.
  const seen = new Set<string>();
  const fresh = data.feed.filter(({ post }) => !seen.has(post.uri) && seen.add(post.uri));
  const items = fresh.slice(0, 8).map(({ post, reason, reply }) => {
    const record = post.record as { text?: string; createdAt?: string; embed?: { $type?: string } };
    const repost = reason !== undefined && "by" in reason ? " (reposted)" : "";
    const reach = `♥ ${post.likeCount ?? 0}  ↻ ${post.repostCount ?? 0}  ↳ ${post.replyCount ?? 0}`;
    const parent = reply?.parent;
    const to =
      parent !== undefined && "author" in parent && "handle" in parent.author
        ? ` to ${nameOf(parent.author)}`
        : "";
    const embed =
      record.embed === undefined ? "" : `  [${record.embed.$type?.replace("app.bsky.embed.", "") ?? ""}]`;
    return `${nameOf(post.author)}${to}${repost}, ${ago(record.createdAt)}\n${record.text ?? ""}${embed}\n${reach}`;
  });
  note(items.join("\n\n"), `${identifier}'s timeline`);
}

function nameOf({ displayName, handle }: AppBskyActorDefs.ProfileViewBasic): string {
  return displayName ?? handle;
}

function ago(createdAt: string | undefined): string {
  const minutes = Math.round((Date.now() - Date.parse(createdAt ?? "")) / 60_000);
  return minutes < 90 ? `${minutes} min ago` : `${Math.round(minutes / 60)} h ago`;
}
