// Before an existing `jobs` table is adopted: may we alter it? Needs ownership, membership of the owner, or superuser.
// Reads only. Refuses with the exact statement that an administrator has to run.

import type pg from "pg";
import { UserError } from "../errors.ts";

interface Standing {
  owner: string;
  me: string;
  allowed: boolean;
  thing: string;
}

/** Counts the ENQUEUED rows that would start to run once adopted; 0 where there is no table yet. */
export async function checkOwnership(client: pg.Client): Promise<number> {
  const { rows } = await client.query<Standing>(`
    select pg_get_userbyid(c.relowner) as owner, current_user as me, 'table public.jobs' as thing,
           pg_has_role(current_user, c.relowner, 'usage') as allowed
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = 'public' and c.relname = 'jobs' and c.relkind in ('r', 'p')`);
  const standing = rows[0];
  if (standing === undefined) return 0;
  if (!standing.allowed) {
    throw new UserError(
      `The ${standing.thing} belongs to ${standing.owner}; to adopt it, let an administrator run: grant ${quoted(standing.owner)} to ${quoted(standing.me)};`,
    );
  }
  const waiting = await client.query<{ count: number }>(
    "select count(*)::int as count from public.jobs where status::text = 'ENQUEUED'",
  );
  return waiting.rows[0]?.count ?? 0;
}

function quoted(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}
