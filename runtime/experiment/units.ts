// Durations and sizes as people write them in the configuration: Go's notation ("1m30s", "500ms"), and bytes ("4GiB").
// Both answer undefined for text that is not exactly that; the schema makes the sentence. `sizeOf` writes what `parseSize` reads.

const millisecondsOf: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** The longest duration: 24 days, since a timer of Node holds at most 2^31 - 1 ms (24.8 days). */
export const longestDuration = 24 * 24 * 3_600_000;

/** Of a duration or a size, characters: far more than anybody writes, and soon judged whatever they are. */
const longestText = 100;

/** Whole milliseconds of a duration in Go's notation, or undefined. "0" needs no unit; nothing negative, nothing above `longest` ms. */
export function parseDuration(text: string, longest = longestDuration): number | undefined {
  if (text === "0") return 0;
  if (text.length > longestText || !/^(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, number = "", unit = ""] of text.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g)) {
    total += Number(number) * (millisecondsOf[unit] ?? 0);
  }
  if (total > longest) return undefined;
  return total > 0 ? Math.max(1, Math.round(total)) : 0; // a tiny time-out is not "no time-out"
}

const bytesOf: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  k: 1024,
  m: 1024 ** 2,
  g: 1024 ** 3,
  t: 1024 ** 4,
  kb: 1000,
  mb: 1000 ** 2,
  gb: 1000 ** 3,
  tb: 1000 ** 4,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
  tib: 1024 ** 4,
};

/** Whole bytes of "4GiB", "500MB", "64k" (1024, as Docker counts) or a bare number; undefined where it is none, or too large. */
export function parseSize(text: string): number | undefined {
  if (text.length > longestText) return undefined;
  const [, number = "", unit = ""] = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text) ?? [];
  const factor = bytesOf[unit.toLowerCase()];
  if (number === "" || factor === undefined) return undefined;
  const bytes = Math.round(Number(number) * factor); // 1.1GiB is none; 1.005GB is, but not as JavaScript multiplies
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** What there is of a memory or disk, such as "79.6GiB": rounded down, so that what is shown can be asked for. */
export function sizeOf(bytes: number): string {
  const [unit, name] = bytes < 1024 ** 3 ? [1024 ** 2, "MiB"] : [1024 ** 3, "GiB"];
  return `${Math.floor((bytes * 10) / unit) / 10}${name}`;
}
