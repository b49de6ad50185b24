// skeduler hosts: the hosts in a table; each one named, with its GPUs and who holds them.

import { sizeOf } from "../../experiment/units.ts";
import { each } from "../each.ts";
import { jsonLine } from "../json-line.ts";
import { shortId } from "../find.ts";
import type { Output, Paint } from "../output.ts";
import type { Session, Verb } from "../session.ts";
import { printTable, type Column } from "../table.ts";
import { plain } from "../text.ts";
import { span } from "../time.ts";
import { host, hosts, type Host } from "../wire.ts";

export const run: Verb["run"] = async (session, names) => {
  const { client, out, json, say } = session;
  if (names.length > 0) return each(session, names, async (name) => one(session, name));
  if (json) {
    await out.write(jsonLine(await client.text("GET", "/hosts")));
    return 0;
  }
  const all = await client.get(hosts, "/hosts");
  if (all.length === 0) say("No host is registered yet: start `skeduler runner` on one.");
  else await printTable(hostColumns, all, out);
  return 0;
};

export function paintOfState({ state, problem }: Host): Paint {
  if (state === "lost") return "red";
  return state === "active" && problem === null ? "green" : "yellow";
}

export const hostColumns: readonly Column<Host>[] = [
  { title: "NAME", text: (one) => one.name, least: 10 },
  { title: "STATE", text: (one) => one.state, paint: paintOfState },
  { title: "GPUS", text: ({ gpus }) => (gpus.length === 0 ? "-" : `${free(gpus)}/${gpus.length} free`), right: true },
  {
    title: "MODEL",
    text: ({ gpus }) => [...new Set(gpus.map(({ model }) => model))].join(", "),
    least: 8,
    optional: 2,
  },
  { title: "RUNNING", text: (one) => `${one.running}/${one.slots}`, right: true },
  { title: "CPUS", text: (one) => String(one.cpus), right: true, optional: 3 },
  { title: "MEMORY", text: (one) => sizeOf(one.memory), right: true, optional: 3 },
  { title: "LOAD", text: ({ load }) => load?.average[0]?.toFixed(1) ?? "", right: true, optional: 3 },
  { title: "HEARD", text: (one) => `${span(one.heartbeat_age * 1000)} ago`, right: true, optional: 1 },
  { title: "REMARK", text: (one) => one.problem ?? one.reason ?? "", least: 10 },
];

function free(gpus: Host["gpus"]): number {
  return gpus.filter(({ experiment, withheld }) => experiment === null && withheld === null).length;
}

async function one({ client, out, json }: Session, name: string): Promise<void> {
  const path = `/hosts/${encodeURIComponent(name)}`;
  if (json) {
    await out.write(jsonLine(await client.text("GET", path)));
    return;
  }
  const found = await client.get(host, path);
  await out.write(described(found, out));
  if (found.gpus.length > 0) await printTable(gpuColumns, found.gpus, out);
}

function described(found: Host, out: Output): string {
  const changed =
    found.changed_by === null
      ? ""
      : ` (by ${plain(found.changed_by)}${found.reason === null ? "" : `: ${plain(found.reason)}`})`;
  const lines: [string, string][] = [
    ["Host", found.name],
    ["State", out.paint(found.state, paintOfState(found)) + changed],
    ["Problem", plain(found.problem ?? "")],
    ["Heard", `${span(found.heartbeat_age * 1000)} ago, version ${found.version}`],
    ["Running", `${found.running} of ${found.slots} slots`],
    ["Has", `${found.cpus} CPUs, ${sizeOf(found.memory)}, ${found.gpus.length} GPUs`],
    ["Load", found.load === null ? "" : loadOf(found.load)],
    ["Labels", found.labels.join(" ")],
  ];
  return lines
    .filter(([, value]) => value !== "")
    .map(([title, value]) => `${out.paint(`${title}:`.padEnd(10), "bold")}${value}\n`)
    .join("");
}

function loadOf({ average, memory_available, disk_free }: NonNullable<Host["load"]>): string {
  const disk = disk_free === null ? "" : `, ${sizeOf(disk_free)} of disk free`;
  return `${average.join(" ")} (1, 5, 15 min), ${sizeOf(memory_available)} of memory available${disk}`;
}

const gpuColumns: readonly Column<Host["gpus"][number]>[] = [
  { title: "GPU", text: (gpu) => String(gpu.index), right: true },
  { title: "MODEL", text: (gpu) => gpu.model, least: 8 },
  { title: "MEMORY", text: (gpu) => sizeOf(gpu.memory), right: true },
  { title: "HELD BY", text: (gpu) => (gpu.experiment === null ? "" : shortId(gpu.experiment)) },
  { title: "WITHHELD", text: (gpu) => gpu.withheld ?? "", paint: () => "red" },
];
