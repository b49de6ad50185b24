// The end of an attempt's log, for a message: what the program wrote last, as a terminal would show it.

import { stripVTControlCharacters } from "node:util";
import type { Pool } from "../database/pool.ts";
import { readLogState } from "../database/statements/read-log.ts";
import { offsetOf, readRange } from "../logs/read.ts";
import { parseView, total } from "../logs/view.ts";
import type { Notice } from "./channel.ts";

const lineCount = 10;
/** One line may be endless. */
const byteLimit = 4_096;

const view = parseView("stdout,stderr");

/** "" where the program wrote nothing, or has not ended. */
export async function lastLines(db: Pool, { status, experimentId, attempt }: Notice): Promise<string> {
  if (status === "ENQUEUED" || status === "RUNNING" || attempt === 0) return "";
  return lastLinesOf(db, experimentId, attempt, lineCount);
}

/** Of one attempt, or of the latest. */
export async function lastLinesOf(
  db: Pool,
  experimentId: string,
  attempt: number | undefined,
  lines: number,
): Promise<string> {
  const log = (await readLogState(db, experimentId, attempt))?.attempt;
  if (log === undefined || log.expired !== undefined) return "";
  const end = total(view, log.bytes);
  const start = Math.max(await offsetOf(db, log, view, { tail: lines }), end - byteLimit);
  const parts: Buffer[] = [];
  for await (const part of readRange(db, log, { view, start, end, timestamps: false })) parts.push(part);
  return shown(Buffer.concat(parts).toString());
}

/** Without colours; of a line that was overwritten by \r, what was written last. */
export function shown(text: string): string {
  const lines = stripVTControlCharacters(text)
    .split("\n")
    .map((line) => line.replace(/\r+$/, "").split("\r").at(-1) ?? "")
    .map((line) => line.replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, ""));
  return lines.join("\n").trim();
}
