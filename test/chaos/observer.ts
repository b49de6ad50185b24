// Looks past every proxy at Postgres and at the Engine: rows and containers as they are. Where one of them is down, a look gives
// undefined. A trigger of its own keeps every queue job that was ever added, for the count at the end.

import pg from "pg";
import { hosts, type World } from "./world.ts";

interface Result {
  readonly reason: string;
  readonly exit_code: number | null;
  readonly message: string;
}

export interface AttemptRow {
  readonly id: string;
  readonly experiment_id: string;
  readonly number: number;
  readonly host: string;
  readonly gpus: string[];
  readonly started_at: Date | null;
  readonly ended_at: Date | null;
  readonly closed_at: Date | null;
  readonly result: Result | null;
  readonly next_seq: string;
  /** Its experiment is RUNNING with it. */
  readonly wanted: boolean;
}

export interface ExperimentRow {
  readonly id: string;
  readonly status: string;
  readonly attempt: number;
  readonly result: Result | null;
  readonly ended_at: Date | null;
}

export interface ContainerRow {
  readonly id: string;
  readonly attempt: string;
  readonly host: string;
  readonly running: boolean;
  readonly created: number;
}

const attemptColumns = `a.id::text as id, a.experiment_id::text as experiment_id, a.number, a.host, a.gpus, a.started_at, a.ended_at,
  a.closed_at, a.result, a.next_seq::text as next_seq, j.status = 'RUNNING' and j.attempt = a.number as wanted`;

export class Observer implements AsyncDisposable {
  readonly #world: World;
  readonly #pool: pg.Pool;
  installation = "";

  constructor(world: World) {
    this.#world = world;
    this.#pool = new pg.Pool({
      connectionString: world.postgres.url,
      max: 3,
      application_name: "chaos observer",
      connectionTimeoutMillis: 2_000,
      query_timeout: 10_000,
    });
    this.#pool.on("error", () => undefined);
    this.#pool.on("connect", (client) => client.on("error", () => undefined));
  }

  /** Once, before any load. */
  async prepare(): Promise<void> {
    await this.#pool.query(`
      create schema chaos;
      create table chaos.added (identifier text, key text, payload jsonb, at timestamptz default clock_timestamp());
      create function chaos.note() returns trigger language plpgsql as $$ begin
        if tg_op = 'INSERT' or new.payload::text is distinct from old.payload::text then
          insert into chaos.added (identifier, key, payload)
            select t.identifier, new.key, new.payload from graphile_worker._private_tasks t where t.id = new.task_id;
        end if; return null; end $$;
      create trigger chaos_note after insert or update on graphile_worker._private_jobs for each row execute function chaos.note();`);
    const { rows } = await this.#pool.query<{ id: string }>("select id::text as id from skeduler.installation");
    this.installation = rows[0]?.id ?? "";
  }

  /** Undefined where Postgres does not answer. */
  async query<R extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<R[] | undefined> {
    try {
      return (await this.#pool.query<R>(text, values)).rows;
    } catch (error) {
      // Ours to mend where Postgres understood and refused.
      if (error instanceof pg.DatabaseError && !/^(57P|53|08)/.test(error.code ?? "")) throw error;
      return undefined;
    }
  }

  async openAttempts(): Promise<AttemptRow[] | undefined> {
    return this.query<AttemptRow>(
      `select ${attemptColumns} from skeduler.attempts a join public.jobs j on j.id = a.experiment_id where a.closed_at is null`,
    );
  }

  async attemptsOf(experiment: string): Promise<AttemptRow[] | undefined> {
    return this.query<AttemptRow>(
      `select ${attemptColumns} from skeduler.attempts a join public.jobs j on j.id = a.experiment_id
        where a.experiment_id = $1 order by a.number`,
      [experiment],
    );
  }

  async experiments(): Promise<ExperimentRow[] | undefined> {
    return this.query<ExperimentRow>(
      "select id::text as id, status::text as status, attempt, result, ended_at from public.jobs",
    );
  }

  /** Of our installation and hosts; undefined where the Engine does not answer. */
  async containers(): Promise<ContainerRow[] | undefined> {
    try {
      const found = await this.#world.engine.docker.listContainers({
        all: true,
        filters: { label: [`skeduler.installation=${this.installation}`] },
        abortSignal: AbortSignal.timeout(10_000),
      });
      const own = found.filter(({ Labels }) => (hosts as readonly string[]).includes(Labels["skeduler.host"] ?? ""));
      return own.map(({ Id, Labels, State, Created }) => ({
        id: Id,
        attempt: Labels["skeduler.attempt"] ?? "",
        host: Labels["skeduler.host"] ?? "",
        running: State === "running",
        created: Created * 1000,
      }));
    } catch {
      return undefined;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.end();
  }
}
