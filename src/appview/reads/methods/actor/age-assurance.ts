/**
 * app.bsky.ageassurance.getConfig, getState. A community's host checks nobody's age: it has no region with
 * rules, and clients admit everybody who is in none. The age that members declare is in their preferences.
 */
import type { AppBskyAgeassuranceGetConfig, AppBskyAgeassuranceGetState } from "@atcute/bluesky";
import type { MemberViewContext } from "../../view-context.ts";
import { rowsOf } from "../../script.ts";

export const getConfig = (): AppBskyAgeassuranceGetConfig.$output => ({ regions: [] });

export async function getState({
  directory,
  viewer,
}: MemberViewContext): Promise<AppBskyAgeassuranceGetState.$output> {
  const [account] = await rowsOf<{ created_at: string }>(
    directory,
    directory.prepare("SELECT created_at FROM account WHERE did = ?1").bind(viewer),
  );
  return {
    state: { status: "unknown", access: "unknown" },
    metadata: account === undefined ? {} : { accountCreatedAt: account.created_at },
  };
}
