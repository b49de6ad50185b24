// A Docker Engine of the harness's own, on which nobody else depends: stopped, killed and started again, with live-restore or
// without, on the same data.

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import Docker from "dockerode";
import { startPrivateEngine, type PrivateEngine } from "../../runtime/up/private-engine.ts";
import { end } from "../../runtime/up/processes.ts";
import { makeSampleImage } from "../../runtime/up/sample-image.ts";

export class EnginePart {
  readonly #folder: string;
  #engine: PrivateEngine | undefined;

  constructor(folder: string) {
    this.#folder = join(folder, "docker");
  }

  get host(): string {
    if (this.#engine === undefined) throw new Error("the Engine was never started");
    return this.#engine.host;
  }

  /** Straight to its socket, past every proxy. */
  get docker(): Docker {
    return new Docker({ socketPath: this.host.slice("unix://".length) });
  }

  async start(liveRestore: boolean): Promise<void> {
    this.#engine = await startPrivateEngine({ folder: this.#folder, liveRestore, log: () => undefined });
    await makeSampleImage(this.#engine.host);
  }

  /** SIGTERM: with live-restore its containers go on, without it stops them. SIGKILL: they go on until the next start. */
  async end(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    const pid = this.#engine?.pid;
    if (pid === undefined) return;
    if (!(await end(pid, [[signal, 60_000]]))) throw new Error(`dockerd did not end by ${signal}`);
  }

  /** Removes every container, then stops it and takes away what it made of the machine's. */
  async close(): Promise<void> {
    if (this.#engine === undefined) return;
    await this.start(true); // it may be down just now
    const all = await this.docker.listContainers({ all: true });
    await Promise.all(
      all.map(async ({ Id }) => this.docker.getContainer(Id).remove({ force: true }) as Promise<unknown>),
    );
    await this.#engine.stop();
    endShims(dirname(this.host.slice("unix://".length)));
  }
}

/**
 * Docker's own debris: a shim whose container was removed while the containerd that was killed forgot about it waits for ever.
 * `folder`: the Engine's own, which stands in its command line.
 */
function endShims(folder: string): void {
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, "latin1");
      if (words.includes("containerd-shim") && words.includes(`${folder}/`)) process.kill(Number(pid), "SIGKILL");
    } catch {
      // gone by itself
    }
  }
}
