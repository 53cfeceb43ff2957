/** Pages that rules have thinned out are filled from the next ones, as the reference does, up to a limit. */
import type { Page } from "../queries/feeds.ts";

const REQUESTS = 10;

export async function fillPage<Item>(
  cursor: string | undefined,
  limit: number,
  fetch: (cursor: string | undefined, limit: number) => Promise<Page<Item>>,
): Promise<Page<Item>> {
  const first = await fetch(cursor, limit);
  const { items } = first;
  let next = first.cursor;
  for (let requests = 1; requests < REQUESTS && next !== undefined && items.length < limit; requests++) {
    const previous = next;
    const page = await fetch(previous, limit - items.length);
    items.push(...page.items);
    next = page.cursor === previous ? undefined : page.cursor;
  }
  return { items, cursor: next };
}
