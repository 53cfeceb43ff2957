/**
 * Mail about reports. Moderators learn that some are waiting, or requests to join: soon after the first one, and
 * then once an hour at most.
 * Reporters learn what came of theirs, if the moderators want them to.
 */
import type { Did } from "@atcute/lexicons";
import { Directory } from "../identity/directory.ts";
import type { Host } from "../identity/host.ts";
import { HostTasks } from "../identity/host-tasks.ts";
import { type MailBindings, type Mailer, mailerOf } from "../identity/mail/mailer.ts";
import type { SecretBindings } from "../identity/secrets.ts";
import { JoinRequests } from "../moderation/join-requests.ts";
import { ModerationReports } from "../moderation/reports.ts";
import { ModerationRoles, type RoleGrant } from "../moderation/roles.ts";
import { logLine } from "../protocol/log-line.ts";
import type { Settings } from "../protocol/settings/list.ts";

export interface TellingServices {
  directory: Pick<Directory, "findAll">;
  mailer: Mailer;
  host: Host;
  env: Pick<Settings, "HOST_NAME" | "MAIL_LANGUAGE">;
}

const HOUR = 60 * 60 * 1000;

type AddressBindings = SecretBindings & Pick<Settings, "CONTACT_EMAIL">;

type ReportBindings = AddressBindings & MailBindings & Pick<Settings, "PUBLIC_URL" | "HOST_NAME">;

/**
 * Mails every member with the role of owner or moderator, or the host's contact if there is none, if reports
 * or requests to join came in since the last such mail. For the Worker's schedule, and for after a report: may be called as often
 * as one likes.
 */
export async function tellModerators(
  env: ReportBindings,
  clock: () => number = Date.now,
  mailer: Mailer = mailerOf(env),
): Promise<void> {
  // Taken before the count, so that a report which comes in meanwhile counts next time.
  const now = clock();
  const tasks = new HostTasks(env.DIRECTORY, () => now);
  const since = await tasks.begunAt("tell moderators");
  const [reports, requests] = await Promise.all([
    new ModerationReports(env.DIRECTORY).open(since),
    new JoinRequests(env.DIRECTORY, clock).waiting(since),
  ]);
  const isNews = reports.recent > 0 || requests.recent > 0;
  if (!isNews || !(await tasks.begin("tell moderators", HOUR))) return;
  const addresses = await moderatorAddresses(env);
  const mail = waitingMail({ reports: reports.all, requests: requests.all }, env);
  const outcomes = await Promise.all(addresses.map((to) => mailer.send({ ...mail, kind: "reports", to })));
  if (!outcomes.includes("sent"))
    logLine("warn", "reports", { open: reports.all, requests: requests.all, told: "nobody" });
}

const moderatorAddresses = (env: AddressBindings): Promise<string[]> =>
  addressesOf(env, ({ role }) => role !== "inviter");

/** The addresses of the owners, or the host's contact if there is none. */
export const ownersOf = (env: AddressBindings): Promise<string[]> =>
  addressesOf(env, ({ role }) => role === "owner");

async function addressesOf(env: AddressBindings, isMeant: (grant: RoleGrant) => boolean): Promise<string[]> {
  const roles = await new ModerationRoles(env.DIRECTORY).list();
  const dids = roles.filter(isMeant).map(({ did }): Did => did);
  const members = await new Directory(env).findAll(dids);
  const addresses = [...members.values()].flatMap(({ email, status }) =>
    email !== null && status === "active" ? [email] : [],
  );
  return addresses.length === 0 && env.CONTACT_EMAIL !== "" ? [env.CONTACT_EMAIL] : addresses;
}

function waitingMail(
  { reports, requests }: { reports: number; requests: number },
  { HOST_NAME, PUBLIC_URL }: Pick<Settings, "PUBLIC_URL" | "HOST_NAME">,
) {
  const kinds = [
    { count: reports, one: "report", several: "reports", path: "/admin/reports" },
    { count: requests, one: "request to join", several: "requests to join", path: "/admin/requests" },
  ].filter(({ count }) => count > 0);
  const words = kinds.map(({ count, one, several }) => (count === 1 ? `1 ${one}` : `${count} ${several}`));
  const what = `${words.join(" and ")} ${reports + requests === 1 ? "is" : "are"}`;
  const host = HOST_NAME || (URL.parse(PUBLIC_URL)?.hostname ?? "your host");
  return {
    subject: `${what} waiting at ${host}`,
    text: `Hello,

${what} waiting for a moderator at ${host}. You get this mail as an owner, a moderator or the
contact of that host, once an hour at most.

${kinds.map(({ path }) => `    ${PUBLIC_URL}${path}\n`).join("")}`,
  };
}

/** Reporters of one decision who are told, at most. */
const TOLD_MAX = 20;

interface Outcome {
  /** The DID of the account that was reported, or whose post was. */
  subject: string;
  /** The handle of that account; null if it lives elsewhere. */
  handle: string | null;
  acted: boolean;
}

interface OutcomeWords {
  subject: string;
  about: string;
  outcome: string;
}

/** `whom`: whose account or post it was. */
const OUTCOME: Record<
  Settings["MAIL_LANGUAGE"],
  (community: string, whom: string | null, acted: boolean) => Record<"appeal" | "report", OutcomeWords>
> = {
  en: (community, whom, acted) => ({
    appeal: {
      subject: `Your appeal at ${community}`,
      about: `you asked the moderators of ${community} to look once more at what they decided about your account.`,
      outcome: acted ? "They changed it." : "They looked at it again, and it stays as it is.",
    },
    report: {
      subject: `Your report at ${community}`,
      about: `you reported ${whom ?? "an account of another host"} to the moderators of ${community}.`,
      outcome: acted
        ? "They looked at it, and did something about it. Thank you for telling them."
        : "They looked at it, and found nothing that goes against the rules of this place. Thank you for telling them.",
    },
  }),
  de: (community, whom, acted) => ({
    appeal: {
      subject: `Dein Einspruch bei ${community}`,
      about: `du hast die Moderation von ${community} gebeten, ihre Entscheidung über dein Konto noch einmal anzusehen.`,
      outcome: acted
        ? "Sie hat sie geändert."
        : "Sie hat sie noch einmal angesehen, und es bleibt, wie es ist.",
    },
    report: {
      subject: `Deine Meldung bei ${community}`,
      about: `du hast der Moderation von ${community} ${whom ?? "ein Konto eines anderen Hosts"} gemeldet.`,
      outcome: acted
        ? "Sie hat es sich angesehen und etwas unternommen. Danke für den Hinweis."
        : "Sie hat es sich angesehen und nichts gefunden, das gegen die Regeln dieses Ortes geht. Danke für den Hinweis.",
    },
  }),
};

/** Tells the members among these reporters what came of it, without details about others. */
export async function tellReporters(
  { directory, mailer, host, env }: TellingServices,
  reporters: readonly string[],
  { subject, handle, acted }: Outcome,
): Promise<void> {
  const members = await directory.findAll(reporters.slice(0, TOLD_MAX));
  const whom = handle === null ? null : `@${handle}`;
  const words = OUTCOME[env.MAIL_LANGUAGE](env.HOST_NAME || host.hostname, whom, acted);
  const hello = env.MAIL_LANGUAGE === "de" ? "Hallo" : "Hello";
  for (const { email, did, handle: own } of members.values()) {
    if (email === null) continue;
    const { about, outcome, ...mail } = words[did === subject ? "appeal" : "report"];
    const text = `${hello} @${own},\n\n${about} ${outcome}\n`;
    await mailer.send({ subject: mail.subject, text, kind: "outcome", did, to: email });
  }
}
