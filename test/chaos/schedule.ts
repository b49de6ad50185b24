// When which fault happens, from the seed alone. Every kind comes once before any comes again, so a run that is long enough for
// all has had all. Most follow one another with a pause in which the world must catch up; some come while others last.

import { setTimeout as sleep } from "node:timers/promises";
import { faults } from "./faults.ts";
import type { Random } from "./random.ts";
import type { World } from "./world.ts";

export interface Planned {
  readonly kind: string;
  readonly victim: number;
  /** Ms. */
  readonly hold: number;
  /** Ms until the next one is begun, counted from this one's end; undefined: at once, beside this one. */
  readonly pause: number | undefined;
}

/** Without end. Pure. */
export function* schedule(
  random: Random,
  kinds: readonly string[],
  pauses: readonly [number, number],
): Generator<Planned> {
  for (;;)
    for (const kind of random.shuffle(kinds)) {
      // Once in a while long enough to outlast every short patience.
      const hold = random.chance(0.2) ? random.between(6_000, 14_000) : random.between(0, 5_000);
      // What takes long by itself goes on beside the others.
      const beside = kind === "host lost" || kind.endsWith("silent") || random.chance(0.15);
      yield { kind, victim: random.between(0, 1), hold, pause: beside ? undefined : random.between(...pauses) };
    }
}

const everything = "everything";

function partOf(kind: string, victim: number): string {
  const [word = ""] = kind.replace("host lost", "runner").split(/[ –]/);
  return ["runner", "api"].includes(word) ? `${word} ${victim}` : word === "client" ? `api ${victim}` : word;
}

/** Runs planned faults until the signal aborts, or each kind was begun where `once`; resolves when all are over. */
export async function disturb(
  world: World,
  planned: Iterable<Planned>,
  { signal, once }: { readonly signal: AbortSignal; readonly once: number | undefined },
): Promise<void> {
  const stopped = (): boolean => signal.aborted;
  const running = new Map<string, Promise<void>>();
  let begun = 0;
  for (const { kind, victim, hold, pause } of planned) {
    if (stopped() || begun === once) break;
    begun += 1;
    // Two faults of one part would undo each other's.
    const part = partOf(kind, victim);
    await (part === everything
      ? Promise.all(running.values())
      : Promise.all([running.get(part), running.get(everything)]));
    if (stopped()) break;
    world.findings.count(`fault ${kind}`);
    world.findings.say(`fault: ${kind}, victim ${victim}, ${hold} ms`);
    const over = begin(kind, { world, victim, hold });
    running.set(part, over);
    if (pause === undefined) continue;
    await over;
    await sleep(pause, undefined, { signal }).catch(() => undefined);
  }
  await Promise.all(running.values());

  async function begin(kind: string, context: Parameters<(typeof faults)[string]>[0]): Promise<void> {
    try {
      await faults[kind]?.(context);
    } catch (error) {
      world.findings.violated(
        "the harness",
        `${kind}: ${error instanceof Error ? (error.stack ?? "") : String(error)}`,
      );
    }
  }
}
