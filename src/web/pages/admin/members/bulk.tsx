/** Acts upon several members: the preview. */
import type { FC } from "hono/jsx";
import type { Member } from "../../../../identity/member.ts";
import { labelOf } from "../../labelled.tsx";
import type { DeskFrame } from "../desk-page.tsx";
import { Standing } from "../lines.tsx";
import { PreviewPage } from "../several.tsx";

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
  <PreviewPage
    {...frame}
    title={people.length === 1 ? "One member" : `${people.length} members`}
    lead={SENTENCES[act]}
    back={{ path: "/admin/members", label: "Members, and change nothing" }}
    step="apply"
    act={{ name: "act", value: act, label: labelOf(BULK_ACTS, act), isGrave: act === "suspend" }}
    chosen={people.map((member) => ({
      name: member.did,
      line: (
        <>
          @{member.handle} <Standing member={member} />
        </>
      ),
    }))}
  />
);
