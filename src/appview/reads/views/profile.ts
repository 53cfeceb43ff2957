/** app.bsky.actor.defs: basic, plain and detailed profiles, and the viewer's relation to them. */
import type { AppBskyActorDefs, AppBskyGraphDefs } from "@atcute/bluesky";
import type { Did, GenericUri, Handle, ResourceUri } from "@atcute/lexicons";
import type { ActorFacts, Facts, Known, Relation } from "../facts.ts";
import { createdInstant, isoOf } from "../../instants.ts";
import { blobCid, textOf } from "../../../protocol/json.ts";
import { PROFILE, STATUS, uriOf } from "../../uris.ts";
import { externalView } from "./external.ts";
import { labelsOn, selfLabels } from "./labels.ts";
import { listBasic } from "./list-basic.ts";
import type { Present } from "./present.ts";
import { blockEachOther, viewerBlocks, visibleActor } from "./rules.ts";
import type { Plain } from "./typed.ts";

export const INVALID_HANDLE: Handle = "handle.invalid";
const MINUTE = 60_000;
const SHORTEST_STATUS = 5 * MINUTE;
const LONGEST_STATUS = 240 * MINUTE;

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
      ...(actor.selves.labeler === undefined ? {} : { labeler: true }),
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
    ...(typeof groups === "string" ? { allowGroupInvites: groups } : {}),
  };
}

function associatedGerm({ selves }: ActorFacts): AppBskyActorDefs.ProfileAssociatedGerm | undefined {
  const messageMe = selves.germ?.record.messageMe;
  if (messageMe === undefined) return undefined;
  return { messageMeUrl: messageMe.messageMeUrl, showButtonTo: messageMe.showButtonTo };
}

function allowedSubscriptions({ selves }: ActorFacts): "followers" | "mutuals" | "none" {
  const allowed = selves.notification?.record.allowSubscriptions;
  if (allowed === "mutuals") return "mutuals";
  return allowed === "none" ? "none" : "followers";
}

/** Returns undefined without a viewer. For the viewer's own profile, all flags are false. */
function viewerState(present: Present, did: Did): AppBskyActorDefs.ViewerState | undefined {
  const { facts } = present;
  const relation = facts.relations.get(did);
  if (relation === undefined) return undefined;
  const muted = relation.muted || relation.mutedByList !== null;
  const blocked = viewerBlocks(facts, did);
  return {
    muted,
    mutedOnlyReposts: !muted && relation.mutedOnlyReposts,
    mutedOnlyQuoteposts: !muted && relation.mutedOnlyQuoteposts,
    mutedByList: relation.mutedByList === null ? undefined : listBasic(present, relation.mutedByList),
    blockedBy: (relation.blockedBy ?? relation.blockedByList) !== null,
    blocking: relation.blocking ?? relation.blockingByList ?? undefined,
    blockingByList:
      relation.blockingByList === null ? undefined : listBasic(present, relation.blockingByList),
    following: blocked ? undefined : (relation.following ?? undefined),
    followedBy: blocked ? undefined : (relation.followedBy ?? undefined),
    activitySubscription: subscriptionTo(facts.actors.get(did), relation),
  };
}

/** The viewer state of a blocked post's author. */
export function blockedViewerState({ facts }: Present, did: Did): AppBskyActorDefs.ViewerState | undefined {
  const relation = facts.relations.get(did);
  if (relation === undefined) return undefined;
  return {
    blockedBy: (relation.blockedBy ?? relation.blockedByList) !== null,
    blocking: relation.blocking ?? relation.blockingByList ?? undefined,
  };
}

function subscriptionTo(actor: ActorFacts | undefined, relation: Relation) {
  if (actor === undefined || relation.activitySubscription === null) return undefined;
  const allowed = allowedSubscriptions(actor);
  const follows = relation.following !== null;
  const shown =
    (allowed === "followers" && follows) ||
    (allowed === "mutuals" && follows && relation.followedBy !== null);
  return shown ? relation.activitySubscription : undefined;
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

function statusView(present: Present, actor: ActorFacts): AppBskyActorDefs.StatusView | undefined {
  const { facts } = present;
  const { status } = actor.selves;
  if (status === undefined) return undefined;
  const uri = uriOf(actor.did, STATUS, "self");
  const own = facts.viewer === actor.did;
  const hidden = facts.takedowns.has(uri);
  if (hidden && !own) return undefined;
  const { record } = status;
  const minutes = record.durationMinutes;
  const expires =
    minutes === undefined
      ? undefined
      : status.sort + Math.max(Math.min(minutes * MINUTE, LONGEST_STATUS), SHORTEST_STATUS);
  return {
    uri,
    cid: status.cid,
    record,
    status: record.status,
    embed: record.embed === undefined ? undefined : externalView(present, actor.did, record.embed),
    labels: labelsOn(facts, uri),
    expiresAt: expires === undefined ? undefined : isoOf(expires),
    isActive: expires === undefined ? undefined : expires > facts.now,
    ...(own ? { isDisabled: hidden } : {}),
  };
}
