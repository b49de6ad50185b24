// Before the host is offered: does a container see only the GPU that it was given (runner.canary_image)? That may take as long as the pull
// of a large image, so nothing but the offering waits for it.

import { seenByCanary, type CanaryOptions } from "../docker/canary.ts";
import { UserError } from "../errors.ts";
import type { Log } from "../log.ts";

interface Options extends Omit<CanaryOptions, "image" | "gpu" | "signal"> {
  readonly log: Log;
  /** Undefined, either of them: there is nothing to try. */
  readonly image: string | undefined;
  readonly gpu: string | undefined;
  /** GPUs are not exclusive here. */
  readonly lose: (error: UserError) => void;
}

export class Canary {
  /** Whether the host may be offered; also where it could not be tried, which is only said. Never rejects. */
  readonly passed: Promise<boolean>;
  readonly #leaving = new AbortController();

  constructor({ image, gpu, ...options }: Options) {
    const tried = image !== undefined && gpu !== undefined;
    this.passed = tried ? this.#send({ ...options, image, gpu, signal: this.#leaving.signal }) : Promise.resolve(true);
  }

  /** One that is still out is called back. */
  async close(): Promise<void> {
    this.#leaving.abort();
    await this.passed;
  }

  async #send({ log, lose, ...canary }: CanaryOptions & Pick<Options, "log" | "lose">): Promise<boolean> {
    const { image, gpu, signal } = canary;
    let seen: string[];
    try {
      seen = await seenByCanary(canary);
    } catch (error) {
      if (signal.aborted) return false;
      log.warn({ err: error, image }, "what a container sees of the GPUs could not be tried (runner.canary_image)");
      return true;
    }
    if (seen.length === 1 && seen[0] === gpu) return true;
    lose(
      new UserError(
        `A container that was given the GPU ${gpu} sees ${seen.length === 0 ? "none" : seen.join(", ")}: GPUs are not exclusive on this host. See to NVIDIA's container toolkit, or unset runner.canary_image.`,
      ),
    );
    return false;
  }
}
