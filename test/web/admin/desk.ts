/** People at the admin's desk: one of each role, signed in on browsers of their own. */
import type { Role } from "../../../src/moderation/roles.ts";
import { type Member, asAdmin, bindings, join } from "../../support/account-host.ts";
import { Visitor } from "../../support/visitor.ts";

export interface Holder {
  member: Member;
  visitor: Visitor;
}

export async function signedIn(): Promise<Holder> {
  const member = await join();
  const visitor = new Visitor();
  await visitor.signIn(member.handle, member.password);
  return { member, visitor };
}

export async function holderOf(role: Role): Promise<Holder> {
  const holder = await signedIn();
  await asAdmin("internal.atoll.admin.grantRole", { input: { did: holder.member.did, role } });
  return holder;
}

const ARCHIVE = { did: "did:plc:archivedarchivedarchived", madeAt: 1_790_000_000_000 };

/** An archive, for the pages that are about one. */
export async function plantArchive(): Promise<void> {
  const { did, madeAt } = ARCHIVE;
  await bindings.BLOBS.put(`kept/${did}/${madeAt}.car`, "bytes");
  await bindings.DIRECTORY.prepare(
    `INSERT OR REPLACE INTO archive (did, made_at, handle, key, until, actor, rev, bytes, cid, files, file_bytes)
      VALUES (?1, ?2, 'gone.test', ?3, '2999-01-01', 'admin', '3', 5, 'x', 0, 0)`,
  )
    .bind(did, madeAt, `kept/${did}/${madeAt}.car`)
    .run();
}

/** What pages are about, where it is not a member. */
export const ABOUT: Readonly<Record<string, string>> = {
  "/admin/settings/*": "look",
  "/admin/mail/*": "invite",
  "/admin/archives/*": `${ARCHIVE.did}:${ARCHIVE.madeAt}`,
};
