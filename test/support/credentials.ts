/** One credential of each kind, as an `authorization` header, for members of one host. */
import { Tokens } from "../../src/xrpc/server/tokens.ts";
import { Directory } from "../../src/identity/directory.ts";
import type { Member } from "./account-host.ts";
import { ADMIN, HOST_DID, asAdmin, bindings, join, xrpc } from "./account-host.ts";

export const CREDENTIALS = [
  "none",
  "malformed",
  "unknown scheme",
  "garbage",
  "expired",
  "refresh",
  "full",
  "app password",
  "privileged",
  "taken down",
  "service",
  "admin",
  "wrong admin",
  "owner",
  "moderator",
  "inviter",
] as const;
export type Credential = (typeof CREDENTIALS)[number];

export interface Cast {
  member: Member;
  takenDown: Member;
  /** The header for a call of this method; undefined if there is none. */
  header(credential: Credential, nsid: string): Promise<string | undefined>;
}

const HOUR = 60 * 60 * 1000;

export async function castOf(): Promise<Cast> {
  const member = await join();
  const takenDown = await join();
  const subject = { $type: "com.atproto.admin.defs#repoRef", did: takenDown.did };
  await asAdmin("com.atproto.admin.updateSubjectStatus", { input: { subject, takedown: { applied: true } } });
  const roles = new Map<Credential, string>();
  for (const role of ["owner", "moderator", "inviter"] as const) {
    const { did, auth } = await join();
    await asAdmin("internal.atoll.admin.grantRole", { input: { did, role } });
    roles.set(role, auth);
  }
  const past = new Tokens(
    HOST_DID,
    () => new Directory(bindings).secret("JWT_SECRET"),
    () => Date.now() - 3 * HOUR,
  );
  const fixed: Partial<Record<Credential, string | undefined>> = {
    none: undefined,
    malformed: "Bearer two words",
    "unknown scheme": "Negotiate abc",
    garbage: "Bearer garbage",
    refresh: member.refresh,
    expired: `Bearer ${await past.issueAccess(member.did, "com.atproto.access")}`,
    full: member.auth,
    "app password": await appPassword(member, false),
    privileged: await appPassword(member, true),
    "taken down": await session({
      identifier: takenDown.did,
      password: takenDown.password,
      allowTakendown: true,
    }),
    admin: ADMIN,
    "wrong admin": `Basic ${btoa("admin:wrong")}`,
    ...Object.fromEntries(roles),
  };
  return {
    member,
    takenDown,
    async header(credential, nsid) {
      if (credential === "service") return serviceToken(member, nsid);
      // The methods that consume a refresh token get a new one each time.
      if (credential === "refresh" && /\.(refresh|delete)Session$/.test(nsid)) {
        return session({ identifier: member.did, password: member.password }, "refreshJwt");
      }
      return fixed[credential];
    },
  };
}

async function session(input: object, token = "accessJwt"): Promise<string> {
  const { body } = await xrpc("com.atproto.server.createSession", { input });
  return `Bearer ${String(body[token])}`;
}

async function appPassword({ auth, did }: Member, privileged: boolean): Promise<string> {
  const input = { name: privileged ? "privileged" : "plain", privileged };
  const { body } = await xrpc("com.atproto.server.createAppPassword", { auth, input });
  return session({ identifier: did, password: body.password });
}

/**
 * Signed by the member's own key, as the member's PDS would sign it for another service. Here that service is
 * this host.
 */
export async function serviceToken({ did }: Pick<Member, "did">, lxm: string): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const token = await bindings.ACCOUNT.getByName(did).signServiceJwt({
    iss: did,
    aud: HOST_DID,
    lxm,
    iat: now,
    exp: now + 60,
  });
  return `Bearer ${token}`;
}
