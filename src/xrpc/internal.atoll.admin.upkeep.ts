/** More of `internal.atoll.admin.*`: archives, blocked links, announcements and settings. */
import * as v from "@atcute/lexicons/validations";
import { Announcements } from "../lifecycle/announcements/announcements.ts";
import { Archives } from "../lifecycle/archives/archives.ts";
import { idOf } from "../moderation/audit.ts";
import { BlockedLinks } from "../moderation/blocked-links.ts";
import { invalidRequest } from "../protocol/refusal.ts";
import { announceByMail, announceByPost, stopAnnouncement } from "./admin/announcements.ts";
import { deleteAndKeep, openArchive, restoreAccount } from "./admin/archives.ts";
import { allowDomain, blockDomains } from "./admin/links.ts";
import { listSettings, updateSettings } from "./admin/settings.ts";
import { method } from "./server/method.ts";
import { anything, page, procedure } from "./server/own-schemas.ts";
import { hostOwner, moderator } from "./server/role-policies.ts";

const did = v.didString();
/** The archive's `madeAt`. */
const madeAt = v.integer();

const query = <Name extends `internal.atoll.admin.${string}`, Shape extends Parameters<typeof v.object>[0]>(
  name: Name,
  shape: Shape,
) => ({ mainSchema: v.query(name, { params: v.object(shape), output: anything }) });

const getArchive = v.query("internal.atoll.admin.getArchive", {
  params: v.object({ did, madeAt }),
  output: { type: "blob", encoding: ["application/vnd.ipld.car"] },
});

export const internalAtollUpkeep = [
  method(query("internal.atoll.admin.listArchives", page), hostOwner, async ({ params, services }) => ({
    ...(await new Archives(services.env.DIRECTORY).list(params.limit, params.cursor)),
  })),

  method({ mainSchema: getArchive }, hostOwner, async ({ caller, params, services }) => {
    const { archive, body } = await openArchive(services, caller, params.did, params.madeAt);
    const headers = { "content-type": "application/vnd.ipld.car", "content-length": String(archive.bytes) };
    return new Response(body, { headers });
  }),

  method(
    procedure("internal.atoll.admin.archiveAccount", { did, days: v.integer() }),
    hostOwner,
    async ({ caller, input, services }) => ({
      archive: await deleteAndKeep(services, caller, input.did, input.days),
    }),
  ),

  method(
    procedure("internal.atoll.admin.restoreArchive", { did, madeAt, handle: v.string() }),
    hostOwner,
    async ({ caller, input, services }) => ({ ...(await restoreAccount(services, caller, input)) }),
  ),

  method(query("internal.atoll.admin.listBlockedLinks", {}), moderator, async ({ services }) => ({
    links: await new BlockedLinks(services.env.DIRECTORY).list(),
  })),

  method(
    procedure("internal.atoll.admin.blockLinks", { domains: v.array(v.string()) }),
    moderator,
    async ({ caller, input, services }) => {
      await blockDomains(services, caller, input.domains);
      return {};
    },
  ),

  method(
    procedure("internal.atoll.admin.allowLink", { domain: v.string() }),
    moderator,
    async ({ caller, input, services }) => {
      await allowDomain(services, caller, input.domain);
      return {};
    },
  ),

  method(query("internal.atoll.admin.listAnnouncements", page), hostOwner, async ({ params, services }) => {
    const before = params.cursor === undefined ? undefined : idOf(params.cursor);
    const announcements = await new Announcements(services.env.DIRECTORY).list(params.limit, before);
    const last = announcements.at(-1);
    return last !== undefined && announcements.length === params.limit
      ? { announcements, cursor: String(last.id) }
      : { announcements };
  }),

  method(
    procedure("internal.atoll.admin.announceByPost", {
      text: v.constrain(v.string(), [v.stringLength(1), v.stringGraphemes(1, 300)]),
      facets: v.optional(v.array(v.unknown()), []),
    }),
    hostOwner,
    async ({ caller, input, services }) => ({ ...(await announceByPost(services, caller, input)) }),
  ),

  method(
    procedure("internal.atoll.admin.announceByMail", { subject: v.string(), text: v.string() }),
    hostOwner,
    async ({ caller, input, services }) => {
      await announceByMail(services, caller, input);
      return {};
    },
  ),

  method(
    procedure("internal.atoll.admin.stopAnnouncement", { id: v.integer() }),
    hostOwner,
    async ({ caller, input, services }) => {
      await stopAnnouncement(services, caller, input.id);
      return {};
    },
  ),

  method(query("internal.atoll.admin.listSettings", {}), hostOwner, ({ services }) => ({
    settings: listSettings(services),
  })),

  method(
    procedure("internal.atoll.admin.updateSettings", { settings: v.unknown() }),
    hostOwner,
    async ({ caller, input: { settings }, services }) => ({
      ...(await updateSettings(services, caller, settingsOf(settings))),
    }),
  ),
];

/** Refuses InvalidRequest for anything but an object. */
function settingsOf(value: unknown): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw invalidRequest("settings have to be an object of texts");
  return { ...value };
}
