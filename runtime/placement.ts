// Carries placement: reads what waits and what is free, asks the scheduler, writes leases, attempts and RUNNING and
// enqueues start-experiment, in one transaction under one lock, so that one process at a time places.
// In a process at most one placement is in flight; what is asked meanwhile is answered by one more.

import type { Pool } from "./database/pool.ts";
import { transaction } from "./database/pool.ts";
import type { Notifier } from "./database/notifier.ts";
import { assign, lockPlacement, readHosts, readWaiting } from "./database/statements/placement.ts";
import { place } from "./scheduler/place.ts";

/** Experiments looked at in one go; more follow in the next. */
const batch = 200;

export class Placement {
  readonly #pool: Pool;
  readonly #notifier: Notifier;
  #running: Promise<void> | undefined;
  #again: Promise<void> | undefined;

  constructor(pool: Pool, notifier: Notifier) {
    this.#pool = pool;
    this.#notifier = notifier;
  }

  /** Places what can be placed, counting everything committed before the call. */
  async run(): Promise<void> {
    if (this.#running === undefined) return this.#start();
    // The one in flight may have read before our caller committed: one more, shared by all who ask meanwhile.
    this.#again ??= this.#running
      .catch(() => undefined)
      .then(async () => {
        this.#again = undefined;
        return this.#start();
      });
    return this.#again;
  }

  async #start(): Promise<void> {
    this.#running = this.#placeAll().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #placeAll(): Promise<void> {
    for (;;) {
      const placed = await transaction(this.#pool, async (client) => {
        await lockPlacement(client);
        const hosts = await readHosts(client);
        const free = hosts.reduce((sum, host) => sum + Math.max(0, host.free), 0);
        if (free === 0) return [];
        const assignments = place(await readWaiting(client, Math.min(batch, free)), hosts);
        return assignments.length === 0 ? [] : assign(client, assignments);
      });
      for (const id of placed) this.#notifier.changed(id);
      if (placed.length === 0) return;
    }
  }
}
