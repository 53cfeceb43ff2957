/** Names, relays and the log: what an owner looks after now and then. */
import { type RelayFinding, findings, missingMembers } from "../../lifecycle/relay-look.ts";
import { relayStatuses } from "../../lifecycle/relays.ts";
import { ModerationRoles } from "../../moderation/roles.ts";
import { releaseNames, reserveNames } from "../../xrpc/admin/names.ts";
import { MODERATORS, OWNERS } from "../../xrpc/server/role-policies.ts";
import { lineOf, wordsOf } from "../forms.ts";
import { type MissingMember, RelaysPage } from "../pages/admin/relays.tsx";
import { LogPage, NamesPage, RolesPage } from "../pages/admin/upkeep.tsx";
import { wrong } from "../problems.ts";
import { change } from "./change-settings.ts";
import { type DeskPage, shown } from "./desk.tsx";
import { type LogLine, LOG_LINES, numberIn } from "./lines.ts";
import { read, trip } from "./trip.ts";

const PAGE = 50;

export const names: DeskPage = {
  may: OWNERS,
  show: async (visit, said) => {
    const after = visit.url.searchParams.get("after") ?? undefined;
    const page = await visit.services.directory.reservedNames.list(100, after);
    return shown(visit, said, (frame) => (
      <NamesPage
        {...frame}
        words={said.fields?.get("BLOCKED_WORDS") ?? visit.services.env.BLOCKED_WORDS}
        names={page.names.map(({ name }) => name)}
        after={page.cursor ?? null}
        wanted={said.fields}
      />
    ));
  },
  steps: {
    reserve: {
      may: OWNERS,
      take: async ({ services, caller }, fields) => {
        const wanted = wordsOf(fields, "names").map((name) => name.toLowerCase());
        const odd = wanted.find((name) => !/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(name));
        if (wanted.length === 0 || wanted.length > PAGE)
          return { problem: wrong(`Please enter 1 to ${PAGE} names.`, "names"), fields };
        if (odd !== undefined)
          return { problem: wrong(`“${odd}” cannot be the first part of a handle.`, "names"), fields };
        await reserveNames(services, caller, wanted);
        return { done: "The names are kept: nobody can take them." };
      },
    },
    words: {
      may: OWNERS,
      take: (visit, fields) =>
        change(
          visit,
          { BLOCKED_WORDS: fields.get("BLOCKED_WORDS") ?? "" },
          fields,
          "Saved. Handles that members have already stay as they are; display names are hidden.",
        ),
    },
    release: {
      may: OWNERS,
      take: async ({ services, caller }, fields) => {
        await releaseNames(services, caller, [lineOf(fields, "name")]);
        return { done: "The name is free again." };
      },
    },
  },
};

/** The page of role holders. Roles are given on the members' own pages. */
export const roles: DeskPage = {
  may: OWNERS,
  show: async (visit, said) => {
    const { directory, env } = visit.services;
    const grants = await new ModerationRoles(env.DIRECTORY).list();
    const members = await directory.findAll(grants.flatMap(({ did, grantedBy }) => [did, grantedBy]));
    const handleOf = (did: string) => members.get(did)?.handle ?? null;
    const holders = grants.map((grant) => ({
      ...grant,
      handle: handleOf(grant.did),
      by: handleOf(grant.grantedBy),
    }));
    return shown(visit, said, (frame) => <RolesPage {...frame} holders={holders} />);
  },
  steps: {},
};

export const relays: DeskPage = {
  may: MODERATORS,
  show: async (visit, said) => {
    const { services } = visit;
    const { env, host } = services;
    const [statuses, found] = await Promise.all([
      relayStatuses(env, host.hostname, undefined),
      trip(env.DIRECTORY, {
        findings: read<RelayFinding>(findings(env.DIRECTORY)),
        missing: read<MissingMember>(missingMembers(env.DIRECTORY, 100)),
      }),
    ]);
    return shown(visit, said, (frame) => <RelaysPage {...frame} relays={statuses} {...found} />);
  },
  steps: {},
};

export const log: DeskPage = {
  may: MODERATORS,
  show: async (visit, said) => {
    const { searchParams } = visit.url;
    const actor = searchParams.get("actor") ?? "";
    const subject = searchParams.get("subject") ?? "";
    const before = numberIn(visit.url, "before") ?? Number.MAX_SAFE_INTEGER;
    const { results } = await visit.services.env.DIRECTORY.prepare(
      `${LOG_LINES} WHERE l.id < ?1 AND ${actor === "" ? "?2 = ''" : "l.actor = ?2"}
        AND ${subject === "" ? "?3 = ''" : "l.subject = ?3"} ORDER BY l.id DESC LIMIT ${PAGE + 1}`,
    )
      .bind(before, actor, subject)
      .all<LogLine>();
    const lines = results.slice(0, PAGE);
    const older = results.length > PAGE ? (lines.at(-1)?.id ?? null) : null;
    return shown(visit, said, (frame) => (
      <LogPage {...frame} lines={lines} actor={actor} subject={subject} older={older} />
    ));
  },
  steps: {},
};
