// ls --watch: on a terminal the newest experiments that fit it, drawn anew as they change; elsewhere every experiment once, and
// again whenever it changes, a line each (of JSON, where that is asked for).

import { setTimeout as sleep } from "node:timers/promises";
import { isPassing } from "./client.ts";
import { parseExact } from "../experiment/exact-json.ts";
import { experimentColumns } from "./experiment-columns.ts";
import { pages, type ListQuery } from "./list.ts";
import { showLive } from "./live.ts";
import type { Session } from "./session.ts";
import { Table } from "./table.ts";
import { experiment, type Experiment } from "./wire.ts";

/** How often the server is asked, ms. */
const every = 2_000;
/** A change may become visible so much later than its own time says, ms: it is looked for again. */
const overlap = 10_000;

export interface WatchOptions {
  readonly limit?: number;
}

export async function watch(session: Session, query: ListQuery, options: WatchOptions): Promise<number> {
  if (!session.out.isTerminal || session.json) return changes(session, query);
  await showLive(
    session,
    {
      read: async (rows) => {
        const newest: Experiment[] = [];
        const limit = Math.min(rows - 1, options.limit ?? Infinity);
        for await (const page of pages(session.client, query, { newest: true, limit })) newest.push(...page);
        return newest.reverse();
      },
      lines: (all, rows) => {
        const table = new Table(experimentColumns(Date.now()), all, session.out);
        return [table.head(), ...all.slice(-(rows - 1)).map((one) => table.row(one))];
      },
    },
    { every },
  );
  return 0;
}

async function changes({ client, out, json }: Session, query: ListQuery): Promise<never> {
  const seen = new Map<string, string>();
  let latest: string | undefined;
  let table: Table<Experiment> | undefined;
  for (;;) {
    const since = latest === undefined ? undefined : new Date(Date.parse(latest) - overlap).toISOString();
    const text = await client
      .text("GET", "/experiments", { query: { ...query, updated_since: since } })
      .catch((error: unknown) => {
        if (since === undefined || !isPassing(error)) throw error;
        return "[]";
      });
    for (const exact of parseExact(text) as unknown[]) {
      const line = JSON.stringify(exact);
      const one = experiment.parse(JSON.parse(line));
      if (seen.get(one.id) === one.updated_at) continue;
      seen.set(one.id, one.updated_at);
      if (latest === undefined || one.updated_at > latest) latest = one.updated_at;
      if (json) await out.write(`${line}\n`);
      else {
        if (table === undefined) {
          table = new Table(experimentColumns(Date.now()), [one], out);
          await out.write(`${table.head()}\n`);
        }
        await out.write(`${table.row(one)}\n`);
      }
    }
    for (const [id, updated] of seen) if (since !== undefined && updated < since) seen.delete(id);
    await sleep(every);
  }
}
