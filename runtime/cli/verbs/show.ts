// skeduler show: one experiment with all that is known of it; why it waits, where it does.

import { checked } from "../client.ts";
import { each } from "../each.ts";
import { parseExact } from "../../experiment/exact-json.ts";
import { isEnded } from "../../experiment/states.ts";
import { jsonLine } from "../json-line.ts";
import { endOf, paintOf, ranOf } from "../experiment-columns.ts";
import { findId } from "../find.ts";
import type { Session, Verb } from "../session.ts";
import { plain } from "../text.ts";
import { ago } from "../time.ts";
import { experiment, placement, type Experiment } from "../wire.ts";

export const run: Verb["run"] = async (session, references) => {
  const { client, out, json } = session;
  let between = "";
  return each(session, references, async (reference) => {
    const text = await client.text("GET", `/experiments/${await findId(client, reference)}`);
    if (json) return out.write(jsonLine(text));
    // Metadata apart, digit for digit.
    const { metadata } = parseExact(text) as { metadata: unknown };
    await out.write(between + (await described(session, checked(experiment, text, "/experiments"), metadata)));
    between = "\n";
  });
};

async function described({ client, out }: Session, one: Experiment, metadata: unknown): Promise<string> {
  const now = Date.now();
  const { docker, attempt, result, retries, time_limit_warning: warning } = one;
  const { image, command, environment, ...options } = docker;
  const when = (time: string | null): string => (time === null ? "" : `${ago(time, now)} (${local(time)})`);
  const rows: [string, string][] = [
    ["Name", plain(one.name)],
    ["Id", one.id],
    ["Status", out.paint(one.status, paintOf(one)) + (result === null ? "" : `: ${plain(result.message)}`)],
    ["Still", stillOf(one)],
    ["Description", plain(one.description)],
    ["Owner", plain(one.owner ?? "")],
    ["Host", one.host ?? ""],
    ["GPUs", attempt === null ? "" : attempt.gpus.join(", ")],
    ["Attempt", attempt === null ? "" : `${attempt.number}${one.retried > 0 ? ` (retried ${one.retried} times)` : ""}`],
    ["Enqueued", when(one.created_at)],
    ["Started", when(one.started_at)],
    ["Ended", when(endOf(one))],
    ["Ran", ranOf(one, now)],
    ["Output", attempt?.output ?? ""],
    ["Image", plain(image)],
    ["Command", plain(command)],
    ["Environment", listed(environment)],
    ["Container", listed(options)],
    ["Resources", listed(one.resources)],
    ["Priority", one.priority === 0 ? "" : String(one.priority)],
    ["Time limit", one.time_limit ?? ""],
    ["Warning", warning === null ? "" : `${warning.signal}, ${warning.before} before`],
    [
      "Retries",
      retries === null ? "" : `${retries.count} for ${retries.on.join(", ")}; the first after ${retries.backoff}`,
    ],
    ["After", one.after.join(", ")],
    ["Notify", one.notify === null ? "" : plain(one.notify.join(", ")) || "nobody"],
    ["Group", one.group ?? ""],
    ["Metadata", metadata === null ? "" : plain(JSON.stringify(metadata))],
  ];
  if (one.status === "ENQUEUED") {
    const { position, message } = await client.get(placement, `/experiments/${one.id}/placement`);
    rows.splice(3, 0, ["Waits", `${position === null ? "" : `number ${position} in the line. `}${plain(message)}`]);
  }
  const shown = rows.filter(([, value]) => value !== "");
  const width = Math.max(...shown.map(([name]) => name.length)) + 2;
  return shown.map(([name, value]) => `${out.paint(`${name}:`.padEnd(width), "bold")}${value}\n`).join("");
}

/** What goes on after its end was decided. */
function stillOf({ status, attempt }: Experiment): string {
  if (!isEnded(status) || attempt === null || attempt.closed_at !== null) return "";
  return attempt.ended_at === null ? `being stopped on ${plain(attempt.host)}` : "its log is being completed";
}

function listed(values: Readonly<Record<string, unknown>>): string {
  return Object.entries(values)
    .map(([name, value]) => plain(`${name}=${typeof value === "string" ? value : JSON.stringify(value)}`))
    .join(" ");
}

/** "2026-11-24 15:20:07", in this machine's time. */
function local(time: string): string {
  return new Date(time).toLocaleString("sv-SE");
}
