/** The facts of an account, as hydration finds them. */
import type { Did, GenericUri, Handle, ResourceUri } from "@atcute/lexicons";
import type {
  AppBskyActorProfile,
  AppBskyActorStatus,
  AppBskyNotificationDeclaration,
  ChatBskyActorDeclaration,
} from "@atcute/bluesky";

/** A record as stored and shown. Instants are in milliseconds. */
export interface Stored<Record> {
  uri: ResourceUri;
  cid: string;
  record: Record;
  sort: number;
  indexed: number;
}

interface VerificationFacts {
  issuer: Did;
  uri: ResourceUri;
  handle: string;
  displayName: string;
  issuerHandle: Handle | null;
  issuerName: string | null;
  createdAt: string;
}

/** The shown part of com.germnetwork.declaration. */
interface GermDeclaration {
  messageMe?: { messageMeUrl: GenericUri; showButtonTo: string };
}

/** Records with the key `self`, by their short names (`self.ts`). */
interface Selves {
  labeler?: { cid: string };
  status?: Omit<Stored<AppBskyActorStatus.Main>, "uri">;
  chat?: Omit<Stored<ChatBskyActorDeclaration.Main>, "uri">;
  notification?: Omit<Stored<AppBskyNotificationDeclaration.Main>, "uri">;
  germ?: Omit<Stored<GermDeclaration>, "uri">;
}

export interface ActorFacts {
  did: Did;
  handle: string | null;
  /** The host where it lives; null: here. */
  home: string | null;
  /** When an account elsewhere was looked up last, in ms. */
  checked: number | null;
  status: string | null;
  trustedVerifier: boolean;
  profile: AppBskyActorProfile.Main | null;
  profileCid: string | null;
  profileSort: number | null;
  selves: Selves;
  followers: number;
  follows: number;
  posts: number;
  verifications: VerificationFacts[];
}
