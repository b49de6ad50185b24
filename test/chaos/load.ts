// Posts the load at a steady rate, cancels and asks again as each plan says. What waits already is counted: a world that is
// down gets no pile that it could not work off before the end.

import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "./client.ts";
import type { Findings } from "./findings.ts";
import type { Follower } from "./follower.ts";
import type { Entry, Ledger } from "./ledger.ts";
import { nextPlan, type mixes } from "./plans.ts";
import type { Random } from "./random.ts";

export interface LoadOptions {
  readonly client: Client;
  readonly ledger: Ledger;
  readonly findings: Findings;
  readonly random: Random;
  readonly mix: keyof typeof mixes;
  /** Experiments a second. */
  readonly rate: number;
  /** How many may be unfinished at once. */
  readonly most: number;
  readonly follow: (entry: Entry) => Follower[];
}

export class Load {
  readonly followers: Follower[] = [];
  readonly #options: LoadOptions;
  readonly #work = new Set<Promise<void>>();

  constructor(options: LoadOptions) {
    this.#options = options;
  }

  /** Until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { random, ledger, rate, most } = this.#options;
    let number = 0;
    while (!signal.aborted) {
      const unfinished = [...ledger.entries.values()].filter((entry) => !entry.audited).length;
      if (unfinished + this.#work.size < most) this.#spawn(this.#one(++number));
      const pause = (-Math.log(1 - random.next()) * 1000) / rate;
      await sleep(Math.min(pause, 5_000), undefined, { signal }).catch(() => undefined);
    }
  }

  /** Resolves when all that it set off is done. */
  async idle(): Promise<void> {
    while (this.#work.size > 0) await Promise.all(this.#work);
  }

  /** An experiment has ended: it is asked for again where its plan says so. True: it goes on. */
  async ended(entry: Entry): Promise<boolean> {
    if (!entry.plan.again || entry.asked) return false;
    const { client } = this.#options;
    const { bytes } = await client.call("GET", `/experiments/${entry.id}`);
    const { updated_at } = JSON.parse(bytes.toString()) as { updated_at: string };
    const { status } = await client.call("PUT", `/experiments/${entry.id}`, {
      body: { status: "ENQUEUED", updated_at },
    });
    // 409: an earlier try, whose answer was lost, was taken.
    if (status !== 200 && status !== 409)
      this.#options.findings.violated("asking again", `${entry.id} answered ${status}`);
    entry.asked = true;
    this.#options.findings.count("asked again");
    return true;
  }

  #spawn(work: Promise<void>): void {
    const kept = work.finally(() => this.#work.delete(kept));
    this.#work.add(kept);
  }

  async #one(number: number): Promise<void> {
    const { client, ledger, findings, random, mix, follow } = this.#options;
    const plan = nextPlan(random, mix);
    const { script, resources, retries } = plan;
    const command = `sh -c '${script.replaceAll("'", `'"'"'`)}'`;
    const body = {
      name: `${plan.kind}-${number}`,
      docker: { image: "skeduler-sample:local", command },
      resources,
      ...(retries !== undefined && { retries }),
    };
    const answer = await client.call("POST", "/experiments", { body, key: `chaos-${number}` });
    if (answer.status !== 200) {
      findings.violated("a POST is taken", `${answer.status}: ${answer.bytes.toString()}`);
      return;
    }
    const { id } = JSON.parse(answer.bytes.toString()) as { id: string };
    const entry = ledger.add(id, plan);
    findings.count("experiments");
    findings.count(`experiments ${plan.kind}`);
    this.followers.push(...follow(entry));
    if (plan.cancelAfter !== undefined) this.#spawn(this.#cancel(entry, plan.cancelAfter));
  }

  async #cancel(entry: Entry, after: number): Promise<void> {
    const { client, findings } = this.#options;
    await sleep(after);
    const { status } = await client.call("PUT", `/experiments/${entry.id}`, { body: { status: "CANCELLED" } });
    // 409: it had ended before.
    if (status !== 200 && status !== 409) findings.violated("cancelling", `${entry.id} answered ${status}`);
    entry.settled = true;
    if (status !== 200) return;
    entry.cancelledAt = Date.now();
    findings.count("cancels");
  }
}
