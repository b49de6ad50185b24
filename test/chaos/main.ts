// By hand: npm run chaos -- --minutes 60 --seed N (without --minutes each kind of fault once; --kinds "runner killed,docker killed, live-restore" for some faults only, --rate, --tails,
// --json FILE for the summary). Needs root, for a Docker Engine of its own. Ctrl-C ends it early, compared and clean. Exit code 1 where an
// invariant was violated.

import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { chaos } from "./chaos.ts";
import { asText } from "./report.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string" },
    seed: { type: "string", default: String(Date.now()) },
    kinds: { type: "string" },
    rate: { type: "string", default: "0.7" },
    tails: { type: "string", default: "20" },
    json: { type: "string" },
  },
});

const stop = new AbortController();
process.once("SIGINT", () => stop.abort()).once("SIGTERM", () => stop.abort());

const { summary } = await chaos({
  seed: values.seed,
  duration: values.minutes === undefined ? undefined : Number(values.minutes) * 60_000,
  ...(values.kinds !== undefined && { kinds: values.kinds.split(/,(?! )/) }),
  pauses: [4_000, 16_000],
  rate: Number(values.rate),
  tails: Number(values.tails),
  signal: stop.signal,
  say: (line) => void process.stdout.write(`${line}\n`),
});
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(summary, undefined, 2)}\n`);
process.stdout.write(`${asText(summary)}\n`);
process.exitCode = summary.violations.length === 0 ? 0 : 1;
