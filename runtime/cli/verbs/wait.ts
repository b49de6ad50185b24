// skeduler wait: until experiments, or all of a sweep, have ended and their logs are whole. Ends with the exit code of the first
// of them, in the order asked, that did not end with 0.

import { setTimeout as sleep } from "node:timers/promises";
import { isEnded } from "../../experiment/states.ts";
import { UserError } from "../../errors.ts";
import { parseDuration } from "../../experiment/units.ts";
import { jsonLine } from "../json-line.ts";
import { failed, timedOut, usage } from "../exit-codes.ts";
import { findId, shortId } from "../find.ts";
import { patiently } from "../patience.ts";
import { exitCodeOf } from "../result-code.ts";
import type { Options, Session, Verb } from "../session.ts";
import { StatusLine } from "../status-line.ts";
import { Tail } from "../tail.ts";
import { plain, plural } from "../text.ts";
import { experiment, group, type Experiment } from "../wire.ts";

/** How often a sweep is looked at, ms. */
const askEvery = 2_000;
/** How long the server may be away when its last word is asked for, ms. */
const endPatience = 60_000;

export const run: Verb["run"] = async (
  session,
  references,
  options: Options & { timeout?: string; group?: string },
) => {
  const ms = options.timeout === undefined ? undefined : parseDuration(options.timeout);
  if (options.timeout !== undefined && ms === undefined)
    throw new UserError(`--timeout ${options.timeout} is not a duration such as 30m.`, { exitCode: usage });
  if (references.length === 0 && options.group === undefined)
    throw new UserError("Say what to wait for: experiments, or --group.", { exitCode: usage });
  const over = ms === undefined ? undefined : AbortSignal.timeout(ms);
  const status = new StatusLine(session.err);
  try {
    if (options.group !== undefined) return await waitForGroup(session, options.group, status, over);
    const ids = await Promise.all(references.map(async (reference) => findId(session.client, reference)));
    if (session.err.isTerminal) status.set(`waiting for ${plural(ids.length, "experiment")}`);
    const ended = await Promise.all(ids.map(async (id) => waitFor(session, id, over)));
    status.set(undefined);
    for (const one of ended)
      await session.out.write(
        session.json
          ? jsonLine(one.text)
          : `${plain(one.name)} (${shortId(one.id)}): ${plain(one.result?.message ?? one.status)}\n`,
      );
    return ended.map(exitCodeOf).find((code) => code !== 0) ?? 0;
  } catch (error) {
    if (over?.aborted !== true) throw error;
    throw new UserError(`It has not ended after ${options.timeout ?? ""}.`, { exitCode: timedOut });
  } finally {
    status.set(undefined);
  }
};

/** By its tail without a line, which ends when the experiment has, wherever it is; a log that has expired has none. */
async function waitFor(
  { client }: Session,
  id: string,
  signal: AbortSignal | undefined,
): Promise<Experiment & { text: string }> {
  const tail = new Tail(client, id, { stream: "skeduler", tail: 0 });
  for (;;) {
    const text = await patiently(endPatience, async () => client.text("GET", `/experiments/${id}`));
    const found = experiment.parse(JSON.parse(text));
    if (isEnded(found.status) && found.attempt?.closed_at !== null) return { ...found, text };
    const bytes = tail.bytes({ onTrouble: () => undefined, ...(signal && { signal }) });
    while ((await bytes.next()).done !== true);
  }
}

async function waitForGroup(
  { client, out, json, err }: Session,
  reference: string,
  status: StatusLine,
  signal: AbortSignal | undefined,
): Promise<number> {
  const id = await findId(client, reference, "group");
  for (;;) {
    const text = await patiently(endPatience, async () => client.text("GET", `/groups/${id}`));
    const { name, experiments, counts, failed: bad, ended } = group.parse(JSON.parse(text));
    if (ended) {
      const good = experiments - bad - counts.CANCELLED;
      const sentence = `${plain(name)}: ${good} of ${experiments} succeeded, ${bad} failed, ${counts.CANCELLED} cancelled\n`;
      await out.write(json ? jsonLine(text) : sentence);
      return good === experiments ? 0 : failed;
    }
    if (err.isTerminal) status.set(`${name}: ${counts.RUNNING} running, ${counts.ENQUEUED} waiting of ${experiments}`);
    await sleep(askEvery, undefined, { signal });
  }
}
