// After a restore, before anything else: what ran here and is not known to the database is reported, and left as it is until
// an operator says whether it counts. Containers are the fact; the host's memory adds what is gone and what it was.

import type { Pool } from "../database/pool.ts";
import { reportUnknown, type UnknownAttempt } from "../database/statements/restored.ts";
import { readStandings, type Heard } from "../database/statements/runner.ts";
import { listContainers } from "../docker/containers.ts";
import type { Engine } from "../docker/engine.ts";
import type { Log } from "../log.ts";
import type { HostMemory } from "./host-memory.ts";

export interface CompareOptions {
  readonly db: Pool;
  readonly engine: Engine;
  readonly log: Log;
  readonly installation: string;
  readonly heard: Heard;
  readonly memory: HostMemory;
  /** Whether the database was found to be older; else there is only something to say if something is unknown. */
  readonly restored: boolean;
}

export async function compareWithDatabase(options: CompareOptions): Promise<void> {
  const { db, engine, log, installation, heard, memory, restored } = options;
  const containers = await listContainers(engine, { installation, host: heard.host });
  const remembered = new Map(memory.attempts.map((one) => [one.attempt.id, one]));
  const ids = [...new Set([...remembered.keys(), ...containers.map((container) => container.attemptId)])];
  const known = await readStandings(
    db,
    heard,
    ids.filter((id) => id !== ""),
  );
  const unknown = ids.flatMap((id): UnknownAttempt[] => {
    if (id === "" || known.has(id)) return [];
    const container = containers.find((one) => one.attemptId === id);
    const { attempt, end } = remembered.get(id) ?? {};
    const experimentId = attempt?.experiment_id ?? container?.experimentId ?? "";
    if (experimentId === "") return []; // not made by us
    return [
      {
        id,
        experimentId,
        number: attempt?.number ?? 1,
        running: container?.running === true,
        result: end?.result ?? null,
        spec: attempt ?? null,
      },
    ];
  });
  if (!restored && unknown.length === 0) return;
  await reportUnknown(db, heard.host, heard.epoch, unknown);
  memory.settle(unknown.map(({ id }) => id)); // reported: the database need not know them any more
  for (const { id, experimentId, running } of unknown)
    log.error(
      { experiment: experimentId, attempt: id, running },
      "ran here, and the database does not know it: it was restored to a moment before. Left as it is until an operator decides (PUT /hosts/NAME)",
    );
  if (unknown.length === 0) log.warn("nothing ran here that the restored database does not know");
}
