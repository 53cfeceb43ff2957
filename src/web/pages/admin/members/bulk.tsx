/** Acts upon several members: the preview. */
import type { FC } from "hono/jsx";
import type { Member } from "../../../../identity/member.ts";
import { Form, Submit } from "../../form.tsx";
import { type DeskFrame, DeskPage } from "../desk-page.tsx";
import { Standing } from "../lines.tsx";

export const BULK_ACTS = [
  ["suspend", "Suspend"],
  ["restore", "Restore"],
  ["invites-off", "Stop their invites"],
] as const;

export type BulkAct = (typeof BULK_ACTS)[number][0];

const SENTENCES: Record<BulkAct, string> = {
  suspend: "These accounts are suspended: nobody sees them, until somebody restores them.",
  restore: "These accounts are back, as they were.",
  "invites-off": "These members make no more invites.",
};

export const BulkPage: FC<DeskFrame & { act: BulkAct; people: Member[] }> = ({ act, people, ...frame }) => (
  <DeskPage
    {...frame}
    title={people.length === 1 ? "One member" : `${people.length} members`}
    lead={SENTENCES[act]}
    back={{ path: "/admin/members", label: "Members, and change nothing" }}
  >
    <Form
      {...frame.sender}
      step="apply"
      carried={{ act, ...Object.fromEntries(people.map(({ did }) => [did, "yes"])) }}
    >
      <ul class="log">
        {people.map((member) => (
          <li>
            @{member.handle} <Standing member={member} />
          </li>
        ))}
      </ul>
      <Submit weight={act === "suspend" ? "grave" : "first"}>
        {BULK_ACTS.find(([name]) => name === act)?.[1]}
      </Submit>
    </Form>
  </DeskPage>
);
