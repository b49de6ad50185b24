// POST /experiments: checks the body, inserts the experiment and the placement job in one transaction shared with all
// POSTs of the moment, answers the complete experiment. An array, or a body with a `matrix` (a sweep), is one unit: all of
// it or nothing. With Idempotency-Key the same body is created once in 24 hours.

import { createHash, randomUUID } from "node:crypto";
import { isUnavailable } from "../runtime/database/faults.ts";
import { transaction, type Client, type Pool, type Queryable } from "../runtime/database/pool.ts";
import { createExperiments, findExperiments, type NewRow } from "../runtime/database/statements/create-experiments.ts";
import { createGroup, type NewGroup } from "../runtime/database/statements/groups.ts";
import { createOnce } from "../runtime/database/statements/idempotency.ts";
import { aboveQuota, countWaiting, type WaitingQuota } from "../runtime/database/statements/quotas.ts";
import { ApiError } from "../runtime/errors.ts";
import { newExperiment, newExperiments, newSweep, type NewExperiment } from "../runtime/experiment/schema.ts";
import { checkRaw } from "../runtime/experiment/raw-body.ts";
import { newId } from "../runtime/experiment/ids.ts";
import { checkNotify } from "../runtime/experiment/notify.ts";
import { expand, SweepError, type Sweep } from "../runtime/experiment/sweep.ts";
import { coalesce } from "../runtime/coalesce.ts";
import { readJson } from "../runtime/http/body.ts";
import { headersOf, type EndpointHandler } from "../runtime/http/env.ts";
import { jsonAnswer } from "../runtime/http/json-answer.ts";

export interface CreateDeps {
  readonly db: Pool;
  /** For the statements that create, each whole in itself. */
  readonly pipeline: Queryable;
  readonly maxBody: number;
  /** Called after the commit: there is something to place. */
  readonly placeSoon: () => void;
  readonly waitingQuota: WaitingQuota;
  /** Told of what a request made, and when it began, ms since the epoch. */
  readonly created?: ((ids: readonly string[], began: number) => void) | undefined;
  /** What `notify` may name. */
  readonly targets: readonly string[];
}

/** Rows per transaction: enough that its commit is shared, few enough that nobody waits long. */
const batchLimit = 200;

/** What one request creates, and how its answer is written. */
interface Unit {
  readonly rows: readonly NewRow[];
  readonly group?: NewGroup;
  readonly answer: (experiments: readonly string[]) => string;
}

export function createExperiment({
  db,
  pipeline,
  maxBody,
  placeSoon,
  created,
  waitingQuota,
  targets,
}: CreateDeps): EndpointHandler {
  const insert = coalesce<NewRow, string>({
    limit: batchLimit,
    parallel: 2,
    separable: (error) => !isUnavailable(error),
    run: async (rows) => {
      if (!rows.some(({ owner }) => waitingQuota(owner) !== undefined)) return createExperiments(pipeline, rows);
      return transaction(db, async (client) => {
        await checkQuota(client, rows, waitingQuota);
        return createExperiments(client, rows);
      });
    },
  });
  return async (c) => {
    const began = Date.now();
    const { raw, value } = await readJson(c, maxBody);
    const owner = c.get("owner");
    const asked = askedIn(value);
    const names = namesIn(asked.experiments);
    const known = names === undefined ? undefined : await findExperiments(db, names);
    const unit = unitOf(asked, { raw, owner, targets, known });
    checkRaw(raw, value);
    const key = headersOf(c)("idempotency-key");
    const [first] = unit.rows;
    const alone = unit.rows.length === 1 && unit.group === undefined && key === undefined;
    const experiments =
      alone && first !== undefined
        ? [await insert(first)]
        : await createUnit(db, unit, { owner, key, raw, waitingQuota });
    placeSoon();
    created?.(
      unit.rows.flatMap(({ id }, index) => (experiments[index]?.includes(id) === true ? [id] : [])),
      began,
    );
    return jsonAnswer(unit.answer(experiments));
  };
}

interface Asked extends Pick<CreateDeps, "waitingQuota"> {
  readonly owner: string;
  /** Idempotency-Key. */
  readonly key: string | undefined;
  readonly raw: string;
}

/** Throws quota (429) where the rows would be more than their owners may have waiting. */
async function checkQuota(
  client: Client,
  rows: readonly NewRow[],
  waitingQuota: CreateDeps["waitingQuota"],
): Promise<void> {
  const limits = new Map<string, number>();
  for (const { owner } of rows) {
    const limit = waitingQuota(owner);
    if (limit !== undefined) limits.set(owner, limit);
  }
  if (limits.size === 0) return;
  const waiting = await countWaiting(client, [...limits.keys()], Math.max(...limits.values()));
  for (const [owner, limit] of limits) {
    const before = waiting.get(owner) ?? 0;
    const more = rows.filter((row) => row.owner === owner).length;
    if (before + more > limit) throw aboveQuota(owner, limit, before, more);
  }
}

async function createUnit(
  db: Pool,
  { rows, group }: Unit,
  { owner, key, raw, waitingQuota }: Asked,
): Promise<string[]> {
  if (key !== undefined && (key === "" || key.length > 255))
    throw new ApiError("validation", "Idempotency-Key must have 1 to 255 characters.");
  const experiments = await transaction(db, async (client) => {
    const create = async (): Promise<string[]> => {
      await checkQuota(client, rows, waitingQuota);
      if (group !== undefined) await createGroup(client, group);
      return createExperiments(client, rows);
    };
    if (key === undefined) return create();
    const bodyHash = createHash("sha256").update(raw).digest();
    return createOnce(client, { owner, key, bodyHash, ids: rows.map((row) => row.id) }, create);
  });
  if (experiments !== "mismatch") return experiments;
  throw new ApiError("idempotency_mismatch", "This Idempotency-Key was used with another body within 24 hours.");
}

/** A body that passed the schema. */
interface Body {
  readonly kind: "one" | "array" | "sweep";
  readonly experiments: readonly NewExperiment[];
}

function askedIn(value: unknown): Body {
  if (isSweep(value)) return { kind: "sweep", experiments: [newSweep.parse(value)] };
  if (!Array.isArray(value)) return { kind: "one", experiments: [newExperiment.parse(value)] };
  const place = value.findIndex(isSweep);
  if (place >= 0)
    throw new ApiError("validation", `${place}.matrix: a sweep is posted by itself, not in an array.`, {
      details: [{ path: `${place}.matrix`, message: "post it by itself" }],
    });
  return { kind: "array", experiments: newExperiments.parse(value) };
}

function isSweep(value: unknown): boolean {
  return typeof value === "object" && value !== null && "matrix" in value;
}

/** What `after` names; undefined where nothing does. */
function namesIn(experiments: readonly NewExperiment[]): string[] | undefined {
  const names = experiments.flatMap(({ after }) => after ?? []);
  return names.length === 0 ? undefined : [...new Set(names)];
}

interface Given {
  /** The body as it was sent. */
  readonly raw: string;
  readonly owner: string;
  readonly targets: readonly string[];
  /** Ids by what `after` names; undefined where it names nothing. */
  readonly known: Map<string, string> | undefined;
}

function unitOf({ kind, experiments }: Body, given: Given): Unit {
  const rows = experiments.map((one, index) => rowOf(one, given, kind === "array" ? index : undefined));
  if (kind === "array") return { rows, answer: (made) => `[${made.join(",")}]` };
  if (kind === "one") return { rows, answer: ([made]) => made ?? "" };
  return sweepOf(experiments, rows, given);
}

/** `element`: its place in an array. */
function rowOf(one: NewExperiment, { raw, owner, targets, known }: Given, element: number | undefined): NewRow {
  const at = element === undefined ? "" : `${element}.`;
  checkNotify(one.notify, targets, `${at}notify`);
  const after = known === undefined ? [] : idsOf(one.after ?? [], known, at);
  const id = newId();
  known?.set(one.name, id);
  return { id, body: raw, element, owner, retries: one.retries ?? null, after };
}

/** What `after` names is looked for among those before it in the same body, then among all. */
function idsOf(names: readonly string[], known: ReadonlyMap<string, string>, at: string): string[] {
  const ids = names.map((name, place) => {
    const id = known.get(name);
    if (id !== undefined) return id;
    const path = `${at}after.${place}`;
    throw new ApiError("validation", `${path}: there is no experiment with the id or name "${name}".`, {
      details: [{ path, message: "an id or a name of an experiment that exists, or that stands before it here" }],
    });
  });
  return [...new Set(ids)];
}

function sweepOf([asked]: readonly NewExperiment[], [shared]: readonly NewRow[], { raw, owner }: Given): Unit {
  if (asked === undefined || shared === undefined) throw new Error("a body made no row");
  const { matrix, members } = expanded(raw);
  const group = { id: randomUUID(), name: asked.name, matrix, owner };
  const rows = members.map((member) => ({ ...shared, id: newId(), sweep: { group: group.id, member } }));
  // The group's id is the experiments' own: a key used before answers with the first request's.
  const answer = (experiments: readonly string[]): string => {
    const { group: id } = JSON.parse(experiments[0] ?? "{}") as { group: string };
    return `{"group":${JSON.stringify(id)},"experiments":[${experiments.join(",")}]}`;
  };
  return { rows, group, answer };
}

function expanded(raw: string): Sweep {
  try {
    return expand(raw);
  } catch (error) {
    if (!(error instanceof SweepError)) throw error;
    const { path, message } = error;
    throw new ApiError("validation", `${path}: ${message}.`, { details: [{ path, message }] });
  }
}
