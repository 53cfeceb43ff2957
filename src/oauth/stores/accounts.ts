/** The provider's account store: sign-ins on browsers. */
import type {
  Account,
  AccountStore,
  AuthorizedClientData,
  AuthorizedClients,
  DeviceAccount,
  DeviceId,
} from "@atproto/oauth-provider/store";
import { and, eq, gt, or } from "drizzle-orm";
import { drizzle, type DrizzleD1Database } from "drizzle-orm/d1";
import { oauthDevice, oauthDeviceAccount } from "../../../schema/oauth.ts";
import { must } from "../../protocol/refusal.ts";
import { Consents } from "./consents.ts";
import type { MemberLookup, OAuthHost, SignInMember } from "../context.ts";
import { ONCE_MS } from "../lifetimes.ts";

type Did = Account["did"];

/** The pages do these themselves through the host's own methods; the provider never calls them. */
const byThePages = (): never => {
  throw new Error("served by the pages");
};

export class Accounts implements AccountStore {
  readonly #db: DrizzleD1Database;
  readonly #members: MemberLookup;
  readonly #host: OAuthHost;
  readonly consents: Consents;

  constructor(database: D1Database, members: MemberLookup, host: OAuthHost) {
    this.#db = drizzle(database);
    this.#members = members;
    this.#host = host;
    this.consents = new Consents(database);
  }

  /** Null if there is no such account, or the moderators took it down. */
  async account(did: string): Promise<Account | null> {
    const member = await this.#members.findByDid(did);
    return member === null || member.takedown !== null ? null : this.#view(member);
  }

  async getAccount(did: Did): Promise<{ account: Account; authorizedClients: AuthorizedClients }> {
    const [account, consents] = await Promise.all([this.account(did), this.consents.of([did])]);
    return { account: must(account, "account"), authorizedClients: consents.get(did) ?? new Map() };
  }

  setAuthorizedClient(did: Did, clientId: string, data: AuthorizedClientData): Promise<void> {
    return this.consents.set(did, clientId, data);
  }

  async upsertDeviceAccount(deviceId: DeviceId, did: Did): Promise<void> {
    const now = Date.now();
    await this.#db
      .insert(oauthDeviceAccount)
      .values({ deviceId, did, remembered: true, createdAt: now, signedInAt: now })
      .onConflictDoUpdate({
        target: [oauthDeviceAccount.deviceId, oauthDeviceAccount.did],
        set: { signedInAt: now },
      });
  }

  async getDeviceAccount(deviceId: DeviceId, did: Did): Promise<DeviceAccount | null> {
    const here = await this.#list(
      and(eq(oauthDeviceAccount.deviceId, deviceId), eq(oauthDeviceAccount.did, did)),
    );
    return here[0] ?? null;
  }

  async removeDeviceAccount(deviceId: DeviceId, did: Did): Promise<void> {
    await this.#db
      .delete(oauthDeviceAccount)
      .where(and(eq(oauthDeviceAccount.deviceId, deviceId), eq(oauthDeviceAccount.did, did)));
  }

  /**
   * With `did`: the browsers where a member is signed in now. With `deviceId`: the members whom a browser
   * remembers, whom an app may find without asking.
   */
  async listDeviceAccounts(filter: { did: Did } | { deviceId: DeviceId }): Promise<DeviceAccount[]> {
    const { deviceId, did, remembered, signedInAt } = oauthDeviceAccount;
    return this.#list(
      "did" in filter
        ? and(eq(did, filter.did), or(eq(remembered, true), gt(signedInAt, Date.now() - ONCE_MS)))
        : and(eq(deviceId, filter.deviceId), eq(remembered, true)),
    );
  }

  readonly createAccount = byThePages;
  readonly authenticateAccount = byThePages;
  readonly resetPasswordRequest = byThePages;
  readonly resetPasswordConfirm = byThePages;
  readonly updateEmailRequest = byThePages;
  readonly updateEmailConfirm = byThePages;
  readonly verifyEmailRequest = byThePages;
  readonly verifyEmailConfirm = byThePages;
  readonly verifyHandleAvailability = byThePages;
  readonly updateHandle = byThePages;
  readonly deactivateAccount = byThePages;
  readonly reactivateAccount = byThePages;
  readonly deleteAccountRequest = byThePages;
  readonly deleteAccountConfirm = byThePages;

  async #list(condition: ReturnType<typeof and>): Promise<DeviceAccount[]> {
    const rows = await this.#db
      .select()
      .from(oauthDeviceAccount)
      .innerJoin(oauthDevice, eq(oauthDevice.id, oauthDeviceAccount.deviceId))
      .where(condition);
    const dids = [...new Set(rows.map((row) => row.oauth_device_account.did))];
    const [members, consents] = await Promise.all([this.#members.findAll(dids), this.consents.of(dids)]);
    return rows.flatMap(({ oauth_device: device, oauth_device_account: signedIn }) => {
      const member = members.get(signedIn.did);
      if (member === undefined || member.takedown !== null) return [];
      return {
        deviceId: device.id,
        deviceData: {
          // Only a digest of the secret is stored, and the provider never reads it: `browser.ts` checks the
          // cookie.
          sessionId: "ses-",
          lastSeenAt: new Date(device.seenAt),
          userAgent: device.userAgent,
          ipAddress: device.address,
        },
        account: this.#view(member),
        authorizedClients: consents.get(member.did) ?? new Map(),
        createdAt: new Date(signedIn.createdAt),
        updatedAt: new Date(signedIn.signedInAt),
      };
    });
  }

  #view(member: SignInMember): Account {
    const { did, handle, email } = member;
    return {
      did,
      pds: this.#host.did,
      handle,
      ...(email === null ? {} : { email, emailVerified: member.emailConfirmedAt !== null }),
      deactivated: member.state === "deactivated",
    };
  }
}
