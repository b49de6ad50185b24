// What the load is made of: scripts whose output is known, and what must come of each. Every container writes what it prints
// into its own /output too (out, err), notes that it started (starts) and when it ended by itself (end): the truth that
// logs, attempts and times are compared with.

import type { Random } from "./random.ts";

export interface Plan {
  readonly kind: Kind;
  readonly script: string;
  readonly resources: Readonly<Record<string, unknown>>;
  readonly retries?: { readonly count: number; readonly on: readonly string[]; readonly backoff: string };
  /** Exit code of an attempt that ran to its own end, by its number. */
  readonly exitOf: (attempt: number) => number;
  /** It prints all the time: a reader who follows must see something new within a second. */
  readonly loud: boolean;
  /** Cancelled so long, ms, after it was posted. */
  readonly cancelAfter?: number;
  /** Asked for again after its first end. */
  readonly again: boolean;
}

/** Weights. `quick`: many that are short, for a load that goes on for long. */
const kinds = {
  chatty: 30,
  flood: 10,
  odd: 8,
  sleeper: 8,
  fast: 12,
  failing: 6,
  retried: 8,
  cancelled: 10,
  stubborn: 5,
  waiting: 3,
} as const;
export type Kind = keyof typeof kinds;
const quick = {
  ...kinds,
  chatty: 4,
  flood: 3,
  odd: 3,
  sleeper: 1,
  fast: 75,
  retried: 2,
  cancelled: 2,
  stubborn: 0,
  waiting: 1,
};
export const mixes = { chaos: kinds, quick } as const;

const begin = "echo x >> /output/starts; date +%s > /output/begin; exec 3>>/output/out 4>>/output/err; ";
const end = (code: string): string => `; date +%s > /output/end; exit ${code}`;

/** Numbered lines on stdout, every third on stderr too: first into the file, so that the log is never ahead of it. */
function chat(lines: number, burst: number, pause: string): string {
  return (
    `i=0; while [ $i -lt ${lines} ]; do i=$((i+1)); echo "out $i of ${lines}" >&3; echo "out $i of ${lines}"; ` +
    `if [ $((i % 3)) = 0 ]; then echo "err $i" >&4; echo "err $i" >&2; fi; ` +
    `if [ $((i % ${burst})) = 0 ]; then sleep ${pause}; fi; done`
  );
}

const flood = (lines: number): string =>
  `awk 'BEGIN { for (i = 1; i <= ${lines}; i++) print "out", i, "of ${lines} a line of a flood that goes on and on" }' | tee -a /output/out`;

/** Long lines, empty ones, carriage returns, bytes that are no text, and an end without newline. */
const odd =
  "{ head -c 40000 /dev/zero | tr '\\0' x; echo; echo; printf 'half\\rfull\\n'; head -c 3000 /bin/busybox; echo; sleep 1; " +
  "head -c 16384 /dev/zero | tr '\\0' y; echo; printf 'no newline'; } | tee -a /output/out";

function weighted(random: Random, mix: keyof typeof mixes): Kind {
  const entries = Object.entries(mixes[mix]) as [Kind, number][];
  let left = random.next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [kind, weight] of entries) {
    left -= weight;
    if (left < 0) return kind;
  }
  return "chatty";
}

/** The next experiment of the load. */
export function nextPlan(random: Random, mix: keyof typeof mixes): Plan {
  const kind = weighted(random, mix);
  const code = random.chance(0.3) ? random.between(1, 100) : 0;
  const common = {
    kind,
    resources: { gpus: random.chance(0.15) ? 1 : 0 },
    exitOf: () => code,
    again: random.chance(0.05),
    // What a lost host or Engine ends is run again for some, and must not be for the others.
    ...(random.chance(0.4) && { retries: { count: 2, on: ["host_lost", "engine"], backoff: "1s" } }),
  };
  const seconds = random.between(4, 20);
  const chatter = begin + chat(seconds * 20, 10, "0.5");
  switch (kind) {
    case "chatty":
      return { ...common, script: chatter + end(String(code)), loud: true };
    case "flood":
      return { ...common, script: begin + flood(random.between(2_000, 20_000)) + end(String(code)), loud: false };
    case "odd":
      return { ...common, script: begin + odd + end(String(code)), loud: false };
    case "sleeper":
      return { ...common, script: `${begin}sleep ${seconds}${end(String(code))}`, loud: false };
    case "fast":
      return { ...common, script: `${begin}echo hi >&3; echo hi${end(String(code))}`, loud: false };
    case "failing":
      return { ...common, exitOf: () => 7, script: begin + chat(20, 5, "0.1") + end("7"), loud: false };
    case "retried":
      return {
        ...common,
        again: false,
        retries: { count: 2, on: ["exited", "host_lost", "engine"], backoff: "1s" },
        exitOf: (attempt) => (attempt < 3 ? 5 : 0),
        script: begin + chat(30, 10, "0.3") + end("$(( SKEDULER_ATTEMPT < 3 ? 5 : 0 ))"),
        loud: false,
      };
    case "cancelled":
      return {
        ...common,
        script: chatter + end(String(code)),
        loud: true,
        again: false,
        cancelAfter: random.between(500, 9_000),
      };
    case "stubborn": {
      const script = `trap "" TERM; ${begin}${chat(1_200, 10, "0.5")}${end(String(code))}`;
      return { ...common, script, loud: true, again: false, cancelAfter: random.between(2_000, 8_000) };
    }
    case "waiting":
      return {
        ...common,
        resources: { gpus: 0, host: "nowhere" },
        again: false,
        script: begin + end("0"),
        loud: false,
        cancelAfter: random.between(0, 6_000),
      };
  }
}
