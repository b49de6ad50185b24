// ls --watch: on a terminal the newest experiments that fit it, drawn anew as they change; elsewhere every experiment once, of a
// limited list the newest, and again whenever one changes: a line each, of the table, of JSON, or its id alone.

import { setTimeout as sleep } from "node:timers/promises";
import { isPassing, type Ask } from "./client.ts";
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

interface Seen {
  readonly one: Experiment;
  /** Its JSON, digit for digit. */
  readonly exact: string;
}

export interface WatchOptions {
  readonly limit?: number;
  readonly quiet?: boolean;
}

export async function watch(session: Session, query: ListQuery, options: WatchOptions): Promise<number> {
  if (!session.out.isTerminal || session.json || options.quiet === true) return changes(session, query, options);
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

async function changes(
  { client, out, json }: Session,
  query: ListQuery,
  { limit, quiet }: WatchOptions,
): Promise<never> {
  const seen = new Map<string, string>();
  let latest: string | undefined;
  let table: Table<Experiment> | undefined;
  const lineOf = (one: Experiment, exact: string): string => {
    if (json) return exact;
    if (quiet === true) return one.id;
    if (table !== undefined) return table.row(one);
    table = new Table(experimentColumns(Date.now()), [one], out);
    return `${table.head()}\n${table.row(one)}`;
  };
  const ask = async (more: Ask["query"]): Promise<unknown[]> =>
    parseExact(await client.text("GET", "/experiments", { query: { ...query, ...more } })) as unknown[];
  const since = (): string | undefined => latest && new Date(Date.parse(latest) - overlap).toISOString();
  /** What was not seen as it is. */
  const fresh = (found: readonly unknown[]): Seen[] =>
    found.flatMap((value) => {
      const exact = JSON.stringify(value);
      const one = experiment.parse(JSON.parse(exact));
      if (seen.get(one.id) === one.updated_at) return [];
      seen.set(one.id, one.updated_at);
      if (latest === undefined || one.updated_at > latest) latest = one.updated_at;
      return [{ one, exact }];
    });
  const show = async (all: readonly Seen[]): Promise<void> => {
    for (const { one, exact } of all) await out.write(`${lineOf(one, exact)}\n`);
  };

  const first = limit === undefined ? await ask({}) : (await ask({ order: "desc", limit })).reverse();
  const begin = fresh(first);
  const [oldest] = begin;
  if (oldest !== undefined && first.length === limit) {
    // What is older than these and changed after the last of them did, did so before anybody watched: nothing was shown yet.
    const more = fresh(await ask({ updated_since: since() }));
    begin.push(...more.filter(({ one }) => one.created_at >= oldest.one.created_at));
  }
  await show(begin);
  for (;;) {
    await sleep(every);
    const from = since();
    const found = await ask({ updated_since: from }).catch((error: unknown) => {
      if (from === undefined || !isPassing(error)) throw error;
      return [];
    });
    await show(fresh(found));
    for (const [id, updated] of seen) if (from !== undefined && updated < from) seen.delete(id);
  }
}
