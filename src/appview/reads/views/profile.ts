/** app.bsky.actor.defs: basic, plain and detailed profiles, and the viewer's relation to them. */
import type { AppBskyActorDefs, AppBskyGraphDefs } from "@atcute/bluesky";
import type { Did, GenericUri, Handle, ResourceUri } from "@atcute/lexicons";
import type { Facts, Known } from "../facts.ts";
import type { ActorFacts } from "../actor-facts.ts";
import { createdInstant, isoOf } from "../../instants.ts";
import { blobCid, textOf } from "../../../protocol/json.ts";
import { PROFILE, uriOf } from "../../uris.ts";
import { labelsOn, selfLabels } from "./labels.ts";
import type { Present } from "./present.ts";
import { blockEachOther, viewerBlocks, visibleActor } from "./rules.ts";
import type { Plain } from "./typed.ts";
import { allowedSubscriptions, viewerState } from "./viewer-state.ts";
import { statusView } from "./status.ts";

export const INVALID_HANDLE: Handle = "handle.invalid";

/**
 * Returns undefined for a hidden account. `anyway` shows it in whatever state it is (its caller refuses by
 * name).
 */
export function profileBasic(
  present: Present,
  did: Did,
  anyway = false,
): Plain<AppBskyActorDefs.ProfileViewBasic> | undefined {
  const { facts, images } = present;
  const actor = anyway ? facts.actors.get(did) : visibleActor(facts, did);
  if (actor === undefined) return undefined;
  const { profile } = actor;
  const uri = uriOf(did, PROFILE, "self");
  return {
    did,
    handle: (actor.handle as Handle | null) ?? INVALID_HANDLE,
    displayName: profile?.displayName,
    pronouns: profile?.pronouns,
    avatar: images.of("avatar", did, blobCid(profile?.avatar)),
    associated: {
      labeler: actor.selves.labeler === undefined ? undefined : true,
      chat: associatedChat(actor),
      activitySubscription: { allowSubscriptions: allowedSubscriptions(actor) },
      germ: associatedGerm(actor),
    },
    viewer: viewerState(present, did),
    labels: [...labelsOn(facts, did), ...labelsOn(facts, uri), ...selfLabels(uri, actor.profileCid, profile)],
    createdAt: createdAt(actor),
    verification: verificationState(facts, actor),
    status: statusView(present, actor),
  };
}

export function profileView(
  present: Present,
  did: Did,
  anyway = false,
): Plain<AppBskyActorDefs.ProfileView> | undefined {
  const basic = profileBasic(present, did, anyway);
  const actor = present.facts.actors.get(did);
  if (basic === undefined || actor === undefined) return undefined;
  return {
    ...basic,
    description: actor.profile?.description || undefined,
    indexedAt: actor.profileSort === null ? undefined : isoOf(actor.profileSort),
  };
}

export function profileDetailed(
  present: Present,
  did: Did,
  joinedVia: (pack: ResourceUri) => Plain<AppBskyGraphDefs.StarterPackViewBasic> | undefined,
  anyway = false,
): Plain<AppBskyActorDefs.ProfileViewDetailed> | undefined {
  const { facts, images } = present;
  const view = profileView(present, did, anyway);
  const actor = facts.actors.get(did);
  if (view === undefined || actor === undefined) return undefined;
  const { profile } = actor;
  const counts = facts.associated.get(did);
  const website = textOf(profile?.website);
  const pack = profile?.joinedViaStarterPack?.uri;
  return {
    ...view,
    website: website?.startsWith("https://") ? (website as GenericUri) : undefined,
    viewer: view.viewer && { ...view.viewer, knownFollowers: knownFollowers(present, did) },
    banner: images.of("banner", did, blobCid(profile?.banner)),
    followersCount: actor.followers,
    followsCount: actor.follows,
    postsCount: actor.posts,
    associated: {
      lists: counts?.lists ?? 0,
      feedgens: counts?.feeds ?? 0,
      starterPacks: counts?.packs ?? 0,
      labeler: actor.selves.labeler !== undefined,
      chat: associatedChat(actor),
      activitySubscription: { allowSubscriptions: allowedSubscriptions(actor) },
      germ: associatedGerm(actor),
    },
    joinedViaStarterPack: pack === undefined ? undefined : joinedVia(pack),
    pinnedPost: profile?.pinnedPost,
  };
}

/** The creation time that the profile claims. */
function createdAt({ profile }: ActorFacts): string | undefined {
  return profile?.createdAt === undefined ? undefined : isoOf(createdInstant(profile.createdAt));
}

function associatedChat({ selves }: ActorFacts): AppBskyActorDefs.ProfileAssociatedChat | undefined {
  const declaration = selves.chat?.record;
  if (declaration === undefined) return undefined;
  const groups = "allowGroupInvites" in declaration ? declaration.allowGroupInvites : undefined;
  return {
    allowIncoming: declaration.allowIncoming,
    allowGroupInvites: textOf(groups),
  };
}

function associatedGerm({ selves }: ActorFacts): AppBskyActorDefs.ProfileAssociatedGerm | undefined {
  const messageMe = selves.germ?.record.messageMe;
  if (messageMe === undefined) return undefined;
  return { messageMeUrl: messageMe.messageMeUrl, showButtonTo: messageMe.showButtonTo };
}

function knownFollowers(present: Present, did: Did): AppBskyActorDefs.KnownFollowers | undefined {
  const known = present.facts.knownFollowers.get(did);
  return known === undefined
    ? undefined
    : { count: known.count, followers: knownProfiles(present, did, known) };
}

/** Of the hydrated profiles, omits hidden accounts and those in a block with the viewer or the subject. */
export function knownProfiles(
  present: Present,
  subject: Did,
  { dids }: Known,
): AppBskyActorDefs.ProfileViewBasic[] {
  const { facts } = present;
  return dids.flatMap((did) => {
    if (viewerBlocks(facts, did) || blockEachOther(facts, subject, did)) return [];
    return profileBasic(present, did) ?? [];
  });
}

/**
 * A verification is valid only while handle and name are still the verified ones. Returns undefined without a
 * valid handle.
 */
function verificationState(facts: Facts, actor: ActorFacts): AppBskyActorDefs.VerificationState | undefined {
  if (actor.handle === null) return undefined;
  const impersonates = facts.labels.get(actor.did)?.impersonation === true;
  const verifications = actor.verifications.map((one) => ({
    issuer: one.issuer,
    issuerDisplayName: one.issuerName ?? undefined,
    issuerHandle: one.issuerHandle ?? undefined,
    uri: one.uri,
    isValid:
      one.displayName !== "" && one.displayName === actor.profile?.displayName && one.handle === actor.handle,
    createdAt: one.createdAt,
  }));
  const trusted = actor.trustedVerifier ? (impersonates ? "invalid" : "valid") : "none";
  if (verifications.length === 0 && trusted === "none") return undefined;
  const valid = verifications.some(({ isValid }) => isValid) && !impersonates;
  return {
    verifications,
    verifiedStatus: verifications.length === 0 ? "none" : valid ? "valid" : "invalid",
    trustedVerifierStatus: trusted,
  };
}
