/**
 * app.bsky.notification.registerPush and unregisterPush: forwarded to the push service that the body names,
 * signed by the member's key, as the reference's PDS does. These two methods predate `atproto-proxy`. This
 * host sends no push notifications itself.
 */
import { Refusal, invalidRequest } from "../../protocol/refusal.ts";
import type { Did } from "@atcute/lexicons";
import { serviceEndpoint } from "../../identity/did-document.ts";
import { isHostDid } from "../../identity/host.ts";
import { publicUrl } from "../../identity/outbound.ts";
import { issueServiceToken } from "../server/service-tokens.ts";
import type { Services } from "../server/services.ts";
import type { Viewer } from "../server/policies.ts";

const TIMEOUT_MS = 10_000;

interface PushCall {
  caller: Viewer;
  services: Services;
  input: { serviceDid: Did; platform: string; token: string; appId: string };
}

/**
 * Refuses MethodNotImplemented for this host itself, InvalidRequest if there is no push service,
 * UpstreamFailure.
 */
export const pushAt =
  (nsid: "app.bsky.notification.registerPush" | "app.bsky.notification.unregisterPush") =>
  async ({ caller, services, input }: PushCall): Promise<void> => {
    const { serviceDid } = input;
    if (isHostDid(services.host, serviceDid) || caller.kind === "service") {
      throw new Refusal("MethodNotImplemented", "This host does not send push notifications.", 501);
    }
    const document = await services.dids.find(serviceDid);
    // An upstream AppView sends its own push notifications.
    const [appview, fragment] = services.env.APPVIEW.split("#");
    const service = serviceDid === appview && fragment !== undefined ? `#${fragment}` : "#bsky_notif";
    const endpoint = document === null ? null : serviceEndpoint(document, service);
    if (endpoint === null) {
      throw invalidRequest(`invalid notification service details in did document: ${serviceDid}`);
    }
    const address = publicUrl(new URL(`/xrpc/${nsid}`, endpoint), services.host.local);
    const token = await issueServiceToken(services, caller.did, { aud: serviceDid, lxm: nsid });
    const reply = await fetch(address, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify(input),
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }).catch(() => {
      throw new Refusal("UpstreamFailure", "The push service could not be reached", 502);
    });
    await reply.body?.cancel();
    if (!reply.ok) throw new Refusal("UpstreamFailure", "The push service refused", 502);
  };
