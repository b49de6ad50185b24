// The last entries of a log that nobody writes any more, asked for from its end: what was not read yet is given, without
// Docker going through the whole log once more (a second for a million lines).
//
// Both streams are in one file, which was read in order: where nothing was held, all that is stored stands before all that is not. The border is
// after the entry that was read last, whichever stream's it was. An entry is known by its stream, its time and its place
// among those of one time; that place is known where an entry of the stream with another time stands before it.

import { Demuxer, type ContainerStream } from "./demux.ts";
import { asking, type Engine } from "./engine.ts";
import { EntryReader, nanosOf, secondOf, type LogPosition, type StreamPosition } from "./log-entries.ts";
import { streamFrom } from "./engine-stream.ts";
import { logPath, type ReadOptions } from "./log-reader.ts";

/** How many entries are asked for, at first and then. Of a long line each has 16 KB. */
const counts = [64, 1024];

export interface Frame {
  readonly stream: ContainerStream;
  readonly bytes: Buffer;
}

/** False where what was read last is not certainly among the last entries: then nothing was given. */
export async function readLogEnd(
  engine: Engine,
  containerId: string,
  { position, signal, take, pace }: Omit<ReadOptions, "follow" | "gap">,
): Promise<boolean> {
  if (position.held !== undefined) return false;
  for (const count of counts) {
    const frames = await lastFrames(engine, containerId, count, signal);
    const fresh = frames.length < count ? beyondCount(frames, position) : beyondBorder(frames, position);
    if (fresh === undefined) continue;
    const readers = { stdout: new EntryReader("stdout"), stderr: new EntryReader("stderr") };
    for (const stream of ["stdout", "stderr"] as const) {
      const seen = position[stream];
      if (seen !== undefined) readers[stream].resume(seen);
    }
    for (const { stream, bytes } of fresh) readers[stream].read(bytes, 0, bytes.length, take);
    await pace();
    return true;
  }
  return false;
}

async function lastFrames(engine: Engine, id: string, count: number, signal: AbortSignal): Promise<Frame[]> {
  const frames: Frame[] = [];
  const demuxer = new Demuxer();
  const keep = (stream: ContainerStream, bytes: Buffer, from: number, to: number): void => {
    frames.push({ stream, bytes: Buffer.from(bytes.subarray(from, to)) });
  };
  const take = (piece: Buffer): undefined => {
    demuxer.push(piece, keep);
  };
  await asking(engine, async () => streamFrom(engine, "GET", logPath(id, { tail: String(count) }), { signal, take }));
  return frames;
}

/** Of a whole log: what is beyond the number that was read. Undefined where the last of those is not what was read last. */
export function beyondCount(frames: readonly Frame[], position: LogPosition): Frame[] | undefined {
  const count = { stdout: 0, stderr: 0 };
  const last: Partial<Record<ContainerStream, Frame>> = {};
  const fresh = frames.filter((frame) => {
    count[frame.stream] += 1;
    const read = position[frame.stream]?.entries ?? 0;
    if (count[frame.stream] === read) last[frame.stream] = frame;
    return count[frame.stream] > read;
  });
  const placed = (["stdout", "stderr"] as const).every((stream) => {
    const [seen, frame] = [position[stream], last[stream]];
    if (seen === undefined || seen.entries === 0) return true;
    return frame !== undefined && compare(frame, seen) === 0;
  });
  return placed ? fresh : undefined;
}

/** What stands after the border; undefined where these frames do not tell where that is. */
export function beyondBorder(frames: readonly Frame[], position: LogPosition): Frame[] | undefined {
  let border = 0;
  for (const stream of ["stdout", "stderr"] as const) {
    const seen = position[stream];
    const found = seen && endOf(frames, stream, seen);
    if (found === "unknown") return undefined;
    border = Math.max(border, found ?? 0);
  }
  return border === 0 ? undefined : frames.slice(border);
}

/** The place after the stream's last entry read; undefined where all of these are newer; "unknown" where they do not tell. */
function endOf(
  frames: readonly Frame[],
  stream: ContainerStream,
  seen: StreamPosition,
): number | "unknown" | undefined {
  let [older, newer, same] = [false, false, 0];
  for (const [index, frame] of frames.entries()) {
    if (frame.stream !== stream) continue;
    const order = compare(frame, seen);
    if (order > 0) newer = true;
    else if (newer)
      return "unknown"; // the clock went back
    else if (order < 0) older = true;
    else if (!older)
      return "unknown"; // others of this time may stand before these
    else if (++same === seen.same) return index + 1;
  }
  return older ? "unknown" : undefined;
}

/** Below 0: the frame is older. */
function compare({ bytes }: Frame, seen: StreamPosition): number {
  return secondOf(bytes, 0) - seen.seconds || nanosOf(bytes, 0) - seen.nanos;
}
