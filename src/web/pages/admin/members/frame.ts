/** The facts that the page of one member is made of. */
import type { MemberFacts } from "../../../admin/members/reads.ts";
import type { Fields } from "../../../forms.ts";
import type { MemberProfile } from "../../../profiles.ts";
import type { DeskFrame } from "../desk-page.tsx";

export interface MemberDetail {
  profile: MemberProfile;
  /** Whether the name has a word that the owners keep out of names. */
  nameIsHidden: boolean;
  /** Null: not known here. */
  posts: number | null;
  followers: number | null;
  written: number | null;
  records: number | null;
  blobs: number | null;
  bytes: number | null;
  appPasswords: number;
}

export interface MemberProps extends DeskFrame {
  facts: MemberFacts;
  detail: MemberDetail;
  /** Whether the reader may act upon the member: not upon their equals, nor upon themselves. */
  mayAct: boolean;
  /** The fields of a form that went wrong. */
  wanted?: Fields | undefined;
}
