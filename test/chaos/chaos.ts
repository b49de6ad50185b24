// One run: a world, a load, followers, faults by a schedule, and the invariants over all of it; then everything is let end, and
// what ended, what was followed and what is left is compared. The same seed has the same load and the same schedule.

import { setTimeout as sleep } from "node:timers/promises";
import { Auditor } from "./audit.ts";
import { Client } from "./client.ts";
import { faults } from "./faults.ts";
import { Findings } from "./findings.ts";
import { Follower } from "./follower.ts";
import { checkLeaks, placeForeign } from "./leaks.ts";
import { Ledger, type Entry } from "./ledger.ts";
import { Load } from "./load.ts";
import { takeSample, type Sample } from "./memory.ts";
import { Observer } from "./observer.ts";
import type { mixes } from "./plans.ts";
import { Random } from "./random.ts";
import { summarize, type Summary } from "./report.ts";
import { disturb, schedule } from "./schedule.ts";
import { countStarts } from "./starts.ts";
import { Watch } from "./watch.ts";
import { World } from "./world.ts";

/** How long all that waits and runs may take to end once the faults are over, ms. */
const drain = 150_000;
const sampleEvery = 10_000;

export interface ChaosOptions {
  readonly seed: string;
  /** How long faults are begun, ms; undefined: until each kind was begun once. */
  readonly duration: number | undefined;
  readonly kinds?: readonly string[];
  /** Ms between faults, from and to. */
  readonly pauses: readonly [number, number];
  /** What the load is made of. */
  readonly mix?: keyof typeof mixes;
  /** Experiments a second. */
  readonly rate: number;
  /** Log tails at once, about. */
  readonly tails: number;
  readonly say: (line: string) => void;
  /** Ends it early, clean. */
  readonly signal?: AbortSignal;
}

export async function chaos(options: ChaosOptions): Promise<{ summary: Summary; samples: readonly Sample[] }> {
  const { seed, kinds = Object.keys(faults) } = options;
  const findings = new Findings(options.say);
  const random = new Random(seed);
  const samples: Sample[] = [];
  findings.say(`chaos with seed ${seed}: ${kinds.length} kinds of faults`);
  {
    await using world = await World.start(findings);
    await using observer = new Observer(world);
    await observer.prepare();
    await placeForeign(world, observer.installation);
    await using run = new Run(options, world, observer, random);
    run.begin(countStarts(world, run.over));
    run.begin(run.sampling(samples));
    findings.say("the world is up");
    const loading = run.load.run(run.loadOver);
    const once = options.duration === undefined ? kinds.length : undefined;
    const time = options.duration === undefined ? run.over : AbortSignal.timeout(options.duration);
    const signal = options.signal === undefined ? time : AbortSignal.any([time, options.signal]);
    await disturb(world, schedule(random.stream("faults"), kinds, options.pauses), { signal, once });
    run.endLoad();
    await loading;
    findings.say("the faults are over; everything is let end");
    await run.drained();
    await checkLeaks(world, observer);
  }
  return { summary: summarize(seed, findings, samples), samples };
}

/** What goes on beside the faults, from the first experiment to the last comparison. */
class Run implements AsyncDisposable {
  readonly load: Load;
  readonly #world: World;
  readonly #observer: Observer;
  readonly #ledger = new Ledger();
  readonly #auditor: Auditor;
  readonly #over = new AbortController();
  readonly #loadOver = new AbortController();
  readonly #work: Promise<void>[] = [];

  constructor({ rate, tails, mix = "chaos" }: ChaosOptions, world: World, observer: Observer, random: Random) {
    this.#world = world;
    this.#observer = observer;
    const { findings, addresses } = world;
    const client = new Client(addresses, random.stream("client"), this.over);
    this.#auditor = new Auditor(world, observer, client);
    const tailRandom = random.stream("tails");
    const following = (): number => this.load.followers.filter(({ ended }) => !ended).length;
    this.load = new Load({
      client,
      findings,
      rate,
      mix,
      ledger: this.#ledger,
      random: random.stream("load"),
      most: 30,
      follow: ({ id }) =>
        (["websocket", "http"] as const)
          .filter(() => tailRandom.chance(0.7) && following() < tails)
          .map(
            (by) =>
              new Follower({ id, by, addresses, findings, random: tailRandom.stream(id + by), signal: this.over }),
          ),
    });
    this.begin(new Watch(world, observer, this.#ledger).run(this.over));
    this.begin(this.#audits());
  }

  get over(): AbortSignal {
    return this.#over.signal;
  }

  get loadOver(): AbortSignal {
    return this.#loadOver.signal;
  }

  endLoad(): void {
    this.#loadOver.abort();
  }

  begin(work: Promise<void>): void {
    this.#work.push(
      work.catch((error: unknown) => {
        if (!this.over.aborted)
          this.#world.findings.violated("the harness", error instanceof Error ? (error.stack ?? "") : String(error));
      }),
    );
  }

  async sampling(samples: Sample[]): Promise<void> {
    while (!this.over.aborted) {
      samples.push(await takeSample(this.#world, this.#observer));
      await sleep(sampleEvery, undefined, { signal: this.over }).catch(() => undefined);
    }
  }

  /** Resolves when every experiment has ended and was compared, or says which have not. */
  async drained(): Promise<void> {
    const { findings } = this.#world;
    await this.load.idle();
    const end = Date.now() + drain;
    const left = (): Entry[] => [...this.#ledger.entries.values()].filter(({ audited }) => !audited);
    while (left().length > 0 && Date.now() < end) await sleep(500);
    for (const { id, plan } of left()) findings.violated("everything ends", `${plan.kind} ${id} has not`);
  }

  /** Compares each experiment once it has ended, and what its followers got with its log. */
  async #audits(): Promise<void> {
    while (!this.over.aborted) {
      const open = await this.#observer.openAttempts();
      const all = open === undefined ? undefined : await this.#observer.experiments();
      const busy = new Set(open?.map((attempt) => attempt.experiment_id));
      for (const row of all ?? []) {
        const entry = this.#ledger.entries.get(row.id);
        if (entry === undefined || entry.audited || busy.has(row.id)) continue;
        if (row.status !== "FINISHED" && row.status !== "CANCELLED") continue;
        if (entry.plan.cancelAfter !== undefined && entry.cancelledAt === undefined && !entry.settled) continue;
        if (await this.load.ended(entry)) continue;
        const logs = await this.#auditor.audit(entry, row);
        if (logs === undefined) continue;
        entry.audited = true;
        const own = this.load.followers.filter(({ id }) => id === row.id);
        for (const follower of own) this.begin(this.#compare(follower, logs));
      }
      await sleep(1_000, undefined, { signal: this.over }).catch(() => undefined);
    }
  }

  async #compare(follower: Follower, logs: readonly Buffer[]): Promise<void> {
    const { findings } = this.#world;
    const late = AbortSignal.timeout(drain);
    const ended = await Promise.race([
      follower.done,
      new Promise<undefined>((resolve) => late.addEventListener("abort", () => resolve(undefined), { once: true })),
    ]);
    const { id, by, bytes, connections } = follower;
    if (ended !== true) {
      findings.violated("a tail ends with its experiment", `the tail of ${id} by ${by} has not`);
      return;
    }
    findings.count("tails compared");
    findings.count("connections of tails", connections);
    // It ends with an attempt that was the last at that time.
    const fits = logs.some((_, last) => {
      const whole = Buffer.concat(logs.slice(0, last + 1));
      const unfinished = by === "websocket" && whole.length > 0 && whole.at(-1) !== 0x0a;
      return bytes.equals(unfinished ? Buffer.concat([whole, Buffer.from("\n")]) : whole);
    });
    if (!fits && !(logs.length === 0 && bytes.length === 0))
      findings.violated(
        "a tail neither skips nor repeats",
        `the tail of ${id} by ${by}: ${differs(Buffer.concat(logs), bytes)}`,
      );
    follower.forget();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#loadOver.abort();
    this.#over.abort();
    await Promise.all(this.#work);
    await Promise.all(this.load.followers.map(async ({ done }) => done));
  }
}

function differs(log: Buffer, got: Buffer): string {
  let at = 0;
  while (at < log.length && log[at] === got[at]) at += 1;
  const piece = (bytes: Buffer): string => JSON.stringify(bytes.toString("latin1", Math.max(0, at - 40), at + 60));
  return `at byte ${at} of ${log.length} in the log and ${got.length} got: the log ${piece(log)}, got ${piece(got)}`;
}
