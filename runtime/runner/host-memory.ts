// What a host remembers of its database, in files under `data`: how far its heartbeats had counted, which attempts it took up, whether
// it asked Docker to start them, and how each ended. A database that knows less was restored to a moment before. Written before the
// act that it tells of, so that a crash leaves a memory of too much rather than too little; a lost file, or one that cannot be read,
// costs the memory, never a container, nor the start.

import { appendFile, mkdir, readFile, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { attemptSpec, type AttemptSpec } from "../database/statements/runner.ts";
import { folderFault } from "../errors.ts";
import { reasons } from "../experiment/states.ts";
import type { Log } from "../log.ts";
import { linesOf, replace } from "./line-file.ts";

/** Of what ended longer ago nothing is told: nobody restores a database to so long ago and goes on. Ms. */
const keptFor = 30 * 24 * 3_600_000;
/** So many attempts, the newest, are remembered: those of an hour where several end each second, all where they run for hours. */
const mostKept = 20_000;
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
  z.object({ began: z.looseObject({ id: z.string() }), time: z.number() }), // an attemptSpec: judged where it is needed
  z.object({ start: z.enum(["asked", "refused"]), of: z.string(), time: z.number() }),
  z.object({ ended: z.string(), end, time: z.number() }),
]);
type Line = z.infer<typeof line>;

/** What an attempt was asked to be is in the file alone: it is long, and needed only after a restore. */
interface Remembered {
  readonly end: End | undefined;
  /** When Docker was asked to start it, if that was not refused, ms since the epoch. */
  readonly asked: number | undefined;
  /** When it was last written of, ms since the epoch. */
  readonly time: number;
}

export class HostMemory {
  readonly #marksFile: string;
  readonly #attemptsFile: string;
  /** The one last written of is the last. */
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

  /** `folder`: this host's own. A UserError where it cannot be made. */
  static async open(folder: string, installation: string, log: Log): Promise<HostMemory> {
    const memory = new HostMemory(folder, installation, log);
    await mkdir(folder, { recursive: true, mode: 0o700 }).catch((cause: unknown) => {
      throw folderFault(folder, cause);
    });
    await memory.#orLost(memory.#marksFile, async () => memory.#readMarks());
    await memory.#orLost(memory.#attemptsFile, async () => memory.#readAttempts());
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

  /** Docker is about to be asked to start an attempt's container; or has refused it. */
  async start(id: string, what: "asked" | "refused"): Promise<void> {
    await this.#write({ start: what, of: id, time: Date.now() });
  }

  /** When Docker was asked to start its container, by this runner or one before it that heard of no refusal. */
  startAsked(id: string): Date | undefined {
    const asked = this.#attempts.get(id)?.asked;
    return asked === undefined ? undefined : new Date(asked);
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

  /** All that are remembered. */
  get ids(): readonly string[] {
    return [...this.#attempts.keys()];
  }

  /** What these were asked to be, where that is known: enough to make their experiments anew. */
  async specsOf(ids: ReadonlySet<string>): Promise<ReadonlyMap<string, AttemptSpec>> {
    const specs = new Map<string, AttemptSpec>();
    if (ids.size === 0) return specs;
    await this.#orLost(this.#attemptsFile, async () => {
      for await (const entry of entriesOf(this.#attemptsFile)) {
        if (!("began" in entry) || !ids.has(entry.began.id)) continue;
        const spec = attemptSpec.safeParse(entry.began);
        if (spec.success) specs.set(spec.data.id, spec.data);
      }
    });
    return specs;
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

  async #readMarks(): Promise<void> {
    this.#marks = marks.safeParse(json(await readFile(this.#marksFile, "utf8"))).data;
    if (this.#marks !== undefined) this.#watchedUntil = (await stat(this.#marksFile)).mtime;
  }

  async #readAttempts(): Promise<void> {
    // Which of them were confirmed is not written: after so many others, what has ended was.
    const hasEnded = (id: string): boolean => this.endOf(id) !== undefined;
    for await (const entry of entriesOf(this.#attemptsFile)) {
      this.#take(entry);
      this.#forget(hasEnded);
    }
    await this.#kept(async () => this.#rewrite());
  }

  async #write(entry: Line): Promise<void> {
    this.#take(entry);
    this.#forget((id) => !this.#unsettled.has(id));
    const append = async (): Promise<void> =>
      appendFile(this.#attemptsFile, `${JSON.stringify(entry)}\n`, { mode: 0o600 });
    // One after the other: what is appended while the file is written anew would be lost.
    this.#writing = this.#writing.then(async () => {
      await this.#kept(append);
      this.#lines += 1;
      if (this.#lines > rewriteAfter) await this.#kept(async () => this.#rewrite());
    });
    await this.#writing;
  }

  async #kept(write: () => Promise<void>): Promise<void> {
    try {
      await write();
    } catch (error) {
      this.#log.error({ err: error }, "what this host should remember of its database could not be written");
    }
  }

  /** A file that cannot be read is put aside: what comes next is written to one that can. */
  async #orLost(file: string, read: () => Promise<void>): Promise<void> {
    try {
      await read();
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return;
      this.#log.warn(
        { err: error, file },
        "what this host remembered of its database cannot be read, and is put aside",
      );
      await this.#kept(async () => rename(file, `${file}.unreadable`));
    }
  }

  #take(entry: Line): void {
    const id = idOf(entry);
    if ("began" in entry) this.#unsettled.set(id, false);
    else if (!this.#attempts.has(id)) return;
    this.#attempts.delete(id);
    this.#attempts.set(id, {
      end: "ended" in entry ? entry.end : undefined,
      asked: "start" in entry && entry.start === "asked" ? entry.time : undefined,
      time: entry.time,
    });
  }

  /** The oldest go first, of those that may. */
  #forget(may: (id: string) => boolean): void {
    const since = Date.now() - keptFor;
    for (const [id, { time }] of this.#attempts) {
      if (this.#attempts.size <= mostKept && time >= since) return;
      if (!may(id)) continue;
      this.#attempts.delete(id);
      this.#unsettled.delete(id);
    }
  }

  async #rewrite(): Promise<void> {
    this.#lines = 0;
    await replace(this.#attemptsFile, this.#remembered());
  }

  async *#remembered(): AsyncGenerator<string> {
    for await (const lines of linesOf(this.#attemptsFile)) {
      const kept = lines.filter((written) => {
        const entry = entryOf(written);
        return entry !== undefined && this.#attempts.has(idOf(entry));
      });
      yield kept.map((written) => `${written}\n`).join("");
    }
  }
}

async function* entriesOf(file: string): AsyncGenerator<Line> {
  for await (const lines of linesOf(file))
    for (const written of lines) {
      const entry = entryOf(written);
      if (entry !== undefined) yield entry;
    }
}

function idOf(entry: Line): string {
  if ("began" in entry) return entry.began.id;
  return "start" in entry ? entry.of : entry.ended;
}

/** Undefined: it was cut by a crash. */
function entryOf(written: string): Line | undefined {
  return line.safeParse(json(written)).data;
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
