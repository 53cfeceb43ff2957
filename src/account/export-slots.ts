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
  /** When it was last read, in milliseconds. An export is read block by block, so the slot keeps no list of it. */
  readAtMs: number;
  /** Ends it at its next step, and frees what it holds. */
  overflow(): void;
}

const slots = new Set<Export>();

/** Refuses NotEnoughResources (503) if all slots are taken by exports that are being read. */
export function takeSlot(taker: Export): void {
  if (slots.size >= SLOTS) {
    const longest = [...slots].reduce((one, other) => (other.readAtMs < one.readAtMs ? other : one));
    if (Date.now() - longest.readAtMs < STALLED_MS) throw tooMany();
    longest.overflow();
    slots.delete(longest);
  }
  slots.add(taker);
}

export const freeSlot = (taker: Export): boolean => slots.delete(taker);

const tooMany = () =>
  new Refusal("NotEnoughResources", "Too many exports at once, try again", 503, { "retry-after": "5" });
