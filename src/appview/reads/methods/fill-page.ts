/**
 * Rules thin pages out. A page less than half full is filled from the next, as the reference has been
 * observed to do, up to a limit. A fuller page stays as it is: its cursor continues where it ends, and
 * another trip would cost more than it shows.
 */
import type { Page } from "../queries/feeds.ts";
import type { ViewContext } from "../view-context.ts";

export interface PageParams {
  limit: number;
  cursor?: string | undefined;
}

export async function fillPage<Item>(
  { rounds }: ViewContext,
  { cursor, limit }: PageParams,
  fetch: (cursor: string | undefined, limit: number) => Promise<Page<Item>>,
): Promise<Page<Item>> {
  const first = await fetch(cursor, limit);
  const { items } = first;
  let next = first.cursor;
  for (let round = 1; round < rounds && next !== undefined && items.length * 2 < limit; round++) {
    const previous = next;
    const page = await fetch(previous, limit - items.length);
    items.push(...page.items);
    next = page.cursor === previous ? undefined : page.cursor;
  }
  return { items, cursor: next };
}
