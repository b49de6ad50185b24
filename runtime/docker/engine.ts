// The connection to one Docker Engine, and what it says of itself. An Engine that cannot be reached is an
// EngineUnreachable with one sentence; whatever else it answers goes to the caller as it is.

import { existsSync } from "node:fs";
import { buffer } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import Docker from "dockerode";
import { UserError } from "../errors.ts";

export interface Engine {
  readonly docker: Docker;
  /** "unix:///var/run/docker.sock" or "tcp://host:port". */
  readonly address: string;
}

/** The Engine does not answer: stopped, not installed, or not ours to use. */
export class EngineUnreachable extends Error {}
/** The Engine answered that something failed which is neither the image's nor the command's fault. */
export class EngineFailure extends Error {}

/** Where an Engine is expected when nobody says: DOCKER_HOST, the system's socket, a rootless one. */
function defaultAddress(): string {
  if (process.env["DOCKER_HOST"]) return process.env["DOCKER_HOST"];
  const rootless = `${process.env["XDG_RUNTIME_DIR"] ?? "/run/user/0"}/docker.sock`;
  return existsSync("/var/run/docker.sock") || !existsSync(rootless)
    ? "unix:///var/run/docker.sock"
    : `unix://${rootless}`;
}

/** An address that we speak, a socket's bare path as unix://; a UserError where it is none. */
function checked(address: string): string {
  if (/^(unix:\/\/)?\/./.test(address)) return address.replace(/^\//, "unix:///");
  if (/^(tcp|https?):\/\//.test(address) && URL.canParse(address) && new URL(address).hostname !== "") return address;
  throw new UserError(
    `No Docker Engine can be asked at "${address}" (docker.host, else DOCKER_HOST): write unix:///var/run/docker.sock, tcp://127.0.0.1:2375 or the like; ssh is not spoken here.`,
  );
}

/** Prepares a connection (nothing is sent yet). A UserError where the address is none. */
export function connectEngine(host?: string, limits = usualLimits): Engine {
  const address = checked(host ?? defaultAddress());
  const docker = new Docker(placeOf(address));
  readAnswersOf(docker, limits);
  return { docker, address };
}

function placeOf(address: string): Docker.DockerOptions {
  if (address.startsWith("unix://")) return { socketPath: address.slice("unix://".length) };
  const { hostname, port, protocol } = new URL(address);
  return {
    host: hostname.replace(/^\[|\]$/g, ""),
    port: Number(port || 2375),
    protocol: protocol === "https:" ? "https" : "http",
  };
}

/** How long an answer may take, ms: to a question, and to what changes something (the grace of a stop is added). */
const usualLimits = { question: 30_000, change: 60_000 };

/**
 * dockerode waits for ever for the rest of an answer that breaks off: an Engine that ends just as a container does would
 * leave us waiting for that container. So answers are read here, where a broken one is an error, and so is one that does not come
 * at all (a half-open connection). What was asked for may have been done all the same: whoever asks looks again.
 */
function readAnswersOf({ modem }: Docker, limits: typeof usualLimits): void {
  const dial = modem.dial.bind(modem);
  modem.dial = (options, done) => {
    if (options.isStream === true || options.hijack === true || options.openStdin === true) {
      dial(options, done);
      return;
    }
    const { t: grace = 0 } = (options.options ?? {}) as { readonly t?: number };
    const limit = options.method === "GET" ? limits.question : limits.change + grace * 1_000;
    const abortSignal = options.abortSignal ?? AbortSignal.timeout(limit);
    dial({ ...options, abortSignal, isStream: true }, (error, answer) => {
      if (error !== null) done?.(abortSignal.aborted ? noAnswer(limit, error) : error, null);
      else
        json(answer as NodeJS.ReadableStream).then(
          (read) => done?.(null, read),
          (fault: unknown) => done?.(abortSignal.aborted ? noAnswer(limit, fault) : (fault as Error), null),
        );
    });
  };
}

function noAnswer(limit: number, cause: unknown): Error {
  return Object.assign(new Error(`no answer within ${limit / 1000} s`, { cause }), { code: "ETIMEDOUT" });
}

/** The answer's JSON; where it is none, or empty, its bytes. */
async function json(answer: NodeJS.ReadableStream): Promise<object> {
  const bytes = await buffer(answer);
  try {
    return JSON.parse(bytes.toString()) as object;
  } catch {
    return bytes;
  }
}

export interface EngineDescription {
  readonly id: string;
  readonly version: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  /** Where it keeps its data, on its own machine. */
  readonly folder: string;
}

interface Info {
  ID: string;
  ServerVersion: string;
  NCPU: number;
  MemTotal: number;
  DockerRootDir: string;
}

export async function describeEngine(engine: Engine): Promise<EngineDescription> {
  const stranger = (why: string, cause?: unknown): EngineUnreachable =>
    new EngineUnreachable(`What answers at ${engine.address} is no Docker Engine, or refuses us: ${why}.`, { cause });
  const info = await asking(engine, async () => engine.docker.info() as Promise<Partial<Info>>).catch(
    (cause: unknown) => {
      throw cause instanceof EngineUnreachable ? cause : stranger(inShort(wordsOf(cause)), cause);
    },
  );
  if (!isInfo(info)) throw stranger("it does not say of itself what an Engine says");
  return {
    id: info.ID,
    version: info.ServerVersion,
    cpus: info.NCPU,
    memoryBytes: info.MemTotal,
    folder: info.DockerRootDir,
  };
}

function isInfo(info: Partial<Info>): info is Info {
  return typeof info.ID === "string" && typeof info.NCPU === "number" && typeof info.MemTotal === "number";
}

/** A stranger's words may be a whole page. */
function inShort(words: string): string {
  return words.replace(/\s+/g, " ").slice(0, 200);
}

/** Whether the Engine answers within `patience` ms. */
export async function pingEngine(engine: Engine, patience: number): Promise<boolean> {
  const answer = (engine.docker.ping() as Promise<unknown>).then(
    () => true,
    () => false,
  );
  return Promise.race([answer, sleep(patience, false, { ref: false })]);
}

const unreachable = new Set([
  "ECONNREFUSED",
  "ENOENT",
  "EACCES",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
]);

/** Whether the Engine could not be asked, or went away in the middle of its answer. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof EngineUnreachable || (statusOf(error) === undefined && unreachable.has(codeOf(error)));
}

/** Runs a request; a connection that fails becomes EngineUnreachable. */
export async function asking<T>(engine: Engine, request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (cause) {
    if (isUnreachable(cause)) {
      const code = codeOf(cause);
      const what =
        code === "EACCES"
          ? "may not be used by this user (EACCES): add it to the group docker, and log in again"
          : `does not answer (${code})`;
      throw new EngineUnreachable(`The Docker Engine at ${engine.address} ${what}.`, { cause });
    }
    throw cause;
  }
}

/** The HTTP status of an Engine's refusal, undefined where the error is none. */
export function statusOf(error: unknown): number | undefined {
  return typeof error === "object" && error !== null && "statusCode" in error && typeof error.statusCode === "number"
    ? error.statusCode
    : undefined;
}

function codeOf(error: unknown): string {
  return typeof error === "object" && error !== null && "code" in error && typeof error.code === "string"
    ? error.code
    : "";
}

/** Docker's own words, without dockerode's "(HTTP code 404) no such container -" in front. */
export function wordsOf(error: unknown): string {
  if (typeof error === "object" && error !== null && "json" in error) {
    const { json } = error;
    if (typeof json === "object" && json !== null && "message" in json && typeof json.message === "string") {
      return json.message.trim();
    }
  }
  return error instanceof Error ? error.message.replace(/^\(HTTP code \d+\) [^-]*- /, "").trim() : String(error);
}
