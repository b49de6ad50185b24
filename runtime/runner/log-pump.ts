// Docker's log of one container → the attempt's stored log: follows until the container ends, then reads what is left
// until nothing is new. Only then is the log drained.

import { setTimeout as sleep } from "node:timers/promises";
import { waitContainer } from "../docker/containers.ts";
import type { Engine } from "../docker/engine.ts";
import { readLogEnd } from "../docker/log-end.ts";
import { readLog, type ReadOptions } from "../docker/log-reader.ts";
import { droppedLines } from "./engine-trouble.ts";
import { LineAssembler } from "./line-assembler.ts";
import type { LogWriter } from "./log-writer.ts";

/** A line without its end (a progress bar) is stored in pieces after this long. */
const releaseEvery = 1_000;
/**
 * Docker writes each entry by itself, and who reads them as they come is woken for every few: twice the processor time of all else
 * that is done with a log. Of one that gathers anyway the reading rests for so long, ms, after each piece: Docker waits once 270 entries
 * lie unread.
 */
const restFor = 1;
/** Docker ends a log's stream some 0.1 s before it says that the container has ended. */
const reopenAfter = 1_000;

export interface PumpOptions {
  readonly engine: Engine;
  readonly containerId: string;
  readonly writer: LogWriter;
  readonly signal: AbortSignal;
}

/**
 * Copies what the container writes as it comes; resolves when the container has ended. Where following or waiting for the end
 * fails, the other has ended too.
 */
export async function followToEnd(options: PumpOptions): Promise<void> {
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  const waiting = waitContainer(options.engine, options.containerId, signal);
  const both = [waiting, followLog({ ...options, signal }, waiting)];
  try {
    await Promise.all(both);
  } catch (error) {
    failed.abort(error);
    await Promise.allSettled(both);
    throw error;
  }
}

/**
 * Copies what the container writes as it comes, until it has `ended`. A reading that ends before was cut off: it is taken up
 * again after a pause.
 */
async function followLog(options: PumpOptions, ended: Promise<void>): Promise<void> {
  const { engine, containerId, writer } = options;
  const pace = (): Promise<void> | undefined => writer.room() ?? (writer.isLoud ? sleep(restFor) : undefined);
  const over = ended.then(() => true);
  over.catch(() => undefined); // whoever waits for the end hears of it
  do await copy(options, async (how) => readLog(engine, containerId, { ...how, pace, follow: true }));
  while (!(await Promise.race([over, sleep(reopenAfter, false, { ref: false })])));
}

/** Copies what is left after the container's end, until nothing is new. */
export async function drainLog(options: PumpOptions): Promise<void> {
  const { engine, containerId } = options;
  const readRest = async (how: Omit<ReadOptions, "follow">): Promise<void> => {
    if (!(await readLogEnd(engine, containerId, how))) await readLog(engine, containerId, { ...how, follow: false });
  };
  while ((await copy(options, readRest)) > 0);
}

/** How many entries were new. */
async function copy(
  { writer, signal }: PumpOptions,
  read: (how: Omit<ReadOptions, "follow">) => Promise<void>,
): Promise<number> {
  const assemblers = { stdout: new LineAssembler(writer.record), stderr: new LineAssembler(writer.record) };
  const { position } = writer;
  writer.reads(Object.values(assemblers));
  const release = (): void => {
    assemblers.stdout.release();
    assemblers.stderr.release();
    writer.start();
  };
  const ticker = setInterval(release, releaseEvery);
  let copied = 0;
  try {
    await read({
      position,
      signal: AbortSignal.any([signal, writer.failed]),
      take: (reader, bytes, from, to) => {
        copied += 1;
        assemblers[reader.stream].add(reader, bytes, from, to);
      },
      pace: (): Promise<void> | undefined => writer.room(),
      gap: async (from, to) => writer.line(droppedLines(from, to), `gap ${from.toISOString()}`),
    });
    release();
    await writer.flush();
    return copied;
  } finally {
    clearInterval(ticker);
  }
}
