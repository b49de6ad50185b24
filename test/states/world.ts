// The real thing: performs commands by the statements that the product uses, on a database of its own, and tells what can be
// seen of it in the model's words. One run at a time; each begins with an empty installation of registered hosts.

import { randomUUID } from "node:crypto";
import pg from "pg";
import { z } from "zod";
import type { Client, Pool, Statement } from "../../runtime/database/pool.ts";
import { appendLog } from "../../runtime/database/statements/append-log.ts";
import { changeExperiment } from "../../runtime/database/statements/change-experiment.ts";
import { createExperiments } from "../../runtime/database/statements/create-experiments.ts";
import { cancelGroup, createGroup } from "../../runtime/database/statements/groups.ts";
import { changeHost, giveUpLostHosts, hostIsClean, removeHost } from "../../runtime/database/statements/hosts.ts";
import { look } from "../../runtime/database/statements/cluster.ts";
import { assign, cancelDependants } from "../../runtime/database/statements/placement.ts";
import { beat, registerHost } from "../../runtime/database/statements/registration.ts";
import { closeAttempt, recordStart } from "../../runtime/database/statements/runner.ts";
import { offerGpus, readWithheldGpus, withholdGpus } from "../../runtime/database/statements/withheld-gpus.ts";
import { ChunkBuilder } from "../../runtime/logs/chunk-format.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import {
  experimentCount,
  gpusOfHost,
  hostCount,
  type AttemptCommand,
  type Command,
  type CommandOf,
  type HostCommand,
} from "./commands.ts";
import { epochOf, exitCodeOf, reasonOf, retriesOf } from "./plan.ts";
import { observe } from "./observe.ts";

/** Each row that is added to the queue, or put there anew under its key, leaves a row here: if its transaction commits. */
const counting = `
  create table test_queue (key text, task text);
  create function test_count() returns trigger language plpgsql as $$ begin
    insert into test_queue select new.key, t.identifier from graphile_worker._private_tasks t where t.id = new.task_id;
    return null;
  end $$;
  create trigger test_count after insert or update on graphile_worker._private_jobs for each row execute function test_count();`;

const emptying = [
  ...["leases", "withheld_gpus", "attempts", "heartbeats", "hosts", "events", "usage", "log_chunks"].map(
    (t) => `skeduler.${t}`,
  ),
  ...["public.jobs", "skeduler.groups", "graphile_worker._private_jobs", "test_queue"],
].map((table) => `delete from ${table}`);

/** Answers in the model's words. */
type Act = () => Promise<string>;

/** One session that plans each statement once: thousands of runs in a minute. Also a pool, of itself alone. */
export interface Session extends Pool {
  readonly raw: pg.Client;
}

function sessionOf(raw: pg.Client): Session {
  const names = new Map<string, string>();
  const query = async (statement: Statement, values?: unknown[]): Promise<pg.QueryResult> => {
    const text = typeof statement === "string" ? statement : statement.text;
    if (values === undefined || values.length === 0) return raw.query(text);
    const name = names.get(text) ?? `s${names.size}`;
    names.set(text, name);
    return raw.query({ name, text, values });
  };
  const client = { query, release: () => undefined } as unknown as Client;
  return { raw, query, connect: async () => Promise.resolve(client) } as unknown as Session;
}

export class World implements AsyncDisposable {
  readonly #database: TestDatabase;
  readonly sessions: readonly Session[];
  readonly #host = (index: number): string => `host-${index}`;
  #ids: string[] = [];
  #group = "";

  private constructor(database: TestDatabase, sessions: readonly Session[]) {
    this.#database = database;
    this.sessions = sessions;
  }

  static async start(sessions: number): Promise<World> {
    const database = await createTestDatabase();
    const clients = Array.from({ length: sessions }, () => new pg.Client({ connectionString: database.url }));
    await Promise.all(clients.map(async (client) => client.connect()));
    const world = new World(database, clients.map(sessionOf));
    await world.first.raw.query(counting);
    return world;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.sessions.map(async ({ raw }) => raw.end()));
    await this.#database.drop();
  }

  get first(): Session {
    const [first] = this.sessions;
    if (first === undefined) throw new Error("a world has a session");
    return first;
  }

  /** An installation without experiments. */
  async begin(): Promise<void> {
    this.#ids = Array.from({ length: experimentCount }, () => randomUUID());
    this.#group = randomUUID();
    await this.first.raw.query(emptying.join(";"));
    await createGroup(this.first, { id: this.#group, name: "group", matrix: "{}", owner: "test" });
    for (let host = 0; host < hostCount; host++) await this.#register(this.first, host, false);
    await this.first.raw.query("delete from skeduler.events");
  }

  async seen(): Promise<unknown> {
    return observe(this.first, this.#ids);
  }

  /** Reads what the actor knows; the act, to be done then or later, answers what the statement does, in the model's words. */
  async prepare(db: Session, command: Command): Promise<Act> {
    const act = await this.#prepare(db, command);
    return async () =>
      act().catch((error: unknown) => {
        if (error instanceof pg.DatabaseError && error.code === "23505") return error.code;
        throw error;
      });
  }

  async #prepare(db: Session, command: Command): Promise<Act> {
    switch (command.do) {
      case "undone": {
        const act = await this.prepare(db, command.command);
        return async () => {
          await db.raw.query("begin");
          return act().finally(async () => db.raw.query("rollback"));
        };
      }
      case "create":
        return this.#create(db, command);
      case "place": {
        const gpus = command.gpus.map((gpu) => this.#gpu(command.host, gpu));
        const assignment = { experimentId: this.#id(command.experiment), host: this.#host(command.host), gpus };
        return async () => ((await assign(db, [assignment])).length === 1 ? "placed" : "nothing");
      }
      case "start":
      case "append":
      case "close":
        return this.#ofAttempt(db, command);
      case "change": {
        const body = {
          ...(command.to !== undefined && { status: command.to }),
          ...(command.edits && { description: randomUUID() }),
          ...(command.outdated && { updated_at: "2020-01-01T00:00:00Z" }),
        };
        const asked = { id: this.#id(command.experiment), body: JSON.stringify(body), owner: "test" };
        return async () => (await changeExperiment(db, asked))?.verdict ?? "nothing";
      }
      case "cancel group":
        return async () => cancelGroup(db, this.#group, "test").then(() => "done");
      case "cancel dependants":
        return async () => cancelDependants(db, (await look(db)).doomed).then(() => "done");
      case "give up": {
        const names = command.hosts.map(this.#host);
        const silence = "update skeduler.heartbeats set seen_at = now() - interval '1 hour' where host = any($1)";
        await db.query(silence, [names]);
        await db.query("update skeduler.watch set since = now() - interval '1 hour', seen_at = now()");
        return async () => giveUpLostHosts(db, 300_000).then(() => "done");
      }
      case "register":
      case "beat":
      case "clean":
      case "set state":
      case "remove":
      case "check GPU":
        return this.#ofHost(db, command);
    }
  }

  async #create(db: Session, { experiment, after, retries, grouped }: CommandOf<"create">): Promise<Act> {
    const needs = [experiment, ...(after === undefined ? [] : [after])].map((one) => this.#id(one));
    const { rows } = await db.query("select id::text as id from public.jobs where id = any($1::uuid[])", [needs]);
    const known = new Set(rows.map((one) => (one as { id: string }).id));
    const [id = "", needed] = needs;
    if (known.has(id) || (needed !== undefined && !known.has(needed))) return async () => Promise.resolve("nothing");
    const member = { name: "e", command: "", environment: "{}", combination: "{}" };
    const row = {
      id,
      body: JSON.stringify({ name: "e", description: "0", docker: { image: "i" } }),
      owner: "test",
      retries: retriesOf(retries),
      after: needs.slice(1),
      ...(grouped && { sweep: { group: this.#group, member } }),
    };
    return async () => createExperiments(db, [row]).then(() => "created");
  }

  async #ofAttempt(db: Session, command: AttemptCommand): Promise<Act> {
    const { rows } = await db.query(
      `select a.id::text as id, a.epoch::int as epoch, a.next_seq::int as next
         from skeduler.attempts a join public.jobs j on j.id = a.experiment_id and a.number = j.attempt - $2::int
        where j.id = $1`,
      [this.#id(command.experiment), command.back],
    );
    if (rows[0] === undefined) return async () => Promise.resolve("nothing");
    const row = z.object({ id: z.string(), epoch: z.number(), next: z.number() }).parse(rows[0]);
    const fence = { attemptId: row.id, epoch: String(epochOf(row.epoch, command.epoch)) };
    switch (command.do) {
      case "start": {
        const started = { startedAt: new Date(), output: undefined };
        return async () => said((await recordStart(db, fence, started)) !== undefined);
      }
      case "append": {
        const builder = new ChunkBuilder();
        builder.add("stdout", 1_800_000_000, 0, Buffer.from("line\n"), 0, 5);
        const append = { ...fence, seq: row.next + command.ahead, chunk: builder.take(), position: {} };
        return async () => said(await appendLog(db, append));
      }
      case "close": {
        const result = { reason: reasonOf[command.end], exit_code: exitCodeOf[command.end], signal: null, message: "" };
        const retryIn = command.retry ? 0 : undefined;
        const end = { result, finished: result.reason === "exited", endedAt: undefined, retryIn };
        return async () => said(await closeAttempt(db, fence, end));
      }
    }
  }

  async #ofHost(db: Session, command: HostCommand): Promise<Act> {
    const host = this.#host(command.host);
    const { rows } = await db.query(
      `select epoch::int as epoch, lost_at::text as lost_at, beats::text as beats
         from skeduler.hosts h join skeduler.heartbeats b on b.host = h.name where h.name = $1`,
      [host],
    );
    const row = z.object({ epoch: z.number(), lost_at: z.string().nullable(), beats: z.string() }).parse(rows[0]);
    const epoch = "epoch" in command ? String(epochOf(row.epoch, command.epoch)) : "";
    switch (command.do) {
      case "register":
        return async () => this.#register(db, command.host, command.checks).then(() => "done");
      case "beat":
        return async () => {
          const found = await beat(
            db,
            { host, epoch, beats: row.beats },
            { known: [], closed: [] },
            {
              trouble: command.trouble,
              load: undefined,
            },
          );
          return found.verdict !== "heard" ? found.verdict : found.clean ? "clean" : "unclean";
        };
      case "clean": {
        const lost = command.current ? row.lost_at : "2020-01-01T00:00:00Z";
        return async () => hostIsClean(db, host, epoch, lost).then(() => "done");
      }
      case "set state": {
        const asked = { name: host, state: command.state, reason: undefined, by: "test" };
        return async () => said(await changeHost(db, asked));
      }
      case "remove":
        return async () => {
          const found = await removeHost(db, host, "test");
          return said(found !== undefined && !found.alive && found.open === 0);
        };
      case "check GPU": {
        const gpu = this.#gpu(command.host, command.gpu);
        const found = (await readWithheldGpus(db, host, String(row.epoch))).find((one) => one.gpu === gpu);
        const stamp = found === undefined || command.outdated ? randomUUID() : found.stamp;
        return async () => {
          if (command.dirty) await withholdGpus(db, host, epoch, [{ gpu, stamp, reason: "dirty" }]);
          else await offerGpus(db, host, epoch, [{ gpu, stamp }]);
          return "done";
        };
      }
    }
  }

  #id(experiment: number): string {
    return this.#ids[experiment] ?? "";
  }

  #gpu(host: number, gpu: number): string {
    return `${host}/${gpu}`;
  }

  async #register(db: Session, host: number, checks: boolean): Promise<void> {
    const gpus = Array.from({ length: gpusOfHost }, (_, index) => ({
      uuid: this.#gpu(host, index),
      index,
      name: "GPU",
      memoryMiB: 1,
    }));
    await registerHost(db, {
      name: this.#host(host),
      engineId: "engine",
      slots: 9,
      labels: [],
      gpus,
      cpus: 9,
      memoryBytes: 9,
      version: "test",
      fencedWithin: undefined,
      checksGpus: checks,
      known: undefined,
    });
  }
}

const said = (done: boolean): string => (done ? "done" : "refused");
