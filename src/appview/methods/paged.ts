/** Pages over (sort, cid): a skeleton read by its cursor, shown, and filled up where rules thinned it out. */
import { type Cursor, parseCursor } from "../cursors.ts";
import { pageOf } from "../queries/feeds.ts";
import { fillPage } from "./fill-page.ts";

export interface PageParams {
  limit: number;
  cursor?: string | undefined;
}

/**
 * `read` gives one row more than the limit where there are more; `show` what the viewer sees of them. Refuses
 * InvalidRequest `Malformed cursor`.
 */
export async function paged<Row extends { sort: number; cid: string }, View>(
  params: PageParams,
  read: (cursor: Cursor, limit: number) => Promise<Row[]>,
  show: (rows: Row[]) => Promise<View[]>,
): Promise<{ items: View[]; cursor?: string }> {
  const { items, cursor } = await fillPage<View>(params.cursor, params.limit, async (from, limit) => {
    const after = parseCursor(from);
    if (after === null) return { items: [], cursor: undefined };
    const page = pageOf(await read(after, limit), limit);
    return { items: page.rows.length === 0 ? [] : await show(page.rows), cursor: page.cursor };
  });
  return { items, ...(cursor === undefined ? {} : { cursor }) };
}
