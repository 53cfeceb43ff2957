/** The questions before a move. It skips those that the command line answers. */
import { randomBytes } from "node:crypto";
import { describeServer, isBelow } from "./checks.ts";
import { findHost } from "./find-host.ts";
import { HostClient, Unreachable, refused, wordsOf } from "./host-client.ts";
import { Move, MoveStopped, folderOf, type Moving } from "./move.ts";
import { originOf } from "../dev/origin.ts";
import { directoryFor, thisHost, type Options } from "./options.ts";
import type { Screen } from "./screen.ts";

const PASSWORD_LEAST = 8;
const LOGINS = 3;

export async function planMove(options: Options, screen: Screen): Promise<Moving> {
  const own = thisHost(process.env);
  const account =
    options.account ??
    (await screen.text({ message: "Which account? Its handle or DID", by: "--account" })).replace(/^@/, "");
  const from = options.from ?? (await askFrom(account, own, options, screen));
  const to = options.to ?? (await askTo(from, own, screen));
  const plc = options.plc ?? directoryFor([from, to], own);
  const onWait = (why: string, ms: number) => screen.note(`${why}: ${Math.ceil(ms / 1000)} s`);
  const [old, there] = [new HostClient(from, { onWait }), new HostClient(to, { onWait })];
  const server = await describeServer(there);
  await signIn(old, account, options.oldPassword, "OLD_PASSWORD", screen);
  const { did, handle: oldHandle, email: oldEmail } = old.session ?? { did: "", handle: "" };
  const inviteCode =
    options.invite ??
    (server.inviteCodeRequired && !options.check
      ? await screen.text({ message: `Invite code for ${to}`, by: "--invite" })
      : undefined);
  const handle = withDomain(options.handle, server) ?? (await askHandle(oldHandle, old, server, screen));
  const email =
    options.email ?? oldEmail ?? (await screen.text({ message: "E-mail address", by: "--email" }));
  const password = options.newPassword ?? (options.check ? "" : await askPassword(to, screen));
  const folder = folderOf(options.folder, { did, from, to });
  const { rotationKey } = options;
  const own_key = rotationKey === undefined ? {} : { rotationKey };
  const state = { did, from, to, oldHandle, handle, email, plc, ...own_key, done: {}, lost: {} };
  const move = new Move(folder, state);
  return { move, old, new: there, password, inviteCode, ask: screen, report: screen };
}

async function askFrom(account: string, own: string, options: Options, screen: Screen): Promise<string> {
  const plc = options.plc ?? directoryFor([own], own);
  const found =
    (await findHost(account, plc, own)) ?? (await findHost(account, "https://plc.directory", own));
  if (found !== null) {
    screen.note(`${account} lives at ${found}.`);
    return found;
  }
  return originOf(await screen.text({ message: "At which host is it?", by: "--from", validate: isHost }));
}

/** The destination: this host for an account from elsewhere, else a host that the member names. */
async function askTo(from: string, own: string, screen: Screen): Promise<string> {
  if (from !== own) return own;
  return originOf(await screen.text({ message: "To which host?", by: "--to", validate: isHost }));
}

function isHost(value: string): string | undefined {
  try {
    originOf(value);
    return undefined;
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
}

/** Completes a bare name with the new host's first domain: zed becomes zed.example.com. */
const withDomain = (
  handle: string | undefined,
  { availableUserDomains }: { availableUserDomains: string[] },
) => (handle === undefined || handle.includes(".") ? handle : `${handle}${availableUserDomains[0] ?? ""}`);

/** A handle of the member's own domain moves along; for a handle of the old host, asks for a new one. */
async function askHandle(
  oldHandle: string,
  old: HostClient,
  server: Awaited<ReturnType<typeof describeServer>>,
  screen: Screen,
): Promise<string> {
  if (!isBelow(oldHandle, await describeServer(old))) return oldHandle;
  const [domain = ""] = server.availableUserDomains;
  const initial = `${oldHandle.split(".")[0]}${domain}`;
  return screen.text({
    message: `Handle at the new host (below ${server.availableUserDomains.join(", ")}, or a domain of your own)`,
    by: "--handle",
    initial,
    validate: (value) => (/^[\w-]+(\.[\w-]+)+$/.test(value) ? undefined : "That is no handle."),
  });
}

async function askPassword(to: string, screen: Screen): Promise<string> {
  const by = "NEW_PASSWORD";
  const suggestion = randomBytes(9).toString("base64url");
  const password = await screen.text({
    message: `A new password, for ${to} (for instance ${suggestion})`,
    by,
    secret: true,
    validate: (value) =>
      value.length < PASSWORD_LEAST ? `At least ${PASSWORD_LEAST} characters.` : undefined,
  });
  const again = await screen.text({ message: "The same again", by, secret: true });
  if (again === password) return password;
  screen.warn("These were two different passwords.");
  return askPassword(to, screen);
}

/** Signs in at the old host by the account's own password: an app password may not move an account. */
export async function signIn(
  host: HostClient,
  account: string,
  given: string | undefined,
  by: string,
  screen: Screen,
): Promise<void> {
  let factor: string | undefined;
  let password = given;
  for (let attempt = 1; ; attempt++) {
    password ??= await screen.text({ message: `Password at ${host.origin}`, by, secret: true });
    try {
      await host.login(account, password, factor);
      return;
    } catch (thrown) {
      if (thrown instanceof Unreachable || !refused(thrown)) throw thrown;
      if (thrown.error === "AuthFactorTokenRequired") {
        factor = await screen.text({ message: "The sign-in code that was mailed to you", by: "a terminal" });
        continue;
      }
      if (given !== undefined || attempt === LOGINS)
        throw new MoveStopped(`${host.origin}: ${wordsOf(thrown)}`);
      screen.warn(wordsOf(thrown));
      password = undefined;
    }
  }
}
