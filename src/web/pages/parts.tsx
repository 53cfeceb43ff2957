/** The components that pages are made of, beside forms. */
import type { FC } from "hono/jsx";
import type { Member } from "../../identity/member.ts";
import type { Problem } from "../problems.ts";
import type { MemberProfile } from "../profiles.ts";
import type { HostWords } from "../visit.ts";
import { Icon } from "./icons.tsx";

/**
 * A problem of the whole form, which screen readers announce as soon as the page loads. A problem of one field
 * is shown there.
 */
export const ProblemNotice: FC<{ problem: Problem | null | undefined }> = ({ problem }) =>
  problem && problem.field === null ? (
    <div class="notice bad" role="alert">
      <Icon name="alert" />
      <p>
        {problem.message}{" "}
        {problem.way === undefined ? null : <a href={problem.way.href}>{problem.way.label}</a>}
      </p>
    </div>
  ) : null;

export const Done: FC<{ message: string | null | undefined }> = ({ message }) =>
  message ? (
    <div class="notice good" role="status">
      <Icon name="check" />
      <p>{message}</p>
    </div>
  ) : null;

/** A member, with their own picture and name. */
export const Person: FC<{ member: Member; profile?: MemberProfile | undefined }> = ({ member, profile }) => (
  <span class="person">
    {profile?.picture ? (
      <img class="face" src={profile.picture} alt="" width={48} height={48} />
    ) : (
      <span class="face" aria-hidden="true">
        {(profile?.name ?? member.handle).slice(0, 1).toUpperCase()}
      </span>
    )}
    <span class="words">
      {profile?.name ? (
        <>
          <b>{profile.name}</b>
          <span class="at">@{member.handle}</span>
        </>
      ) : (
        <b>@{member.handle}</b>
      )}
    </span>
  </span>
);

export const BackLink: FC<{ href: string; label: string }> = ({ href, label }) => (
  <a class="back" href={href}>
    <Icon name="back" />
    {label}
  </a>
);

/** A date such as "3 Sep 2026", independent of the reader's locale. */
export const day = (at: number | string): string =>
  new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" }).format(new Date(at));

/** The address to type where an app asks for a hosting provider: a bare name, if that is enough. */
export const HostAddress: FC<{ host: HostWords }> = ({ host }) => (
  <p class="address">
    <code>{host.origin.replace(/^https:\/\//, "")}</code>
  </p>
);

/** The addresses by which developers and other hosts find this one. */
export const HostFacts: FC<{ host: HostWords }> = ({ host }) => (
  <dl class="facts">
    <div>
      <dt>Host</dt>
      <dd>
        <code>{host.did}</code>
      </dd>
    </div>
    <div>
      <dt>XRPC</dt>
      <dd>
        <code>{host.origin}/xrpc/</code>
      </dd>
    </div>
    <div>
      <dt>Firehose</dt>
      <dd>
        <code>{host.origin.replace(/^http/, "ws")}/xrpc/com.atproto.sync.subscribeRepos</code>
      </dd>
    </div>
    <div>
      <dt>Status</dt>
      <dd>
        <a href={`${host.origin}/status`}>{host.origin}/status</a>
      </dd>
    </div>
  </dl>
);
