/** Accounts of other hosts, into the index: who they are, by document and handle, and their proved profile. */
import type { Did } from "@atcute/lexicons";
import { forgetForeign, settleForeign, standings } from "../../appview/index/foreign.ts";
import { PROFILE } from "../../appview/uris.ts";
import { type Foreigner, handleOf } from "./identity.ts";
import type { Answer } from "./records.ts";
import type { View } from "./view.ts";

const keyOf = (id: string) => `account ${id}`;

/** Whether the index has the account, by DID or handle, after it was looked up. */
export async function findAccount(view: View, id: string): Promise<boolean> {
  if (view.recall(keyOf(id)) === null) return false;
  let isFound = false;
  await view.once(keyOf(id), async () => {
    if (!view.admits()) return;
    isFound = await lookUp(view, id);
    if (!isFound) view.miss(keyOf(id));
  });
  // Another request may have found it meanwhile.
  return isFound || view.recall(keyOf(id)) !== null;
}

/** Looks at an account of the index again. */
export async function findAgain(view: View, did: Did): Promise<void> {
  if (view.admits()) await view.once(keyOf(did), async () => void (await lookUp(view, did)));
}

async function lookUp(view: View, id: string): Promise<boolean> {
  const who = await view.foreigner(id);
  if (who === null) return false;
  const [handle, profile] = await Promise.all([
    handleOf(view.services, view.asking.purse, who),
    view.recordAt(who, PROFILE, "self"),
  ]);
  // Without a look at the handle, the account would be shown as one that has none.
  return handle !== undefined && settle(view, who, handle, profile);
}

/** Returns whether there is an account to show. */
async function settle(
  { db }: View,
  who: Foreigner,
  handle: string | null,
  profile: Answer,
): Promise<boolean> {
  const { did, home } = who;
  const account = { did, handle, home, status: null, profile: null };
  switch (profile.kind) {
    case "record":
      await settleForeign(db, { ...account, profile: profile.put }, Date.now());
      return true;
    case "absent":
      await settleForeign(db, account, Date.now());
      return true;
    case "inactive":
      await settleForeign(db, { ...account, status: profile.status }, Date.now());
      return true;
    case "odd":
      // Its home, as a fresh document names it, does not know it.
      if (profile.isGone) await forget(db, did);
      return false;
    case "unknown":
      return false;
  }
}

async function forget(db: D1Database, did: Did): Promise<void> {
  const [known] = await standings(db, [did]);
  if (known !== undefined && known.home !== null) await forgetForeign(db, did);
}
