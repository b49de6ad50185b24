// What is said of a change, in plain words; each way of telling marks them up in its own manner. Pure.

import type { Notice } from "./channel.ts";

export interface Words {
  /** One sign that tells good from bad at a glance. */
  readonly mark: string;
  /** The experiment's name, on one line. */
  readonly name: string;
  /** Follows the name. */
  readonly said: string;
  /** Why, in a sentence; "" where there is nothing to add. */
  readonly why: string;
}

/** How a change is counted where many are told of at once. */
export type Outcome = "finished" | "failed" | "cancelled" | "started" | "enqueued";

const marks: Readonly<Record<Outcome, string>> = {
  finished: "✅",
  failed: "❌",
  cancelled: "⏹️",
  started: "▶️",
  enqueued: "⏳",
};

export function outcomeOf({ status, result }: Notice): Outcome {
  if (status === "ENQUEUED") return "enqueued";
  if (status === "RUNNING") return "started";
  if (status === "FINISHED") return result?.exit_code === 0 ? "finished" : "failed";
  return result?.reason === "user" ? "cancelled" : "failed";
}

export function wordsOf(notice: Notice): Words {
  const { name, result } = notice;
  const why = notice.status === "RUNNING" || outcomeOf(notice) === "finished" ? "" : (result?.message ?? "");
  return { mark: marks[outcomeOf(notice)], name: oneLine(name, 200), said: saidOf(notice), why };
}

function saidOf({ status, host, gpus, startedAt, endedAt, result, attempt }: Notice): string {
  const on = host === null ? "" : ` on ${host}`;
  switch (status) {
    case "ENQUEUED":
      return attempt === 0 ? "is enqueued" : "is enqueued again";
    case "RUNNING":
      return `is placed${on}${gpus.length === 0 ? "" : `, ${gpusOf(gpus)}`}${attempt > 1 ? `, attempt ${attempt}` : ""}`;
    case "FINISHED":
    case "CANCELLED": {
      const how = status === "CANCELLED" ? "was cancelled" : result?.exit_code === 0 ? "finished" : "failed";
      const code =
        status === "FINISHED" && result?.exit_code !== 0 ? `, exit code ${result?.exit_code ?? "unknown"}` : "";
      const took =
        startedAt === null || endedAt === null ? "" : ` after ${durationOf(endedAt.getTime() - startedAt.getTime())}`;
      return `${how}${on}${took}${gpus.length === 0 ? "" : `, ${gpusOf(gpus)}`}${code}`;
    }
    default:
      return status satisfies never;
  }
}

/** "2 × NVIDIA A100". */
function gpusOf(models: readonly string[]): string {
  const kinds = [...new Set(models)];
  return kinds.map((model) => `${models.filter((one) => one === model).length} × ${model}`).join(", ");
}

/** The two largest units: "3h 12m", "45s". */
export function durationOf(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const units = [
    [86_400, "d"],
    [3_600, "h"],
    [60, "m"],
    [1, "s"],
  ] as const;
  const first = units.findIndex(([length]) => seconds >= length);
  if (first < 0) return "0s";
  let rest = seconds;
  const parts = units.slice(first, first + 2).map(([length, unit]) => {
    const count = Math.floor(rest / length);
    rest %= length;
    return count === 0 ? "" : `${count}${unit}`;
  });
  return parts.filter((part) => part !== "").join(" ");
}

/** Without line breaks, and no longer than that. */
export function oneLine(text: string, most: number): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length <= most ? line : `${line.slice(0, most - 1).toWellFormed()}…`;
}

/** Lines of a digest: the failures first, then the newest. */
const listed = 15;

/** Many at once: how many of what, and the most telling of them. */
export function digestOf(notices: readonly Notice[]): {
  readonly head: string;
  readonly list: readonly Words[];
  readonly more: number;
} {
  const outcomes = Object.keys(marks) as Outcome[];
  const counts = outcomes.map(
    (outcome) => [outcome, notices.filter((one) => outcomeOf(one) === outcome).length] as const,
  );
  const head = counts
    .filter(([, count]) => count > 0)
    .map(([outcome, count]) => `${count} ${outcome}`)
    .join(", ");
  const newest = notices.toReversed();
  const failed = (one: Notice): boolean => outcomeOf(one) === "failed";
  const telling = [...newest.filter(failed), ...newest.filter((one) => !failed(one))].slice(0, listed);
  return {
    head: `${notices.length} changes: ${head}`,
    list: telling.map(wordsOf),
    more: notices.length - telling.length,
  };
}
