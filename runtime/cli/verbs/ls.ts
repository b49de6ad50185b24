// skeduler ls: the experiments, oldest first, as they come from the server; --json hands on the server's own words.

import { UserError } from "../../errors.ts";
import { parseExact } from "../../experiment/exact-json.ts";
import { withoutBreaks } from "../json-line.ts";
import { usage } from "../exit-codes.ts";
import { experimentColumns } from "../experiment-columns.ts";
import { findId } from "../find.ts";
import { pages, type ListQuery } from "../list.ts";
import type { Options, Session, Verb } from "../session.ts";
import { Table } from "../table.ts";
import type { Experiment } from "../wire.ts";

/** So many rows decide how wide the columns are. */
const sampleLength = 1000;

interface LsOptions {
  readonly status?: string;
  readonly owner?: string;
  readonly name?: string;
  readonly group?: string;
  readonly limit?: number;
  readonly quiet?: boolean;
  readonly watch?: boolean;
}

export const run: Verb["run"] = async (session, _words, options: Options & LsOptions) => {
  if (session.json && options.quiet === true)
    throw new UserError("--json and -q: ids alone, or all as JSON? Give one of them.", { exitCode: usage });
  const query: ListQuery = {
    status: options.status,
    owner: options.owner,
    name: options.name,
    group: options.group === undefined ? undefined : await findId(session.client, options.group, "group"),
  };
  if (options.watch === true) {
    const { watch } = await import("../watch.ts");
    return watch(session, query, options);
  }
  if (session.json) await json(session, query, options.limit);
  else if (options.quiet === true) {
    for await (const page of inOrder(session, query, options.limit))
      await session.out.write(page.map(({ id }) => `${id}\n`).join(""));
  } else await table(session, query, options.limit);
  return 0;
};

/** Oldest first; of a limited list the newest. */
async function* inOrder(session: Session, query: ListQuery, limit?: number): AsyncGenerator<Experiment[]> {
  if (limit === undefined) {
    yield* pages(session.client, query);
    return;
  }
  const newest: Experiment[] = [];
  for await (const page of pages(session.client, query, { newest: true, limit })) newest.push(...page);
  yield newest.reverse();
}

async function table(session: Session, query: ListQuery, limit?: number): Promise<void> {
  const now = Date.now();
  let layout: Table<Experiment> | undefined;
  for await (const page of inOrder(session, query, limit)) {
    if (page.length === 0) continue;
    const lines: string[] = [];
    if (layout === undefined) {
      layout = new Table(experimentColumns(now), page.slice(0, sampleLength), session.out);
      lines.push(layout.head());
    }
    for (const one of page) lines.push(layout.row(one));
    await session.out.write(`${lines.join("\n")}\n`);
  }
  if (layout !== undefined) return;
  const filtered = Object.values(query).some((value) => value !== undefined);
  session.say(filtered ? "No experiment is like that." : "There are no experiments yet: `skeduler enqueue --help`.");
}

async function json({ client, out }: Session, query: ListQuery, limit?: number): Promise<void> {
  if (limit !== undefined) {
    const text = await client.text("GET", "/experiments", { query: { ...query, order: "desc", limit } });
    const newest = parseExact(text) as unknown[];
    await out.write(`${JSON.stringify(newest.reverse())}\n`);
    return;
  }
  const answer = await client.open("GET", "/experiments", { query: { ...query } });
  for await (const part of client.bytesOf(answer)) await out.write(withoutBreaks(part));
  await out.write("\n");
}
