/**
 * The exports of all accounts in this isolate, which share its memory. Each holds up to a megabyte while its
 * reader pauses, so there are only so many; one whose reader has stalled makes room for the next.
 */
import { Refusal } from "../protocol/refusal.ts";

/** Exports at the same time. */
const SLOTS = 16;
/** How long a reader may pause, in milliseconds, while others wait. */
const STALLED_MS = 5_000;

export interface Export {
  /** Ends it at its next step, and frees what it holds. */
  overflow(): void;
}

/** Running exports and when each was last read, the one that has paused longest first. */
const slots = new Map<Export, number>();

/** Refuses NotEnoughResources (503) if all slots are taken by exports that are being read. */
export function takeSlot(taker: Export): void {
  if (slots.size >= SLOTS) {
    const [longest] = slots;
    if (longest !== undefined && Date.now() - longest[1] < STALLED_MS) throw tooMany();
    longest?.[0].overflow();
    if (longest !== undefined) slots.delete(longest[0]);
  }
  slots.set(taker, Date.now());
}

/** Must be called whenever an export is read. */
export function touchSlot(taker: Export): void {
  if (slots.delete(taker)) slots.set(taker, Date.now());
}

export const freeSlot = (taker: Export): boolean => slots.delete(taker);

const tooMany = () =>
  new Refusal("NotEnoughResources", "Too many exports at once, try again", 503, { "retry-after": "5" });
