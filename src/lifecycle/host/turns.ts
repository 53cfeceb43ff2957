/** Chores of which a minute of the free plan has requests for one. */

/** A step of something long. Returns whether there was one to make. */
export type Chore = () => Promise<boolean>;

/**
 * Makes the first of these steps that there is. Each minute another chore comes first, so that one that never ends,
 * such as a backup whose bucket refuses it, holds up no other.
 * @param now in milliseconds
 */
export async function takeTurns(chores: readonly Chore[], now: number): Promise<void> {
  const first = Math.floor(now / 60_000) % chores.length;
  for (const chore of [...chores.slice(first), ...chores.slice(0, first)]) if (await chore()) return;
}
