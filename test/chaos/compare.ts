// What a stream's log gives against what its container wrote. Pure.

export interface Difference {
  readonly exact: boolean;
  /** The log is the beginning of what was written. */
  readonly prefix: boolean;
  /** Bytes that were written and are not in the log, or the other way round. */
  readonly missing: number;
  /** Numbered lines ("out 7 …", "err 7") that the log lacks, and those that it has more than once. */
  readonly lost: number;
  readonly doubled: number;
  /** Around the first byte that differs. */
  readonly where: string;
}

export function compare(written: Buffer, log: Buffer): Difference {
  const exact = written.equals(log);
  const prefix = log.length <= written.length && written.subarray(0, log.length).equals(log);
  const { lost, doubled } = exact ? { lost: 0, doubled: 0 } : countLines(written, log);
  return {
    exact,
    prefix,
    missing: written.length - log.length,
    lost,
    doubled,
    where: exact ? "" : around(written, log),
  };
}

export function lines(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(0x0a); at >= 0; at = bytes.indexOf(0x0a, at + 1)) count += 1;
  return count;
}

function countLines(written: Buffer, log: Buffer): { lost: number; doubled: number } {
  const numbers = (bytes: Buffer): number[] =>
    [...bytes.toString("latin1").matchAll(/^(?:out|err) (\d+)/gm)].map(([, number]) => Number(number));
  const had = new Set(numbers(written));
  const got = numbers(log);
  const distinct = new Set(got);
  return { lost: [...had].filter((number) => !distinct.has(number)).length, doubled: got.length - distinct.size };
}

function around(written: Buffer, log: Buffer): string {
  let at = 0;
  while (at < written.length && written[at] === log[at]) at += 1;
  const piece = (bytes: Buffer): string => JSON.stringify(bytes.toString("latin1", Math.max(0, at - 30), at + 60));
  return `at byte ${at} of ${written.length} written and ${log.length} in the log: written ${piece(written)}, in the log ${piece(log)}`;
}
