// The notice of a stored chunk that carries the chunk itself, where it is small: who follows the log need not ask for it. Pure.
// `EXPERIMENT,{…}`: to a reader who knows ids alone it is a change of that experiment.

import { z } from "zod";
import { streams, type Chunk, type PerStream } from "./chunk-format.ts";
import type { StoredChunk } from "./view.ts";

/** A notification's payload is at most 7,999 bytes, and base64 makes 4 of 3. */
const mostBytes = 5_600;
const idLength = 36;

const perStream = z
  .tuple([z.number(), z.number(), z.number()])
  .transform(([stdout, stderr, skeduler]): PerStream => ({ stdout, stderr, skeduler }));
const bytes = z.base64().transform((text) => Buffer.from(text, "base64"));
const content = z.object({
  attempt: z.string(),
  seq: z.number(),
  base: z.tuple([z.number(), z.number()]).transform(([seconds, nanos]) => ({ seconds, nanos })),
  bytes: perStream,
  lines: perStream,
  data: bytes,
  entries: bytes,
});

export interface ChunkPlace {
  readonly experimentId: string;
  readonly attemptId: string;
  readonly seq: number;
}

/** The payload; undefined where the chunk is too large for one. */
export function printNotice({ experimentId, attemptId, seq }: ChunkPlace, chunk: Chunk): string | undefined {
  if (chunk.data.length + chunk.entries.length > mostBytes) return undefined;
  const ordered = (counts: PerStream): number[] => streams.map((stream) => counts[stream]);
  const notice: z.input<typeof content> = {
    attempt: attemptId,
    seq,
    base: [chunk.base.seconds, chunk.base.nanos],
    bytes: ordered(chunk.bytes) as [number, number, number],
    lines: ordered(chunk.lines) as [number, number, number],
    data: chunk.data.toString("base64"),
    entries: chunk.entries.toString("base64"),
  };
  return `${experimentId},${JSON.stringify(notice)}`;
}

/** Whose log a payload brings a chunk of; undefined where it brings none. */
export function noticedExperiment(payload: string): string | undefined {
  return payload.startsWith(",{", idLength) ? payload.slice(0, idLength) : undefined;
}

/** What a log grew by. */
export interface Growth {
  readonly attempt: string;
  readonly lines: PerStream;
  /** Where in the log it stands is for who knows what came before. */
  readonly chunk: Omit<StoredChunk, "offsets" | "lines">;
}

/** Undefined where the payload is not one of `printNotice`: anybody with access to the database may send one. */
export function readNotice(payload: string): Growth | undefined {
  let json: unknown;
  try {
    json = JSON.parse(payload.slice(idLength + 1));
  } catch {
    return undefined;
  }
  const { data } = content.safeParse(json);
  if (data === undefined) return undefined;
  const { attempt, lines, bytes: lengths, ...chunk } = data;
  return { attempt, lines, chunk: { ...chunk, lengths } };
}
