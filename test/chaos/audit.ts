// One experiment that has ended, compared with what its containers wrote down themselves: attempts, starts, exit code and reason,
// times, logs byte for byte, events, queue jobs.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Client } from "./client.ts";
import { compare, lines } from "./compare.ts";
import type { Entry } from "./ledger.ts";
import type { AttemptRow, ExperimentRow, Observer } from "./observer.ts";
import type { World } from "./world.ts";

/** What clocks that count whole seconds and a busy machine may differ by, ms. */
const clockMargin = 4_000;
/** The most that a container killed while it wrote may have written down but not printed: a pipe of tee. */
const unprinted = 128 * 1024;

export class Auditor {
  readonly #world: World;
  readonly #observer: Observer;
  readonly #client: Client;

  constructor(world: World, observer: Observer, client: Client) {
    this.#world = world;
    this.#observer = observer;
    this.#client = client;
  }

  /** False where something of it could not be read now. The log that a tail must have given, by attempts. */
  async audit(entry: Entry, experiment: ExperimentRow): Promise<Buffer[] | undefined> {
    const attempts = await this.#observer.attemptsOf(entry.id);
    const events = await this.#observer.query<{ kind: string; count: number }>(
      "select kind, count(*)::int as count from skeduler.events where experiment_id = $1 group by kind",
      [entry.id],
    );
    const jobs = await this.#observer.query<{ attempt: string; count: number }>(
      `select payload ->> 'attempt' as attempt, count(*)::int as count from chaos.added
        where identifier like 'start-experiment/%' and payload ->> 'attempt' = any($1::text[]) group by 1`,
      [(attempts ?? []).map((one) => one.id)],
    );
    const notices = await this.#observer.query<{ status: string; count: number }>(
      "select status::text as status, count(*)::int as count from skeduler.notifications where experiment_id = $1 group by status",
      [entry.id],
    );
    if (attempts === undefined || events === undefined || jobs === undefined || notices === undefined) return undefined;
    this.#checkNotices(entry, attempts.length, new Map(notices.map(({ status, count }) => [status, count])));
    this.#checkEnd(entry, experiment, attempts);
    this.#checkEvents(entry, attempts, new Map(events.map(({ kind, count }) => [kind, count])));
    for (const { id } of attempts) {
      const count = jobs.find((one) => one.attempt === id)?.count ?? 0;
      if (count !== 1) this.#wrong("one queue job a change", entry, `attempt ${id} had ${count} start jobs`);
    }
    const logs: Buffer[] = [];
    for (const attempt of attempts) {
      this.#checkAttempt(entry, attempt);
      await this.#checkLogs(entry, attempt);
      logs.push((await this.#client.call("GET", `/logs/${entry.id}?attempt=${attempt.number}`)).bytes);
    }
    return logs;
  }

  #wrong(invariant: string, { id, plan }: Entry, what: string): void {
    this.#world.findings.violated(invariant, `${plan.kind} ${id}: ${what}`);
  }

  #checkEnd(entry: Entry, { status, result }: ExperimentRow, attempts: readonly AttemptRow[]): void {
    const { plan } = entry;
    const last = attempts.at(-1);
    const allowed = (1 + (plan.retries?.count ?? 0)) * (entry.asked ? 2 : 1);
    if (attempts.length > allowed)
      this.#wrong("no attempt that nobody asked for", entry, `${attempts.length} attempts, ${allowed} allowed`);
    for (const before of attempts.slice(0, -1)) {
      const reason = before.result?.reason ?? "";
      if (plan.retries?.on.includes(reason) !== true && !entry.asked)
        this.#wrong("no attempt that nobody asked for", entry, `attempt ${before.number + 1} after ${reason}`);
    }
    if (status === "CANCELLED" && result?.reason === "user") {
      if (plan.cancelAfter === undefined) this.#wrong("cancelled only when asked", entry, "nobody did");
      return;
    }
    if (entry.cancelledAt !== undefined)
      this.#wrong("cancel is final", entry, `it is ${status}, ${JSON.stringify(result)}`);
    if (last === undefined) this.#wrong("an end has an attempt", entry, `it is ${status} without one`);
    else if (JSON.stringify(last.result) !== JSON.stringify(result))
      this.#wrong(
        "the end is the last attempt's",
        entry,
        `${JSON.stringify(result)} and ${JSON.stringify(last.result)}`,
      );
    if ((status === "FINISHED") !== ["exited", "oom"].includes(result?.reason ?? ""))
      this.#wrong("the status fits the result", entry, `${status} with ${result?.reason ?? "none"}`);
  }

  #checkEvents(entry: Entry, attempts: readonly AttemptRow[], events: ReadonlyMap<string, number>): void {
    const expected = { placed: attempts.length, closed: attempts.length, enqueued: 1 + (entry.asked ? 1 : 0) };
    for (const [kind, count] of Object.entries(expected)) {
      const found = events.get(kind) ?? 0;
      if (found !== count) this.#wrong("one event a change", entry, `${found} events "${kind}", not ${count}`);
    }
    if ((events.get("cancelled") ?? 0) > 1) this.#wrong("one event a change", entry, "cancelled more than once");
  }

  /** One for each change: what is placed was enqueued before, what waits may be cancelled, what is asked for again ends again. */
  #checkNotices(entry: Entry, attempts: number, notices: ReadonlyMap<string, number>): void {
    const of = (status: string): number => notices.get(status) ?? 0;
    const ends = of("FINISHED") + of("CANCELLED");
    const right =
      of("RUNNING") === attempts && ends === (entry.asked ? 2 : 1) && [attempts, attempts + 1].includes(of("ENQUEUED"));
    if (!right)
      this.#wrong("one notice a change", entry, `${attempts} attempts, notices ${JSON.stringify([...notices])}`);
  }

  #file({ experiment_id, number }: AttemptRow, name: string): Buffer | undefined {
    const path = join(this.#world.outputs, experiment_id, String(number), name);
    return existsSync(path) ? readFileSync(path) : undefined;
  }

  #seconds(attempt: AttemptRow, name: string): number | undefined {
    const text = this.#file(attempt, name)?.toString().trim();
    return text === undefined || text === "" ? undefined : Number(text) * 1000;
  }

  /** When Docker was down while the attempt was open. */
  #outages(attempt: AttemptRow): World["outages"] {
    const begun = this.#seconds(attempt, "begin") ?? 0;
    const closed = attempt.closed_at?.getTime() ?? Infinity;
    return this.#world.outages.filter(({ from, to }) => from < closed && begun < to + 1_000);
  }

  #checkAttempt(entry: Entry, attempt: AttemptRow): void {
    const { plan } = entry;
    const { result, number, started_at, ended_at } = attempt;
    const starts = lines(this.#file(attempt, "starts") ?? Buffer.alloc(0));
    if (starts > 1) this.#wrong("started at most once an attempt", entry, `attempt ${number} ran ${starts} times`);
    const [begun, ended] = [this.#seconds(attempt, "begin"), this.#seconds(attempt, "end")];
    const far = (a: number, b: Date | null): boolean => b === null || Math.abs(a - b.getTime()) > clockMargin;
    const reason = result?.reason ?? "none";
    this.#world.findings.count(`attempts ended by ${reason}`);
    const during = this.#outages(attempt);
    const hit = during.some((outage) => outage.containersToo);
    // Of what ended while Docker was down, Docker itself does not know how.
    const unseen = result?.exit_code === 255 && during.length > 0;
    // Killed in the midst of a start, it does not know of what it started: that cannot be followed, and is ended.
    const forgotten = /^Docker was killed, and has forgotten/.test(result?.message ?? "") && during.length > 0;
    if (unseen) this.#world.findings.count("ends that Docker did not see");
    const explained =
      reason === "exited" ||
      (reason === "user" && entry.cancelledAt !== undefined) ||
      (reason === "engine" && (hit || forgotten)) ||
      (reason === "host_lost" && this.#world.silent.has(attempt.host));
    if (!explained)
      this.#wrong("every end has its reason", entry, `attempt ${number} ended by ${JSON.stringify(result)}`);
    if (begun !== undefined && started_at !== null && far(begun, started_at))
      this.#wrong(
        "times are right",
        entry,
        `attempt ${number} began ${new Date(begun).toISOString()}, stored ${started_at.toISOString()}`,
      );
    if (ended !== undefined && reason !== "host_lost") {
      const code = plan.exitOf(number);
      if (result?.exit_code !== code && !(entry.cancelledAt !== undefined || hit || unseen || forgotten))
        this.#wrong(
          "exit codes are right",
          entry,
          `attempt ${number} ended with ${code}, stored ${JSON.stringify(result)}`,
        );
      if (far(ended, ended_at) && !unseen && !forgotten)
        this.#wrong(
          "times are right",
          entry,
          `attempt ${number} ended ${new Date(ended).toISOString()}, stored ${ended_at?.toISOString() ?? "none"}`,
        );
    } else if (reason === "exited" && !hit && entry.cancelledAt === undefined)
      this.#wrong(
        "exit codes are right",
        entry,
        `attempt ${number} did not end by itself, stored ${JSON.stringify(result)}`,
      );
  }

  async #checkLogs(entry: Entry, attempt: AttemptRow): Promise<void> {
    const { findings } = this.#world;
    const log = async (stream: string): Promise<Buffer> =>
      (await this.#client.call("GET", `/logs/${entry.id}?attempt=${attempt.number}&stream=${stream}`)).bytes;
    const ours = (await log("skeduler")).toString();
    const gap = /may be missing/.test(ours) && this.#outages(attempt).length > 0;
    const byItself = this.#file(attempt, "end") !== undefined && attempt.result?.reason !== "host_lost";
    for (const [stream, file] of [
      ["stdout", "out"],
      ["stderr", "err"],
    ] as const) {
      const written = this.#file(attempt, file) ?? Buffer.alloc(0);
      const stored = await log(stream);
      findings.count("lines written", lines(written));
      findings.count("bytes written", written.length);
      findings.count("logs compared");
      const found = compare(written, stored);
      if (found.exact) continue;
      // Killed while it wrote: the file is ahead by what was not printed any more.
      if (!byItself && found.prefix && (found.missing <= unprinted || attempt.result?.reason === "host_lost")) continue;
      findings.count(gap ? "lines lost, said" : "lines lost, unsaid", found.lost);
      findings.count("lines doubled", found.doubled);
      const what = `${stream} of attempt ${attempt.number} on ${attempt.host} differs ${found.where}`;
      if (gap && found.doubled === 0) {
        findings.count("gaps said");
        findings.say(`a gap that the log names: ${entry.id}: ${what}`);
      } else this.#wrong("logs are exact", entry, what);
    }
  }
}
