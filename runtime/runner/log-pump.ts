// Docker's log of one container → the attempt's stored log: follows until the container ends, then reads once more
// without following until nothing is new. Only then is the log drained.

import type { Engine } from "../docker/engine.ts";
import { LogGap, readLog } from "../docker/log-reader.ts";
import type { LogPosition } from "../docker/log-entries.ts";
import { LineAssembler, type ContainerRecord } from "./line-assembler.ts";
import type { LogWriter } from "./log-writer.ts";

/** A line without its end (a progress bar) is stored in pieces after this long. */
const releaseEvery = 1_000;

export interface PumpOptions {
  readonly engine: Engine;
  readonly containerId: string;
  readonly writer: LogWriter;
  readonly signal: AbortSignal;
}

/** Copies what the container writes as it comes; resolves when Docker ends the stream. */
export async function followLog(options: PumpOptions): Promise<void> {
  await copy(options, true);
}

/** Copies what is left after the container's end, until nothing is new. */
export async function drainLog(options: PumpOptions): Promise<void> {
  try {
    while ((await copy(options, false)) > 0);
  } catch (error) {
    if (!(error instanceof LogGap)) throw error;
    await options.writer.line(error.message);
  }
}

/** How many entries were new. */
async function copy({ engine, containerId, writer, signal }: PumpOptions, follow: boolean): Promise<number> {
  const assemblers = { stdout: new LineAssembler(), stderr: new LineAssembler() };
  const release = (): ContainerRecord[] =>
    [assemblers.stdout.release(), assemblers.stderr.release()].filter((record) => record !== undefined);
  let copied = 0;
  const seen: LogPosition = { ...writer.position };
  let lastRelease = Date.now();
  const ticker = setInterval(() => {
    if (Date.now() - lastRelease < releaseEvery) return;
    lastRelease = Date.now();
    // A failure to store shows at the next add or at the end.
    writer.add(release()).catch(() => undefined);
  }, releaseEvery);
  try {
    for await (const batch of readLog(engine, containerId, { follow, position: seen, signal })) {
      const records: ContainerRecord[] = [];
      for (const entry of batch) {
        const record = assemblers[entry.stream].add(entry);
        if (record !== undefined) records.push(record);
      }
      copied += batch.length;
      if (records.length > 0) await writer.add(records);
    }
    await writer.add(release());
    await writer.flush();
    return copied;
  } finally {
    clearInterval(ticker);
  }
}
