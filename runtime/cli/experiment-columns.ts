// How an experiment looks in a table. Pure.

import { shortId } from "./find.ts";
import type { Paint } from "./output.ts";
import type { Column } from "./table.ts";
import { span, runtime } from "./time.ts";
import type { Experiment } from "./wire.ts";

/** Whether it ended as its author wanted. */
export function succeeded({ status, result }: Pick<Experiment, "status" | "result">): boolean {
  return status === "FINISHED" && result?.exit_code === 0 && result.reason === "exited";
}

export function paintOf(one: Experiment): Paint {
  switch (one.status) {
    case "ENQUEUED":
      return "yellow";
    case "RUNNING":
      return "cyan";
    case "FINISHED":
      return succeeded(one) ? "green" : "red";
    case "CANCELLED":
      return one.result?.reason === "user" ? "grey" : "red";
    default:
      return one.status satisfies never;
  }
}

/** When its container ended, which goes on for a while after a cancel; null where it runs, or is being stopped. */
export function endOf({ ended_at, attempt }: Pick<Experiment, "ended_at" | "attempt">): string | null {
  if (ended_at === null || attempt === null) return ended_at;
  const end = attempt.ended_at ?? (attempt.closed_at === null ? null : ended_at);
  return end !== null && end < ended_at ? ended_at : end; // that of an attempt before it was enqueued again
}

/** How long it ran, or runs; "" before its start. */
export function ranOf(one: Pick<Experiment, "started_at" | "ended_at" | "attempt">, now: number): string {
  return runtime({ started_at: one.started_at, ended_at: endOf(one) }, now);
}

/** "exit 0", "oom", "time_limit"; "" where it has not ended. */
export function resultOf({ result }: Experiment): string {
  if (result === null) return "";
  return result.reason === "exited" ? `exit ${result.exit_code ?? "?"}` : result.reason;
}

function gpusOf({ attempt, resources, status }: Experiment): string {
  const held = status === "RUNNING" ? attempt?.gpus.length : undefined;
  return String(held ?? resources.gpus ?? "-");
}

export function experimentColumns(now: number): readonly Column<Experiment>[] {
  return [
    { title: "ID", text: (one) => shortId(one.id) },
    { title: "NAME", text: (one) => one.name, least: 10 },
    { title: "STATUS", text: (one) => one.status, paint: paintOf },
    { title: "RESULT", text: resultOf, paint: paintOf },
    { title: "GPUS", text: gpusOf, right: true, optional: 2 },
    { title: "HOST", text: (one) => one.host ?? "", least: 6, optional: 3 },
    { title: "OWNER", text: (one) => one.owner ?? "", least: 5, optional: 4 },
    { title: "AGE", text: (one) => span(now - Date.parse(one.created_at)), right: true, optional: 1 },
    { title: "RAN", text: (one) => ranOf(one, now), right: true, optional: 2 },
  ];
}
