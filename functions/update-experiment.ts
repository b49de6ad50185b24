// PUT /experiments/{id}: edits name, description, metadata; cancels; enqueues again, within its owner's quota. One SQL statement decides; here is
// only the gate before it and the sentences after it.

import type { Notifier } from "../runtime/database/notifier.ts";
import type { Pool } from "../runtime/database/pool.ts";
import { changeWithinQuota, type WaitingQuota } from "../runtime/database/statements/quotas.ts";
import { readExperiments } from "../runtime/database/statements/read-experiments.ts";
import { ApiError } from "../runtime/errors.ts";
import { experimentChange, type ExperimentChange } from "../runtime/experiment/schema.ts";
import { checkNotify } from "../runtime/experiment/notify.ts";
import { refusal, type Status } from "../runtime/experiment/states.ts";
import { readJson } from "../runtime/http/body.ts";
import type { EndpointHandler } from "../runtime/http/env.ts";
import { parseId } from "../runtime/http/id.ts";
import { jsonAnswer } from "../runtime/http/json-answer.ts";

export interface UpdateDeps {
  readonly db: Pool;
  readonly maxBody: number;
  readonly notifier: Notifier;
  readonly placeSoon: () => void;
  readonly waitingQuota: WaitingQuota;
  /** What `notify` may name. */
  readonly targets: readonly string[];
}

export function updateExperiment({
  db,
  maxBody,
  notifier,
  placeSoon,
  waitingQuota,
  targets,
}: UpdateDeps): EndpointHandler {
  // What GET gave is accepted, though a target may have gone since.
  const checkTargets = async (id: string, { notify }: ExperimentChange): Promise<void> => {
    if (notify == null || notify.every((name) => targets.includes(name))) return;
    const current = (await readExperiments(db, [id])).get(id) ?? "{}";
    if (JSON.stringify((JSON.parse(current) as ExperimentChange).notify) !== JSON.stringify(notify))
      checkNotify(notify, targets);
  };
  return async (c) => {
    const id = parseId(c);
    const { raw, value } = await readJson(c, maxBody);
    const change = experimentChange.parse(value);
    if (typeof change.id === "string" && change.id.toLowerCase() !== id) {
      throw new ApiError("immutable", "The id in the body is another experiment's than the one in the path.");
    }
    await checkTargets(id, change);
    const { status } = change;
    const answer = await changeWithinQuota(db, { id, body: raw, owner: c.get("owner"), status }, waitingQuota);
    if (answer === undefined) throw new ApiError("not_found", `There is no experiment ${id}.`);
    switch (answer.verdict) {
      case "immutable": {
        const path = answer.changed_docker ?? "docker";
        throw new ApiError("immutable", `${path} of an experiment cannot be changed: enqueue a new one.`, {
          details: [{ path, message: "must be as it was" }],
        });
      }
      case "stale":
        throw new ApiError("stale", `The experiment was changed since, at ${answer.updated_at}: read it again.`);
      case "refused":
        throw new ApiError("conflict", refusal(answer.status, change.status as Status));
      case "changed":
        notifier.changed(id);
        if (answer.status === "CANCELLED" || change.status === "ENQUEUED") placeSoon();
        return jsonAnswer(answer.experiment);
      case "same":
        return jsonAnswer(answer.experiment);
      default:
        return answer.verdict satisfies never;
    }
  };
}
