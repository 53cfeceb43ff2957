/** The provider's account store: sign-ins on browsers, and what each member allowed each app. */
import type {
  Account,
  AccountStore,
  AuthorizedClientData,
  AuthorizedClients,
  DeviceAccount,
  DeviceId,
} from "@atproto/oauth-provider/store";
import { and, desc, eq, gt, inArray, or } from "drizzle-orm";
import { drizzle, type DrizzleD1Database } from "drizzle-orm/d1";
import { ALL } from "../../../schema/limits.ts";
import { oauthConsent, oauthDevice, oauthDeviceAccount } from "../../../schema/oauth.ts";
import { must } from "../../protocol/refusal.ts";
import type { MemberLookup, OAuthHost, SignInMember } from "../context.ts";
import { ONCE_MS } from "../lifetimes.ts";

type Did = Account["did"];

/** Most apps whose consent is remembered for one member; the one that asked longest ago has to ask again. */
export const CONSENTS_MAX = 500;

/** The pages do these themselves through the host's own methods; the provider never calls them. */
const byThePages = (): never => {
  throw new Error("served by the pages");
};

export class Accounts implements AccountStore {
  readonly #db: DrizzleD1Database;
  readonly #members: MemberLookup;
  readonly #host: OAuthHost;

  constructor(database: D1Database, members: MemberLookup, host: OAuthHost) {
    this.#db = drizzle(database);
    this.#members = members;
    this.#host = host;
  }

  /** Null if there is no such account, or the moderators took it down. */
  async account(did: string): Promise<Account | null> {
    const member = await this.#members.findByDid(did);
    return member === null || member.takedown !== null ? null : this.#view(member);
  }

  async getAccount(did: Did): Promise<{ account: Account; authorizedClients: AuthorizedClients }> {
    const [account, consents] = await Promise.all([this.account(did), this.#consents([did])]);
    return { account: must(account, "account"), authorizedClients: consents.get(did) ?? new Map() };
  }

  async setAuthorizedClient(did: Did, clientId: string, data: AuthorizedClientData): Promise<void> {
    const now = Date.now();
    const scopes = data.authorizedScopes.join(" ");
    const mine = eq(oauthConsent.did, did);
    const excess = this.#db
      .select({ clientId: oauthConsent.clientId })
      .from(oauthConsent)
      .where(mine)
      .orderBy(desc(oauthConsent.updatedAt), desc(oauthConsent.clientId))
      .limit(ALL)
      .offset(CONSENTS_MAX);
    await this.#db.batch([
      this.#db
        .insert(oauthConsent)
        .values({ did, clientId, scopes, createdAt: now, updatedAt: now })
        .onConflictDoUpdate({
          target: [oauthConsent.did, oauthConsent.clientId],
          set: { scopes, updatedAt: now },
        }),
      this.#db.delete(oauthConsent).where(and(mine, inArray(oauthConsent.clientId, excess))),
    ]);
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

  /** The scopes that the member allowed, by client id. */
  async consents(did: Did): Promise<AuthorizedClients> {
    return (await this.#consents([did])).get(did) ?? new Map();
  }

  /** Forgets the consent, so that the app has to ask again. */
  async withdrawConsent(did: Did, clientId: string): Promise<void> {
    await this.#db
      .delete(oauthConsent)
      .where(and(eq(oauthConsent.did, did), eq(oauthConsent.clientId, clientId)));
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
    const [members, consents] = await Promise.all([this.#members.findAll(dids), this.#consents(dids)]);
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

  async #consents(dids: readonly Did[]): Promise<Map<string, AuthorizedClients>> {
    const byDid = new Map<string, AuthorizedClients>();
    if (dids.length === 0) return byDid;
    const rows = await this.#db
      .select()
      .from(oauthConsent)
      .where(inArray(oauthConsent.did, [...dids]));
    for (const row of rows) {
      const clients = byDid.get(row.did) ?? new Map();
      byDid.set(row.did, clients.set(row.clientId, { authorizedScopes: row.scopes.split(" ") }));
    }
    return byDid;
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
