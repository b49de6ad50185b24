// What a host remembers of its database, in files under `data`: how far its heartbeats had counted, which attempts it took up,
// and how each ended. A database that knows less was restored to a moment before. Written before the act that it tells of, so
// that a crash leaves a memory of too much rather than too little; a lost file costs the memory, never a container.

import { appendFile, mkdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { attemptSpec, type AttemptSpec } from "../database/statements/runner.ts";
import { reasons } from "../experiment/states.ts";
import type { Log } from "../log.ts";

/** Of what ended longer ago nothing is told: nobody restores a database to so long ago and goes on. Ms. */
const keptFor = 30 * 24 * 3_600_000;
/** Lines after which the file is written anew, without what is no longer kept. */
const rewriteAfter = 10_000;

const marks = z.object({ epoch: z.string().regex(/^\d+$/), beats: z.string().regex(/^\d+$/) });
/** The epoch that this host was given last, and how many heartbeats were counted. Neither ever goes back. */
export type Marks = z.infer<typeof marks>;

const end = z.object({
  result: z.object({
    reason: z.enum(reasons),
    exit_code: z.number().nullable(),
    signal: z.string().nullable(),
    message: z.string(),
  }),
  finished: z.boolean(),
  at: z.coerce.date().optional(),
  /** Whether it had a container that started. */
  ran: z.boolean(),
});
export type End = z.output<typeof end>;

const line = z.union([
  z.object({ began: attemptSpec, time: z.number() }),
  z.object({ ended: z.string(), end, time: z.number() }),
]);
type Line = z.infer<typeof line>;

interface Remembered {
  readonly attempt: AttemptSpec;
  end: End | undefined;
  time: number;
}

export class HostMemory {
  readonly #marksFile: string;
  readonly #attemptsFile: string;
  readonly #attempts = new Map<string, Remembered>();
  /** Attempts that no heartbeat has confirmed as closed; true: the database said that it closed them. */
  readonly #unsettled = new Map<string, boolean>();
  #marks: Marks | undefined;
  #watchedUntil: Date | undefined;
  #lines = 0;
  #writing: Promise<void> = Promise.resolve();

  readonly #log: Log;

  private constructor(folder: string, installation: string, log: Log) {
    this.#log = log;
    this.#marksFile = join(folder, `${installation}.json`);
    this.#attemptsFile = join(folder, `${installation}.attempts`);
  }

  /** `folder`: this host's own. */
  static async open(folder: string, installation: string, log: Log): Promise<HostMemory> {
    const memory = new HostMemory(folder, installation, log);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const text = await readOrNothing(memory.#marksFile);
    memory.#marks = text === "" ? undefined : marks.safeParse(json(text)).data;
    if (memory.#marks !== undefined) memory.#watchedUntil = (await stat(memory.#marksFile)).mtime;
    for (const written of (await readOrNothing(memory.#attemptsFile)).split("\n")) {
      const parsed = line.safeParse(json(written)); // the last one may have been cut by a crash
      if (parsed.success) memory.#take(parsed.data);
    }
    await memory.#kept(async () => memory.#rewrite());
    return memory;
  }

  /** Undefined: this host does not know this installation. */
  get marks(): Marks | undefined {
    return this.#marks;
  }

  /** The last heartbeat of the runner before this one, by this machine's clock: from then on nobody watched. */
  get watchedUntil(): Date | undefined {
    return this.#watchedUntil;
  }

  async heard(now: Marks): Promise<void> {
    this.#marks = now;
    await this.#kept(async () => replace(this.#marksFile, `${JSON.stringify(now)}\n`));
  }

  /** An attempt is taken up: from now on this host may have run it. */
  async began(attempt: AttemptSpec): Promise<void> {
    if (this.#attempts.has(attempt.id)) this.#unsettled.set(attempt.id, this.#unsettled.get(attempt.id) ?? false);
    else await this.#write({ began: attemptSpec.parse(attempt), time: Date.now() });
  }

  /** How an attempt ended is about to be reported. */
  async ended(id: string, how: End): Promise<void> {
    await this.#write({ ended: id, end: how, time: Date.now() });
  }

  /** The database has closed it. */
  closed(id: string): void {
    if (this.#unsettled.has(id)) this.#unsettled.set(id, true);
  }

  /** Whether this host took it up before. */
  knows(id: string): boolean {
    return this.#attempts.has(id);
  }

  endOf(id: string): End | undefined {
    return this.#attempts.get(id)?.end;
  }

  /** All of which something is kept. */
  get attempts(): readonly { readonly attempt: AttemptSpec; readonly end: End | undefined }[] {
    return [...this.#attempts.values()];
  }

  /** What the database must know: these attempts, and of them these as closed. */
  get unsettled(): { readonly known: string[]; readonly closed: string[] } {
    const closed = [...this.#unsettled].filter(([, isClosed]) => isClosed);
    return { known: [...this.#unsettled.keys()], closed: closed.map(([id]) => id) };
  }

  /** The database knows these as closed. */
  settle(ids: readonly string[]): void {
    for (const id of ids) this.#unsettled.delete(id);
  }

  async #write(entry: Line): Promise<void> {
    this.#take(entry);
    this.#lines += 1;
    // One after the other: what is appended while the file is written anew would be lost.
    const write = async (): Promise<void> =>
      this.#lines > rewriteAfter
        ? this.#rewrite()
        : appendFile(this.#attemptsFile, `${JSON.stringify(entry)}\n`, { mode: 0o600 });
    this.#writing = this.#writing.then(async () => this.#kept(write));
    await this.#writing;
  }

  async #kept(write: () => Promise<void>): Promise<void> {
    try {
      await write();
    } catch (error) {
      this.#log.error({ err: error }, "what this host should remember of its database could not be written");
    }
  }

  #take(entry: Line): void {
    if ("began" in entry) {
      this.#attempts.set(entry.began.id, { attempt: entry.began, end: undefined, time: entry.time });
      this.#unsettled.set(entry.began.id, false);
      return;
    }
    const remembered = this.#attempts.get(entry.ended);
    if (remembered !== undefined) Object.assign(remembered, { end: entry.end, time: entry.time });
  }

  async #rewrite(): Promise<void> {
    const lines: string[] = [];
    for (const [id, { attempt, end: how, time }] of this.#attempts) {
      if (time < Date.now() - keptFor && (how !== undefined || !this.#unsettled.has(id))) this.#attempts.delete(id);
      else {
        lines.push(JSON.stringify({ began: attempt, time }));
        if (how !== undefined) lines.push(JSON.stringify({ ended: id, end: how, time }));
      }
    }
    this.#lines = 0;
    await replace(this.#attemptsFile, lines.map((one) => `${one}\n`).join(""));
  }
}

/** Written whole and then put into place: a crash leaves the old file or the new one. */
async function replace(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text, { mode: 0o600 });
  await rename(`${file}.new`, file);
}

async function readOrNothing(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return "";
    throw error;
  }
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
