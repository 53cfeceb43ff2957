/** `com.atproto.identity.*`: resolves handles and DIDs, and changes a member's own identity. */
import {
  ComAtprotoIdentityGetRecommendedDidCredentials,
  ComAtprotoIdentityRefreshIdentity,
  ComAtprotoIdentityRequestPlcOperationSignature,
  ComAtprotoIdentityResolveDid,
  ComAtprotoIdentityResolveHandle,
  ComAtprotoIdentityResolveIdentity,
  ComAtprotoIdentitySignPlcOperation,
  ComAtprotoIdentitySubmitPlcOperation,
  ComAtprotoIdentityUpdateHandle,
} from "@atcute/atproto";
import { requestCode } from "../lifecycle/email.ts";
import { updateHandle } from "../lifecycle/handle.ts";
import { checkCode } from "../lifecycle/mailed-codes.ts";
import { signPlcOperation, submitPlcOperation } from "../lifecycle/plc.ts";
import { invalidRequest } from "../protocol/refusal.ts";
import { FULL, TAKENDOWN, anyone, member, session } from "./server/policies.ts";
import { method } from "./server/method.ts";
import { consumeForMember } from "./server/rate-limits.ts";

const untakenMember = session({ checkTakedown: true });
const ownerEvenTakendown = session({ scopes: [...FULL, TAKENDOWN] });

export const comAtprotoIdentity = [
  method(ComAtprotoIdentityResolveHandle, anyone, async ({ params: { handle }, services }) => {
    const { directory, handles, host } = services;
    const isHost = handle.toLowerCase() === host.hostname;
    // The host's own name is its labeler's, unless a member has it.
    if (isHost && (await directory.find(host.hostname)) === null) return { did: host.did };
    return { did: await handles.resolve(handle) };
  }),

  method(ComAtprotoIdentityResolveDid, anyone, async ({ params, services }) => ({
    didDoc: { ...(await services.dids.resolve(params.did)) },
  })),

  method(ComAtprotoIdentityResolveIdentity, anyone, async ({ params, services }) => {
    const { did, handle, didDoc } = await services.handles.resolveIdentity(params.identifier);
    return { did, handle, didDoc: { ...didDoc } };
  }),

  method(ComAtprotoIdentityRefreshIdentity, anyone, async ({ input, services }) => {
    const { did, handle, didDoc } = await services.handles.resolveIdentity(input.identifier, {
      fresh: true,
    });
    return { did, handle, didDoc: { ...didDoc } };
  }),

  method(ComAtprotoIdentityUpdateHandle, untakenMember, async ({ caller, headers, input, services }) => {
    await consumeForMember(services, caller.did, "handle", headers);
    await updateHandle(services, caller.did, input.handle);
  }),

  method(ComAtprotoIdentityGetRecommendedDidCredentials, member, async ({ caller, services }) => {
    const [signingKey, account, rotationKey] = await Promise.all([
      services.account(caller.did).signingKey(),
      services.directory.find(caller.did),
      services.plc.rotationKey(),
    ]);
    return {
      alsoKnownAs: account === null ? undefined : [`at://${account.handle}`],
      verificationMethods: { atproto: signingKey },
      rotationKeys: [rotationKey],
      services: {
        atproto_pds: { type: "AtprotoPersonalDataServer", endpoint: services.host.origin },
      },
    };
  }),

  method(
    ComAtprotoIdentityRequestPlcOperationSignature,
    ownerEvenTakendown,
    async ({ caller, headers, services }) => {
      await consumeForMember(services, caller.did, "plc_operation", headers);
      await requestCode(services, caller.did, "plc_operation");
    },
  ),

  method(ComAtprotoIdentitySignPlcOperation, ownerEvenTakendown, async ({ caller, input, services }) => {
    if (!input.token) {
      throw invalidRequest("email confirmation token required to sign PLC operations");
    }
    const account = await services.directory.findByDid(caller.did);
    if (account === null) throw invalidRequest("account not found");
    await checkCode(services, account, "plc_operation", input.token);
    return { operation: { ...(await signPlcOperation(services, caller.did, input)) } };
  }),

  method(ComAtprotoIdentitySubmitPlcOperation, member, ({ caller, input, services }) =>
    submitPlcOperation(services, caller.did, input.operation, services.host.origin),
  ),
];
