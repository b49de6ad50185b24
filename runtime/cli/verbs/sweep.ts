// skeduler sweep ls, show: sweeps and how far each is. A sweep is made by verbs/enqueue.ts and cancelled by verbs/cancel.ts.

import { jsonLine } from "../json-line.ts";
import { experimentColumns } from "../experiment-columns.ts";
import { findId, shortId } from "../find.ts";
import { pages } from "../list.ts";
import type { Options, Verb } from "../session.ts";
import { printTable, type Column } from "../table.ts";
import { ago } from "../time.ts";
import { group, groups, type Experiment, type Group } from "../wire.ts";

export const ls: Verb["run"] = async ({ client, out, json, say }, _words, options: Options & { limit?: number }) => {
  const query = { limit: options.limit ?? 100 };
  if (json) {
    await out.write(jsonLine(await client.text("GET", "/groups", { query })));
    return 0;
  }
  const newest = await client.get(groups, "/groups", { query });
  if (newest.length === 0) say("There are no sweeps yet: `skeduler sweep --help`.");
  else await printTable(groupColumns(Date.now()), newest.reverse(), out);
  return 0;
};

export const show: Verb["run"] = async ({ client, out, json }, [reference = ""]) => {
  const id = await findId(client, reference, "group");
  const text = await client.text("GET", `/groups/${id}`);
  if (json) {
    await out.write(jsonLine(text));
    return 0;
  }
  await printTable(groupColumns(Date.now()), [group.parse(JSON.parse(text))], out);
  await out.write("\n");
  const all: Experiment[] = [];
  for await (const page of pages(client, { group: id })) all.push(...page);
  await printTable(experimentColumns(Date.now()), all, out);
  return 0;
};

function groupColumns(now: number): readonly Column<Group>[] {
  const good = ({ experiments, counts, failed }: Group): number =>
    experiments - failed - counts.CANCELLED - counts.RUNNING - counts.ENQUEUED;
  return [
    { title: "ID", text: (one) => shortId(one.id) },
    { title: "NAME", text: (one) => one.name, least: 10 },
    { title: "WAITING", text: (one) => String(one.counts.ENQUEUED), right: true },
    { title: "RUNNING", text: (one) => String(one.counts.RUNNING), right: true },
    { title: "GOOD", text: (one) => String(good(one)), right: true, paint: () => "green" },
    {
      title: "FAILED",
      text: (one) => String(one.failed),
      right: true,
      paint: (one) => (one.failed > 0 ? "red" : undefined),
    },
    { title: "CANCELLED", text: (one) => String(one.counts.CANCELLED), right: true, optional: 2 },
    { title: "OWNER", text: (one) => one.owner, least: 5, optional: 3 },
    { title: "ENQUEUED", text: (one) => ago(one.created_at, now), optional: 1 },
  ];
}
