// A page of a list: as long as was asked for, or as its bytes allow. Names and matrices may have a megabyte each, and one text of an
// answer half a gigabyte at most.

import { z } from "zod";
import { one, type Queryable } from "./pool.ts";

/** Of a page; it has one row at least, however large that is. */
export const pageBytes = 4 * 1024 * 1024;

const row = z.object({ seq: z.number().transform(String), body: z.string() });

export interface NewestPage {
  /** JSON texts, the newest first. */
  readonly bodies: readonly string[];
  /** The last one's seq, where more may follow. */
  readonly last: string | undefined;
}

/** `rows`: an SQL query of up to `limit` rows with a seq and a body of text, the newest first. */
export async function newestPage(
  db: Queryable,
  { rows, limit, values }: { readonly rows: string; readonly limit: number; readonly values: unknown[] },
): Promise<NewestPage> {
  const found = await one(
    db,
    z.object({ read: z.number(), rows: z.array(row) }),
    `select count(*)::int as read, coalesce(json_agg(p order by p.seq desc) filter (where p.before < ${pageBytes}), '[]') as rows
       from (select r.seq, r.body, sum(octet_length(r.body)) over (order by r.seq desc rows unbounded preceding) - octet_length(r.body) as before
               from (${rows}) r) p`,
    values,
  );
  const more = found.read === limit || found.read > found.rows.length;
  return { bodies: found.rows.map(({ body }) => body), last: more ? found.rows.at(-1)?.seq : undefined };
}
