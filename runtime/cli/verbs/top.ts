// skeduler top: the hosts with their GPUs and the queue, live on the whole screen; printed once where there is no terminal.

import { experimentColumns } from "../experiment-columns.ts";
import { pages } from "../list.ts";
import { showLive, type View } from "../live.ts";
import type { Output } from "../output.ts";
import type { Key } from "../screen.ts";
import type { Session, Verb } from "../session.ts";
import { Table } from "../table.ts";
import { cut, plain, plural } from "../text.ts";
import { hosts, placement, type Experiment, type Host } from "../wire.ts";
import { paintOfState } from "./hosts.ts";

/** How often the server is asked, ms. */
const every = 2_000;
/** Of the waiting, and of the ended, so many are read at most. */
const mostWaiting = 1000;
const lastEnded = 20;

interface Picture {
  readonly hosts: readonly Host[];
  readonly running: readonly Experiment[];
  readonly waiting: readonly Experiment[];
  readonly ended: readonly Experiment[];
  /** Why the first in line waits. */
  readonly why: string | undefined;
}

export const run: Verb["run"] = async (session) => {
  const { out } = session;
  if (!out.isTerminal) {
    const picture = await read(session);
    await out.write(`${lines(picture, session).join("\n")}\n`);
    return 0;
  }
  let scroll = 0;
  const view: View<Picture> = {
    read: async () => read(session),
    lines: (picture, rows) => {
      const all = lines(picture, session);
      scroll = Math.max(0, Math.min(scroll, all.length - rows));
      // The first line stays: it says what is looked at.
      return [all[0] ?? "", ...all.slice(scroll + 1, scroll + rows)];
    },
    onKey: (key, rows) => {
      scroll += scrolled(key, rows);
      return true;
    },
  };
  await showLive(session, view, { every });
  return 0;
};

function scrolled(key: Key, rows: number): number {
  switch (key) {
    case "up":
      return -1;
    case "down":
      return 1;
    case "page-up":
      return -(rows - 2);
    case "page-down":
      return rows - 2;
    case "top":
      return -Infinity;
    case "bottom":
      return Infinity;
    case "quit":
    case "interrupt":
      return 0;
    default:
      return key satisfies never;
  }
}

async function read({ client }: Session): Promise<Picture> {
  const list = async (status: string, options: { newest?: boolean; limit?: number }): Promise<Experiment[]> => {
    const all: Experiment[] = [];
    for await (const page of pages(client, { status }, options)) all.push(...page);
    return all;
  };
  const [found, running, waiting, ended] = await Promise.all([
    client.get(hosts, "/hosts"),
    list("RUNNING", {}),
    list("ENQUEUED", { limit: mostWaiting }),
    list("FINISHED,CANCELLED", { newest: true, limit: lastEnded }),
  ]);
  waiting.sort((a, b) => b.priority - a.priority); // stable: within a priority the oldest first
  const [first] = waiting;
  const why = first && (await client.get(placement, `/experiments/${first.id}/placement`));
  return { hosts: found, running, waiting, ended, why: why?.status === "ENQUEUED" ? why.message : undefined };
}

function lines(picture: Picture, { out, client }: Session): string[] {
  const now = Date.now();
  const width = out.width ?? Infinity;
  const gpus = picture.hosts.flatMap((host) => host.gpus);
  const busy = gpus.filter((gpu) => gpu.experiment !== null).length;
  const waiting = `${picture.waiting.length}${picture.waiting.length === mostWaiting ? "+" : ""} waiting`;
  const summary = [
    client.target.host.replace(/^https?:\/\//, ""),
    plural(picture.hosts.length, "host"),
    `${busy} of ${plural(gpus.length, "GPU")} busy`,
    `${picture.running.length} running`,
    waiting,
    new Date(now).toTimeString().slice(0, 8),
  ].join("  ");
  const all = [...picture.running, ...picture.waiting, ...picture.ended];
  const table = new Table(experimentColumns(now), all, out);
  const section = (title: string, rows: readonly Experiment[]): string[] =>
    rows.length === 0 ? [] : ["", out.paint(cut(title, width), "bold"), ...rows.map((one) => table.row(one))];
  return [
    out.paint(cut(summary, width).padEnd(Number.isFinite(width) ? width : 0), "inverse"),
    ...picture.hosts.map((host) => hostLine(host, out, width)),
    "",
    table.head(),
    ...section("Running", picture.running),
    ...section(picture.why === undefined ? "Waiting" : `Waiting. The first: ${plain(picture.why)}`, picture.waiting),
    ...section("Ended last", picture.ended),
  ];
}

/** "gpu-01  active  ■■■□  3/4 slots  A100": a square per GPU, filled where it is held. */
function hostLine(host: Host, out: Output, width: number): string {
  const squares = host.gpus.map(({ experiment, withheld }) =>
    experiment !== null ? out.paint("■", "cyan") : withheld !== null ? out.paint("▨", "red") : out.paint("□", "green"),
  );
  const head = `${plain(host.name).padEnd(16)} `;
  const state = out.paint(host.state.padEnd(8), paintOfState(host));
  const slots = `${host.running}/${host.slots} slots`;
  const model = [...new Set(host.gpus.map((gpu) => gpu.model))].join(", ");
  const remark = host.problem ?? host.reason ?? "";
  const bar = host.gpus.length === 0 ? "" : ` ${squares.join("")} `;
  const used = head.length + 9 + (host.gpus.length === 0 ? 0 : host.gpus.length + 2);
  return `${head}${state} ${bar}${cut(plain([slots, model, remark].filter((text) => text !== "").join("  ")), Math.max(1, width - used))}`;
}
