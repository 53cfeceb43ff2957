/** The page of members. */
import type { FC } from "hono/jsx";
import type { MemberFilter } from "../../../../identity/member-list.ts";
import type { Member } from "../../../../identity/member.ts";
import type { MemberProfile } from "../../../profiles.ts";
import { Field } from "../../fields.tsx";
import { Form } from "../../form.tsx";
import { Icon } from "../../icons.tsx";
import { Person, day } from "../../parts.tsx";
import { BULK_ACTS } from "./bulk.tsx";
import { ChooseAct } from "../several.tsx";
import { type DeskFrame, DeskPage } from "../desk-page.tsx";
import { More, Standing } from "../lines.tsx";

export interface MemberList {
  search: string;
  filter: MemberFilter;
  people: { member: Member; profile: MemberProfile }[];
  /** Where the next page begins; null on the last one. */
  after: string | null;
}

export const FILTERS: readonly [MemberFilter, string][] = [
  ["all", "Newest"],
  ["suspended", "Suspended or taken down"],
  ["in", "Moving in"],
  ["out", "Switched off or moving out"],
  ["unseen", "Not seen by relays"],
];

export const MembersPage: FC<DeskFrame & { list: MemberList }> = ({ list, ...frame }) => {
  const { to, here, as } = frame;
  const { search, filter, people, after } = list;
  return (
    <DeskPage {...frame} title="Members">
      <form class="find" method="get" action={here} role="search">
        {as === null ? null : <input type="hidden" name="as" value={as} />}
        <Field
          name="q"
          label="Name, handle, e-mail address or DID"
          value={search}
          optional
          autocomplete="off"
          maxlength={200}
        />
        <button class="first" type="submit">
          Find
        </button>
      </form>
      <nav class="filters" aria-label="Which members">
        {FILTERS.map(([name, label]) => (
          <a
            href={to(here, name === "all" ? {} : { show: name })}
            aria-current={search === "" && name === filter ? "page" : undefined}
          >
            {label}
          </a>
        ))}
      </nav>
      {people.length === 0 ? (
        <p class="lead">{search === "" ? "Nobody." : `Nobody here begins with “${search}”.`}</p>
      ) : (
        <Several {...frame} people={people} />
      )}
      <More {...frame} query={after === null ? null : { show: filter, after }}>
        Older members
      </More>
      {frame.role === "owner" ? (
        <p class="lead">
          <a href={to("/admin/archives")}>Archives of deleted members</a>
        </p>
      ) : null}
    </DeskPage>
  );
};

/** The members of a page, of whom several can be chosen for one act. */
const Several: FC<DeskFrame & Pick<MemberList, "people">> = ({ people, sender, to }) => (
  <Form {...sender} step="preview">
    <div class="rows several">
      {people.map(({ member, profile }) => (
        <div>
          <input type="checkbox" name={member.did} value="yes" aria-label={`Choose @${member.handle}`} />
          <MemberRow href={to(`/admin/members/${member.did}`)} member={member} profile={profile} />
        </div>
      ))}
    </div>
    <ChooseAct name="act" acts={BULK_ACTS} />
  </Form>
);

const MemberRow: FC<{ href: string; member: Member; profile: MemberProfile }> = ({
  href,
  member,
  profile,
}) => (
  <a href={href}>
    <span class="words">
      <Person member={member} profile={profile} />
    </span>
    <span class="at">
      <Standing member={member} />
      <time datetime={member.createdAt}>{day(member.createdAt)}</time>
    </span>
    <span class="arrow">
      <Icon name="arrow" />
    </span>
  </a>
);
