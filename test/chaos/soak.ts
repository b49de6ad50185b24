// By hand: npm run soak -- --minutes 30 (--seed, --rate, --tails, --svg FILE): continuous load with a restart now and then, every
// invariant of chaos over it, and a plot of the memory of every process and the size of every table.

import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { chaos } from "./chaos.ts";
import { plot } from "./plot.ts";
import { asText } from "./report.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "30" },
    seed: { type: "string", default: "soak" },
    rate: { type: "string", default: "2" },
    tails: { type: "string", default: "20" },
    svg: { type: "string", default: "docs/soak.svg" },
  },
});

const stop = new AbortController();
process.once("SIGINT", () => stop.abort()).once("SIGTERM", () => stop.abort());

const { summary, samples } = await chaos({
  seed: values.seed,
  duration: Number(values.minutes) * 60_000,
  kinds: ["runner stopped", "api stopped", "runner killed", "api killed"],
  pauses: [90_000, 180_000],
  mix: "quick",
  rate: Number(values.rate),
  tails: Number(values.tails),
  say: (line) => void process.stdout.write(`${line}\n`),
  signal: stop.signal,
});
const experiments = summary.counts["experiments"] ?? 0;
writeFileSync(values.svg, plot(`${experiments} experiments in ${Math.round(summary.seconds / 60)} minutes`, samples));
process.stdout.write(`${asText(summary)}\n`);
process.exitCode = summary.violations.length === 0 ? 0 : 1;
