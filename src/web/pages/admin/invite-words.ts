/** An invite in words. */
import type { InviteLine } from "../../admin/invite-reads.ts";

export const ownerOf = ({ owner, handle }: InviteLine): string =>
  owner === "admin" ? "By the host" : handle === null ? "By somebody who left" : `By @${handle}`;

/** @param most uses beyond these were not counted */
export function standing({ disabled, used, available, expiresAt }: InviteLine, most = Infinity): string {
  if (disabled === 1) return "stopped";
  if (used >= available) return "used up";
  if (expiresAt !== null && expiresAt < new Date().toISOString()) return "over";
  return `${used > most ? `more than ${most}` : used} of ${available} came`;
}
