// A line that a program prints, `::metric loss=0.25 acc=0.9 step=100`, as a sample. Pure. A line that is not wholly of this form is
// a line like any other. Almost every line is: two bytes tell.

import type { Sample } from "./block.ts";

type ContainerStream = "stdout" | "stderr";

export interface Printed {
  readonly step: number | undefined;
  readonly values: ReadonlyMap<string, number>;
}

const colon = 0x3a;
const newline = 0x0a;
/** Nobody means a longer line as a metric. */
const longest = 8_192;
const wordPattern = /^([A-Za-z_][\w./:-]{0,99})=(\S{1,40})$/;
/** Beyond this a sum of values could not be told; nobody measures it. */
const largest = 1e300;

function valueOf(text: string): number | undefined {
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) {
    const value = Number(text);
    return Math.abs(value) > largest ? Math.sign(value) * Infinity : value;
  }
  if (/^[+-]?nan$/i.test(text)) return NaN;
  const [, sign] = /^([+-]?)inf(?:inity)?$/i.exec(text) ?? [];
  return sign === undefined ? undefined : sign === "-" ? -Infinity : Infinity;
}

/** `bytes` begin where a line begins. Undefined: no metric. */
export function parsePrinted(bytes: Buffer): Printed | undefined {
  if (bytes[0] !== colon || bytes[1] !== colon || bytes.length > longest) return undefined;
  const [head, ...words] = bytes
    .toString("utf8")
    .trimEnd()
    .split(/[ \t]+/);
  if (head !== "::metric") return undefined;
  let step: number | undefined;
  const values = new Map<string, number>();
  for (const word of words) {
    const [, name = "", text = ""] = wordPattern.exec(word) ?? [];
    const value = valueOf(text);
    if (value === undefined) return undefined;
    if (name !== "step") values.set(name, value);
    else if (Number.isFinite(value)) step = value;
    else return undefined;
  }
  return values.size === 0 ? undefined : { step, values };
}

/** Finds the metrics among the records of a log as they come. */
export class PrintedReader {
  /** Streams whose last record did not end its line. */
  readonly #midLine: Record<ContainerStream, boolean>;

  constructor(midLine: Readonly<Record<ContainerStream, boolean>>) {
    this.#midLine = { ...midLine };
  }

  /** What the record bytes[from, to) says, where it is a line, or the last of a log, in the form of a metric. */
  read(
    stream: ContainerStream,
    seconds: number,
    nanos: number,
    bytes: Buffer,
    from: number,
    to: number,
  ): Sample | undefined {
    const begins = !this.#midLine[stream];
    this.#midLine[stream] = bytes[to - 1] !== newline;
    if (!begins || bytes[from] !== colon) return undefined;
    const printed = parsePrinted(bytes.subarray(from, to));
    return printed && { time: seconds * 1000 + Math.floor(nanos / 1e6), ...printed };
  }
}
