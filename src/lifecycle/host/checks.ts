/** The checklist: each thing that a host needs, tested from outside as far as a Worker can. */
import { VERSION } from "./version.ts";
import { askPlc } from "../../identity/plc/request.ts";
import type { Directory } from "../../identity/directory.ts";
import { isUnset } from "../../identity/host.ts";
import { type Mailer, canMail } from "../../identity/mail/mailer.ts";
import { fetchPublic } from "../../identity/outbound.ts";
import { messageOf } from "../../protocol/log-line.ts";
import { isRefusal } from "../../protocol/refusal.ts";
import type { Bindings } from "../../protocol/stations.ts";
import { relayStatuses } from "../relays.ts";
import { type StatusServices, readFollowing } from "../status.ts";
import { type Obstacle, probeAddress, probeHandles } from "./reach.ts";

export interface CheckServices extends StatusServices {
  env: Bindings;
  directory: Directory;
  mailer: Mailer;
}

/** `well`; `ill`: it has to be mended; `unsure`: it could not be tested, or may be as it is. */
export type Health = "well" | "ill" | "unsure";

export interface Check {
  what: string;
  health: Health;
  /** The finding, in a sentence. */
  found: string;
  /** How to mend it, in words; null if there is nothing to mend. */
  mend: string | null;
}

const well = (what: string, found: string): Check => ({ what, health: "well", found, mend: null });
const ill = (what: string, found: string, mend: string): Check => ({ what, health: "ill", found, mend });
const unsure = (what: string, found: string, mend: string | null = null): Check => ({
  what,
  health: "unsure",
  found,
  mend,
});

/** Runs every check, at the same time. One that breaks is ill by itself, and takes no other with it. */
export async function checkAll(services: CheckServices): Promise<Check[]> {
  const found = await Promise.all([
    safely("Address", () => checkAddress(services)),
    ...services.host.handleDomains.map((domain) =>
      safely(`Handles that end in ${domain}`, () => checkHandles(services, domain)),
    ),
    safely("Storage for pictures", () => checkBlobs(services)),
    safely("Mail", () => checkMail(services)),
    safely("Registry of identities", () => checkRegistry(services)),
    checkRelays(services),
    safely("Index", () => checkIndex(services)),
    safely("Clock", () => checkClock(services)),
  ]);
  return [
    ...found.flat(),
    well(
      "Version",
      `This is ${VERSION}. In the project’s folder, npm run update says whether there is a newer one, what it changes and migrates, and the way back.`,
    ),
  ];
}

async function safely(what: string, run: () => Promise<Check>): Promise<Check> {
  try {
    return await run();
  } catch (thrown) {
    return ill(what, `The test itself failed: ${messageOf(thrown)}`, "Test again in a minute.");
  }
}

/** The meaning of each obstacle on Cloudflare, and how it goes away. */
const OBSTACLES: Readonly<Record<Exclude<Obstacle, "none" | "private">, { found: string; mend: string }>> = {
  unreachable: {
    found: "Nobody answers there: the name has no DNS record, or no certificate.",
    mend: "In Cloudflare’s dashboard, look at DNS, Records: the record has to be there, with its cloud orange (proxied). A new one can take some minutes. A certificate covers one level below the zone only.",
  },
  redirect: {
    found: "It leads elsewhere, and those who look handles up do not follow.",
    mend: "Remove the rule that redirects this name: look at Rules, Redirect Rules and Page Rules.",
  },
  challenge: {
    found: "It asks for a browser or a sign-in first, which no other host can pass.",
    mend: "Make an exception for this name in Security (Bot Fight Mode, Under Attack Mode, WAF rules) and in Access.",
  },
  elsewhere: {
    found: "Somebody else answers there, not this host.",
    mend: "Add a route of this name to the Worker: Workers & Pages, this Worker, Settings, Domains & Routes.",
  },
};

function verdict(what: string, obstacle: Obstacle, fine: string): Check {
  if (obstacle === "none") return well(what, fine);
  if (obstacle === "private") return unsure(what, "This name is not a public one, so it cannot be tested.");
  return ill(what, OBSTACLES[obstacle].found, OBSTACLES[obstacle].mend);
}

const proberOf = async ({ directory, host }: CheckServices) => ({
  secret: await directory.secret("JWT_SECRET"),
  local: host.local,
});

async function checkAddress(services: CheckServices): Promise<Check> {
  const { host, env } = services;
  if (isUnset(env))
    return ill("Address", "The host has no address yet.", "Give it one on the page “Its address”.");
  const obstacle = await probeAddress(host.origin, await proberOf(services));
  return verdict("Address", obstacle, `${host.origin} is this host.`);
}

export async function checkHandles(services: CheckServices, domain: string): Promise<Check> {
  const { host } = services;
  const what = `Handles that end in ${domain}`;
  if (domain.endsWith(".workers.dev") && host.hostname.endsWith(domain)) {
    return unsure(what, `Only ${host.hostname} itself can be a handle here: names below it cannot be found.`);
  }
  const obstacle = await probeHandles(domain, host.did, host.origin, await proberOf(services));
  const found = verdict(what, obstacle, "A made-up handle was found at once, with its certificate.");
  if (obstacle !== "unreachable") return found;
  return {
    ...found,
    mend: `Add a DNS record of the type AAAA, the name *${domain} and the address 100::, proxied, and a route *${domain}/.well-known/atproto-did* to this Worker.`,
  };
}

async function checkBlobs({ env }: CheckServices): Promise<Check> {
  if (env.BLOBS === undefined)
    return unsure(
      "Storage for pictures",
      "There is no R2 bucket: pictures and videos are kept in members’ own objects, 5 GB in all on the free plan.",
      "With R2 there are ten gigabytes free, and backups there: npm run deploy -- --with-r2.",
    );
  const key = `host/check/${crypto.randomUUID()}`;
  await env.BLOBS.put(key, key);
  const back = await (await env.BLOBS.get(key))?.text();
  await env.BLOBS.delete(key);
  return back === key
    ? well("Storage for pictures", "What was written came back.")
    : ill(
        "Storage for pictures",
        "What was written did not come back.",
        "Look at R2 in Cloudflare’s dashboard.",
      );
}

async function checkMail({ env }: CheckServices): Promise<Check> {
  if (canMail(env)) return unsure("Mail", "Mail is set up. Send yourself one to see whether it arrives.");
  const without = "No mail is sent. Codes wait for the owner to pass them on.";
  return unsure("Mail", without, "Set the sender, and the key of Resend or the EMAIL binding of the Worker.");
}

async function checkRegistry({ env }: CheckServices): Promise<Check> {
  const { status } = await askPlc(env, "/_health");
  return status < 500
    ? well("Registry of identities", "It answers.")
    : ill(
        "Registry of identities",
        `It answers ${status}.`,
        "New accounts have to wait until it is well again.",
      );
}

async function checkRelays({ env, host }: CheckServices): Promise<Check[]> {
  const found = await relayStatuses(env, host.hostname, undefined);
  if (found.length === 0) {
    return [unsure("Relays", "None is told of posts here, so the network sees them only by other ways.")];
  }
  return found.map(({ relay, host: known, outcome }) => {
    const what = `Relay ${new URL(relay).hostname}`;
    if (known?.status === "active" || known?.status === "idle") return well(what, "It reads this host.");
    if (known?.status !== undefined)
      return ill(what, `It calls this host “${known.status}”.`, "Ask whoever runs the relay.");
    if (outcome === undefined)
      return unsure(what, "It was not asked yet: that happens after the first post.");
    return outcome === "asked"
      ? unsure(what, "It was asked to read this host, and has not begun yet.")
      : ill(what, `It did not take the request: ${outcome}.`, "The host goes on asking by itself.");
  });
}

/** Events that may wait without a word. */
const LAG = 500;

async function checkIndex(services: CheckServices): Promise<Check> {
  if (services.env.APPVIEW !== "local") return well("Index", "Another AppView has it.");
  const index = await readFollowing(services);
  if (index.lost !== null) return ill("Index", "Some events are missing from it.", "Rebuild the index.");
  if (index.error !== null)
    return ill("Index", `It stands still: ${index.error}`, "It goes on trying by itself.");
  return index.lag > LAG
    ? unsure("Index", `${index.lag} changes wait their turn.`)
    : well("Index", index.lag === 0 ? "It is up to date." : `${index.lag} changes are on their way.`);
}

/** More (ms) than this, and tokens and signatures of others count as too old or not yet valid. */
const CLOCK_MS = 30_000;

async function checkClock({ env, host }: CheckServices): Promise<Check> {
  const origin = env.PLC_URL;
  if (origin === "") return unsure("Clock", "There is nobody outside to compare it with.");
  const before = Date.now();
  const { headers } = await fetchPublic(new URL("/_health", origin), { local: host.local }).catch(
    (thrown: unknown) => {
      if (!isRefusal(thrown)) throw thrown;
      return { headers: new Headers() };
    },
  );
  const theirs = Date.parse(headers.get("date") ?? "");
  if (Number.isNaN(theirs)) return unsure("Clock", "Nobody outside told the time.");
  const off = Math.round((theirs - (before + Date.now()) / 2) / 1000);
  return Math.abs(off) * 1000 <= CLOCK_MS
    ? well("Clock", "It goes as others’ do.")
    : ill(
        "Clock",
        `It is ${Math.abs(off)} seconds ${off > 0 ? "behind" : "ahead"}.`,
        "Set the machine’s clock.",
      );
}

/** Sends a mail to whoever asks. The outcome says whether it was accepted, not whether it arrived. */
export async function sendTestMail(
  { mailer, host }: CheckServices,
  to: string,
): Promise<"sent" | "not sent"> {
  return mailer.send({
    kind: "test",
    to,
    subject: `A test from ${host.hostname}`,
    text: `This mail was sent from the checklist of ${host.origin}. Mail works.`,
  });
}
