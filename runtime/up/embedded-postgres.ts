// The Postgres of `up`: the real server from npm, on 127.0.0.1 only, with a generated password, no unix socket.
// It lives in a session of its own, so neither Ctrl-C nor our death reaches it; an orphan of ours is found and used.
// As root it runs as the user `skeduler`, with binaries and data where that user can reach them.
import { createHash } from "node:crypto";
import { chmodSync, chownSync, existsSync, mkdirSync, realpathSync, renameSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { UserError } from "../errors.ts";
import { databaseName, makeCluster, postgresEnvironment, readPassword, roleName } from "./make-cluster.ts";
import { postgresBinaries } from "./postgres-binaries.ts";
import type { PostgresBinaries } from "./postgres-binaries.ts";
import { findPostmaster, removeStalePid, stopPostmaster } from "./postmaster.ts";
import type { Postmaster } from "./postmaster.ts";
import { eventually, isAlive, lastLines, startDetached } from "./processes.ts";
import { canReach, makeReachable, reachableRoot, unprivilegedUser } from "./system-user.ts";
import type { Owner } from "./system-user.ts";

export interface EmbeddedPostgresOptions {
  /** Where data, password and log belong; as root they go to /var/lib/skeduler where Postgres' user cannot reach this. */
  readonly folder: string;
  /** The port on 127.0.0.1; a free one where it is absent. */
  readonly port?: number;
  readonly log: (line: string) => void;
  /** False only in suites, whose data nobody misses: a crash of the machine may then destroy them. */
  readonly durable?: boolean;
}

export interface EmbeddedPostgres {
  readonly url: string;
  /** A server was running already, left by a start that was killed. */
  readonly adopted: boolean;
  /** Where data, password and log really are. */
  readonly base: string;
  readonly pid: number;
  /** Ends the server: fast, immediate after 10 s. "Already ended" is success. */
  readonly stop: () => Promise<void>;
}

/** Starts the server, or adopts the one that runs on these data. */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const durable = options.durable ?? true;
  const user = await unprivilegedUser(options.log);
  const base = await placeFor(options, user);
  const binaries = await postgresBinaries(user);
  await makeCluster(base, binaries, user, { durable, log: options.log });
  const data = join(base, "data");
  const orphan = await readyOrphan(data);
  if (orphan !== undefined) {
    options.log(`using the Postgres that still runs (process ${orphan.pid}, port ${orphan.port})`);
    return handle(base, orphan, true);
  }
  await removeStalePid(data);
  return handle(base, await start(base, binaries, user, { ...options, durable }), false);
}

function handle(base: string, server: Postmaster, adopted: boolean): EmbeddedPostgres {
  const stop = async (): Promise<void> => {
    if (!(await stopPostmaster(join(base, "data"))))
      throw new UserError(`The embedded Postgres (process ${server.pid}) could not be stopped.`);
  };
  const password = encodeURIComponent(readPassword(base));
  const url = `postgres://${roleName}:${password}@127.0.0.1:${server.port}/${databaseName}`;
  return { url, adopted, base, pid: server.pid, stop };
}

/** The folder itself if the way to it is open to Postgres' user, else one below /var/lib/skeduler that is named after it. */
async function placeFor(options: EmbeddedPostgresOptions, user: Owner | undefined): Promise<string> {
  mkdirSync(options.folder, { recursive: true, mode: user === undefined ? 0o700 : 0o755 });
  let base = realpathSync(options.folder);
  const name = createHash("sha256").update(base).digest("hex").slice(0, 12);
  const elsewhere = join(reachableRoot, `postgres-data-${name}`);
  if (user !== undefined && (existsSync(join(elsewhere, "data")) || !(await canReach(dirname(base), user)))) {
    if (!existsSync(elsewhere)) options.log(`Postgres' user cannot reach ${base}: its data go to ${elsewhere}`);
    base = elsewhere;
    makeReachable(base);
  }
  // The folder itself becomes the user's own and is closed to others.
  if (user !== undefined) chownSync(base, user.uid, user.gid);
  chmodSync(base, 0o700);
  return base;
}

/** Waits until a server that is on its way up is ready, or one on its way down is gone. */
async function readyOrphan(data: string): Promise<Postmaster | undefined> {
  let server = await findPostmaster(data);
  const settled = await eventually(120_000, async () => {
    server = await findPostmaster(data);
    return server === undefined || server.ready;
  });
  if (settled) return server;
  throw new UserError(
    `A Postgres runs on ${data} (process ${server?.pid ?? 0}) but takes no connections: stop it first.`,
  );
}

async function start(
  base: string,
  binaries: PostgresBinaries,
  user: Owner | undefined,
  options: EmbeddedPostgresOptions & { durable: boolean },
): Promise<Postmaster> {
  const [data, logFile] = [join(base, "data"), join(base, "postgres.log")];
  // One log of the start before is kept, for whoever asks what happened.
  if (existsSync(logFile)) renameSync(logFile, `${logFile}.1`);
  // Another process may take the free port first; after a kill, shared memory may be held for a moment.
  for (let attempt = 1; ; attempt++) {
    const port = options.port ?? (await freePort());
    const words = ["-D", data, ...settings(port, options.durable)];
    const pid = await startDetached(binaries.postgres, words, { logFile, ...user, env: postgresEnvironment() });
    let server: Postmaster | undefined;
    await eventually(120_000, async () => {
      server = await findPostmaster(data);
      return server?.ready === true || !isAlive(pid);
    });
    if (server?.ready === true) return server;
    if (attempt < 3) continue;
    throw new UserError(`The embedded Postgres did not start; the end of ${logFile}: ${lastLines(logFile, 5)}`);
  }
}

function settings(port: number, durable: boolean): string[] {
  const chosen = {
    listen_addresses: "127.0.0.1",
    port,
    unix_socket_directories: "",
    max_connections: 200,
    shared_buffers: "128MB",
    ...(!durable && { fsync: "off", synchronous_commit: "off", full_page_writes: "off" }),
  };
  return Object.entries(chosen).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}

async function freePort(): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const server = createServer().once("error", reject);
  server.listen(0, "127.0.0.1", () => {
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    server.close(() => {
      resolve(port);
    });
  });
  return promise;
}
