/**
 * Pages over (sort, cid, key): reads a skeleton by its cursor, shows it, and refills it where rules thinned it
 * out.
 */
import { type Cursor, parseCursor } from "../cursors.ts";
import { type Page, pageOf } from "../queries/feeds.ts";
import { pageOrder, pageValues } from "../queries/page.ts";
import type { MemberViewContext, ViewContext } from "../view-context.ts";
import { rowsOf } from "../script.ts";
import { type PageParams, fillPage } from "./fill-page.ts";

/** Reads page by page and decides when there is enough for an answer. */
type Fill = <Item>(
  reading: ViewContext,
  params: PageParams,
  fetch: (cursor: string | undefined, limit: number) => Promise<Page<Item>>,
) => Promise<Page<Item>>;

/** Reads on until the page is full, as the reference does: rules rarely remove much here. */
export const filled: Fill = async <Item>(
  { rounds }: ViewContext,
  { cursor, limit }: PageParams,
  fetch: (cursor: string | undefined, limit: number) => Promise<Page<Item>>,
): Promise<Page<Item>> => {
  const items: Item[] = [];
  let next = cursor;
  for (let round = 0; round < rounds; round++) {
    const page = await fetch(next, limit - items.length);
    items.push(...page.items);
    if (page.cursor === undefined || page.cursor === next) return { items, cursor: undefined };
    next = page.cursor;
    if (items.length >= limit) break;
  }
  return { items, cursor: next };
};

/** Fills feeds of posts to half (`fillPage`). */
export const halfFilled: Fill = fillPage;

/**
 * Reads and shows a page. `read` returns one row more than the limit if there are more; `show` returns what
 * the viewer sees of them. Refuses InvalidRequest `Malformed cursor`.
 */
export async function paged<Row extends Cursor, View>(
  reading: ViewContext,
  params: PageParams,
  read: (cursor: Cursor, limit: number) => Promise<Row[]>,
  show: (rows: Row[]) => Promise<View[]>,
  fill: Fill = filled,
): Promise<{ items: View[]; cursor?: string | undefined }> {
  const { items, cursor } = await fill<View>(reading, params, async (from, limit) => {
    const after = parseCursor(from);
    if (after === null) return { items: [], cursor: undefined };
    const page = pageOf(await read(after, limit), limit);
    return { items: page.rows.length === 0 ? [] : await show(page.rows), cursor: page.cursor };
  });
  return { items, cursor };
}

/**
 * `paged` over the viewer's private data in the directory, latest first. `select` selects all of it, with
 * `sort` and `key`; `?1` is the viewer.
 */
export const pagedOwn = <Row extends { sort: number; key: string }, View>(
  reading: MemberViewContext,
  params: PageParams,
  select: string,
  show: (rows: Row[]) => Promise<View[]>,
): Promise<{ items: View[]; cursor?: string | undefined }> =>
  paged<Row & Cursor, View>(
    reading,
    params,
    (from, limit) => {
      const page = pageOrder({ sort: "sort", cid: "''", key: "key" });
      const { directory, viewer } = reading;
      const statement = directory.prepare(`SELECT *, '' AS cid FROM (${select}) WHERE ${page}`);
      return rowsOf(directory, statement.bind(viewer, ...pageValues(from, limit)));
    },
    show,
  );
