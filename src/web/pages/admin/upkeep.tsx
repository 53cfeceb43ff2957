/** The pages of names, roles and the log. */
import type { FC } from "hono/jsx";
import type { LogLine } from "../../admin/lines.ts";
import type { RoleGrant } from "../../../moderation/roles.ts";
import type { Fields } from "../../forms.ts";
import { Kept, Row } from "../account/rows.tsx";
import { Field } from "../fields.tsx";
import { TextArea } from "../labelled.tsx";
import { Form, Submit } from "../form.tsx";
import { day } from "../parts.tsx";
import { capital } from "../words.ts";
import { type DeskFrame, DeskPage } from "./desk-page.tsx";
import { Log, More } from "./lines.tsx";

interface NamesProps extends DeskFrame {
  /** Words that are kept out of names. */
  words: string;
  names: string[];
  after: string | null;
  wanted?: Fields | undefined;
}

export const NamesPage: FC<NamesProps> = ({ names, after, words, wanted, ...frame }) => (
  <DeskPage
    {...frame}
    title="Names"
    lead="Handles that nobody can take. Some, such as “admin” and “www”, are nobody’s anyway."
  >
    <Form {...frame.sender} step="reserve">
      <TextArea
        name="names"
        label="Keep these names"
        hint={`The first part of a handle, such as “mayor” for mayor${frame.host.handleDomains[0] ?? ""}. One on each line, or with commas.`}
        value={wanted?.get("names")}
        problem={frame.problem}
      />
      <Submit>Keep them</Submit>
    </Form>
    <section>
      <h2>Words that are kept out of names</h2>
      <Form {...frame.sender} step="words">
        <TextArea
          name="BLOCKED_WORDS"
          label="Words"
          hint="With commas between them. No new handle has one: “spam” also keeps out “best-spam-ever”. A display name with one is not shown here; its member’s handle stands in its place."
          value={words.replaceAll(",", ", ")}
          optional
          problem={frame.problem}
        />
        <Submit weight="second">Save the words</Submit>
      </Form>
    </section>
    <section>
      <h2>Kept names</h2>
      <Kept
        {...frame.sender}
        step="release"
        does="Give it up"
        things={names.map((name) => ({ title: name, carried: { name } }))}
      />
      <More {...frame} query={after === null ? null : { after }}>
        More names
      </More>
    </section>
  </DeskPage>
);

interface RoleHolder extends RoleGrant {
  /** Null if the account is gone. */
  handle: string | null;
  /** The handle of who gave the role; null: the admin, or somebody who is gone. */
  by: string | null;
}

export const RolesPage: FC<DeskFrame & { holders: RoleHolder[] }> = ({ holders, ...frame }) => (
  <DeskPage
    {...frame}
    title="Roles"
    lead={
      <>
        To give a role, or to take it back, open the member.{" "}
        <a href={frame.to("/admin/hand-over")}>Hand the host over</a>
      </>
    }
  >
    <div class="rows">
      {holders.map(({ did, handle, role, by, grantedAt }) => (
        <Row
          href={frame.to(`/admin/members/${did}`)}
          title={handle === null ? did : `@${handle}`}
          at={`${capital(role)} since ${day(grantedAt)}, by ${by === null ? "the admin" : `@${by}`}`}
        />
      ))}
    </div>
  </DeskPage>
);

interface LogProps extends DeskFrame {
  lines: LogLine[];
  actor: string;
  subject: string;
  /** The number of the act before which the next page begins; null on the last one. */
  older: number | null;
}

export const LogPage: FC<LogProps> = ({ lines, actor, subject, older, ...frame }) => (
  <DeskPage {...frame} title="Log" lead="Who did what, and when. It holds no password, code or address.">
    <form class="find" method="get" action={frame.here} role="search">
      {frame.as === null ? null : <input type="hidden" name="as" value={frame.as} />}
      <Field name="actor" label="By (DID, or admin)" value={actor} optional maxlength={300} />
      <Field name="subject" label="About (DID or at-uri)" value={subject} optional maxlength={2000} />
      <button class="first" type="submit">
        Find
      </button>
    </form>
    <Log {...frame} title="Acts" lines={lines} />
    <More
      {...frame}
      query={
        older === null
          ? null
          : {
              before: String(older),
              ...(actor === "" ? {} : { actor }),
              ...(subject === "" ? {} : { subject }),
            }
      }
    >
      Older acts
    </More>
  </DeskPage>
);
