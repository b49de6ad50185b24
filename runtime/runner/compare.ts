// At each start, before anything else: was the database restored? Then what ran here and it does not know is reported, and left as
// it is until an operator says whether it counts. Containers are the fact; the host's memory adds what is gone and what it was.

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
  /** The host's marks say that the database is older. It may be so all the same: no heartbeat lies between, but an attempt. */
  readonly restored: boolean;
  /** This host remembers nothing of this database. */
  readonly strange: boolean;
}

export async function compareWithDatabase(options: CompareOptions): Promise<void> {
  const { db, engine, log, installation, heard, memory, restored, strange } = options;
  const containers = await listContainers(engine, { installation, host: heard.host });
  const named = [...memory.ids, ...containers.map((container) => container.attemptId)];
  const ids = [...new Set(named)].filter((id) => id !== "");
  const known = await readStandings(db, heard, ids);
  const forgotten = memory.unsettled.known.some((id) => !known.has(id));
  // Reported before: the database need not know them any more.
  memory.settle(ids.filter((id) => ["reported", "discarded"].includes(known.get(id) ?? "")));
  if (!restored && !strange && !forgotten) return;
  const strangers = ids.filter((id) => !known.has(id));
  const specs = await memory.specsOf(new Set(strangers));
  const unknown = strangers.flatMap((id): UnknownAttempt[] => {
    const container = containers.find((one) => one.attemptId === id);
    const attempt = specs.get(id);
    const experimentId = attempt?.experiment_id ?? container?.experimentId ?? "";
    if (experimentId === "") return []; // not made by us
    return [
      {
        id,
        experimentId,
        number: attempt?.number ?? 1,
        running: container?.running === true,
        result: memory.endOf(id)?.result ?? null,
        spec: attempt ?? null,
      },
    ];
  });
  memory.settle(strangers); // of what is not reported too little is known
  if (!restored && unknown.length === 0) return;
  await reportUnknown(db, heard.host, heard.epoch, unknown);
  for (const { id, experimentId, running } of unknown)
    log.error(
      { experiment: experimentId, attempt: id, running },
      "ran here, and the database does not know it: it was restored to a moment before. Left as it is until an operator decides (PUT /hosts/NAME)",
    );
  if (unknown.length === 0) log.warn("nothing ran here that the restored database does not know");
}
