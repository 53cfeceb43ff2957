/** Members' public profiles, as the pages show them. */
import type { Did } from "@atcute/lexicons";
import type { Member } from "../identity/member.ts";
import type { Services } from "../xrpc/server/services.ts";

/** Fields are null if the member gave none; `picture` is a path on this host. */
export interface MemberProfile {
  name: string | null;
  picture: string | null;
}

const NO_PROFILE: MemberProfile = { name: null, picture: null };

/** A profile that cannot be loaded is empty. */
export async function profileOf(services: Services, did: Did): Promise<MemberProfile> {
  try {
    return await readProfile(services, did);
  } catch {
    return NO_PROFILE;
  }
}

/** Profiles in the order of the members. */
export const profilesOf = (services: Services, members: readonly Member[]): Promise<MemberProfile[]> =>
  Promise.all(members.map(({ did }) => profileOf(services, did)));

const NAME_MAX = 64;

async function readProfile(services: Services, did: Did): Promise<MemberProfile> {
  const record = await services.account(did).getRecord("app.bsky.actor.profile", "self");
  const { displayName, avatar } = (record?.value ?? {}) as {
    displayName?: unknown;
    avatar?: { ref?: { $link?: unknown } };
  };
  const name = typeof displayName === "string" ? displayName.trim().slice(0, NAME_MAX) : "";
  const cid = avatar?.ref?.$link;
  return {
    name: name === "" ? null : name,
    picture:
      typeof cid === "string"
        ? `/xrpc/com.atproto.sync.getBlob?${new URLSearchParams({ did, cid }).toString()}`
        : null,
  };
}
