/** Lists of reports and of acts. */
import type { FC, PropsWithChildren } from "hono/jsx";
import type { LogLine, ReportLine } from "../../admin/lines.ts";
import { isMovingIn } from "../../../identity/member-list.ts";
import type { Member } from "../../../identity/member.ts";
import { day } from "../parts.tsx";
import type { DeskFrame } from "./desk-page.tsx";
import { subjectPath } from "./paths.ts";

/** `com.atproto.moderation.defs#reasonSpam` → `spam`; `tools.ozone.report.defs#reasonHarassmentTroll` → `harassment troll`. */
export const reasonWords = (type: string): string =>
  (type.split("#reason")[1] ?? "other").replaceAll(/(?<=[a-z])(?=[A-Z])/g, " ").toLowerCase();

interface ReportsProps extends DeskFrame {
  title: string;
  reports: ReportLine[];
  none: string;
}

export const Reports: FC<ReportsProps> = ({ title, reports, none, to }) => (
  <section>
    <h2>{title}</h2>
    {reports.length === 0 ? (
      <p class="lead">{none}</p>
    ) : (
      <ul class="log">
        {reports.map(({ reasonType, reason, state, createdAt, reporter, subjectDid, subjectUri }) => (
          <li>
            <a href={to(subjectPath(subjectUri ?? subjectDid))}>{reasonWords(reasonType)}</a>{" "}
            <span class={state === "open" ? "tag bad" : "tag"}>{state}</span>
            <br />
            <span class="at">
              {day(createdAt)}
              {reporter === null ? "" : `, by @${reporter}`}
            </span>
            {reason ? <p>{reason}</p> : null}
          </li>
        ))}
      </ul>
    )}
  </section>
);

/** `updateSubjectStatus` → `Update subject status`. */
const actionWords = (action: string): string => {
  const words = spaced(action);
  return words.slice(0, 1).toUpperCase() + words.slice(1);
};

const moment = (at: string): string => `${day(at)}, ${at.slice(11, 16)} UTC`;

export const Log: FC<DeskFrame & { title: string; lines: LogLine[] }> = ({ title, lines, to }) => (
  <section>
    <h2>{title}</h2>
    {lines.length === 0 ? (
      <p class="lead">Nothing yet.</p>
    ) : (
      <ul class="log">
        {lines.map(({ at, action, actor, handle, detail, subject, about }) => (
          <li>
            {actionWords(action)}{" "}
            <span class="at">
              by {handle === null ? actor : `@${handle}`}, {moment(at)}
            </span>
            {subject === null ? null : (
              <>
                <br />
                <SubjectLink subject={subject} about={about} to={to} />
              </>
            )}
            {detail === null || detail === "{}" ? null : (
              <>
                <br />
                <span class="at">{detailWords(detail)}</span>
              </>
            )}
          </li>
        ))}
      </ul>
    )}
  </section>
);

const spaced = (name: string): string => name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, " ").toLowerCase();

/** `{"takedown":{"applied":true,"ref":"SUSPEND"}}` → `applied: yes; ref: SUSPEND`. */
function detailWords(detail: string): string {
  const told = (name: string, value: unknown): string[] => {
    if (value === null || value === undefined) return [];
    if (Array.isArray(value) && value.every((each) => typeof each !== "object"))
      return [`${spaced(name)}: ${value.join(", ")}`];
    if (Array.isArray(value)) return value.flatMap((each: unknown) => told(name, each));
    if (typeof value === "object")
      return Object.entries(value).flatMap(([inner, each]: [string, unknown]) => told(inner, each));
    if (typeof value === "boolean") return [`${spaced(name)}: ${value ? "yes" : "no"}`];
    return [`${spaced(name)}: ${typeof value === "string" ? value : JSON.stringify(value)}`];
  };
  return told("", JSON.parse(detail)).join("; ");
}

type SubjectLinkProps = Pick<DeskFrame, "to"> & { subject: string; about: string | null };

const SubjectLink: FC<SubjectLinkProps> = ({ subject, about, to }) => {
  const did = /^(?:at:\/\/)?(did:[^/]+)/.exec(subject)?.[1];
  return did === undefined ? (
    <span class="at">{subject}</span>
  ) : (
    <a href={to(`/admin/members/${did}`)}>{about === null ? subject : `@${about}`}</a>
  );
};

const STANDING = { suspended: "Suspended", takendown: "Taken down" } as const;

/** The unusual facts of a member's account. */
export const Standing: FC<{ member: Member }> = ({ member }) => (
  <>
    {member.takedown === null ? null : <span class="tag bad">{STANDING[member.takedown]}</span>}
    {member.state === "deactivated" ? (
      <span class="tag">{isMovingIn(member) ? "Moving in" : "Switched off"}</span>
    ) : null}{" "}
  </>
);

type MoreProps = PropsWithChildren<Pick<DeskFrame, "to" | "here"> & { query: Record<string, string> | null }>;

/** The way to the next page of a list; nothing on the last one. */
export const More: FC<MoreProps> = ({ to, here, query, children }) =>
  query === null ? null : (
    <p class="lead">
      <a href={to(here, query)}>{children}</a>
    </p>
  );
