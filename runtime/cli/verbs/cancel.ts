// skeduler cancel, skeduler retry: asks for another status of experiments, of a whole sweep with --group. All are found before
// the first is changed, so that a mistyped name changes nothing; what is then refused is told, and the others go on.

import { checked, Refused } from "../client.ts";
import { each } from "../each.ts";
import { UserError } from "../../errors.ts";
import { jsonLine } from "../json-line.ts";
import { failed, usage } from "../exit-codes.ts";
import { findId, shortId } from "../find.ts";
import { pages } from "../list.ts";
import { exitCodeOf } from "../result-code.ts";
import type { Options, Session, Verb } from "../session.ts";
import { plain } from "../text.ts";
import { experiment, group } from "../wire.ts";

interface Asked {
  readonly body: string;
  readonly done: string;
}
const cancelling: Asked = { body: JSON.stringify({ status: "CANCELLED" }), done: "Cancelled" };
const retrying: Asked = { body: JSON.stringify({ status: "ENQUEUED" }), done: "Enqueued again:" };

type GroupOptions = Options & { readonly group?: string };

export const cancel: Verb["run"] = async (session, references, options: GroupOptions) => {
  const { ids, sweep } = await find(session, references, options);
  if (sweep !== undefined) await cancelGroup(session, sweep);
  return ask(session, ids, cancelling);
};

export const retry: Verb["run"] = async (session, references, options: GroupOptions) => {
  const { ids, sweep } = await find(session, references, options);
  const bad = sweep === undefined ? [] : await failedOf(session, sweep);
  if (ids.length + bad.length === 0) session.say("Nothing of this sweep has failed.");
  return ask(session, [...bad, ...ids], retrying);
};

async function find(
  { client }: Session,
  references: readonly string[],
  { group: name }: GroupOptions,
): Promise<{ readonly ids: readonly string[]; readonly sweep: string | undefined }> {
  if (references.length === 0 && name === undefined)
    throw new UserError("Say which: experiments, or --group.", { exitCode: usage });
  const [sweep, ...ids] = await Promise.all([
    name === undefined ? undefined : findId(client, name, "group"),
    ...references.map(async (reference) => findId(client, reference)),
  ]);
  return { ids, sweep };
}

async function ask(session: Session, ids: readonly string[], { body, done }: Asked): Promise<number> {
  const { client, out, json } = session;
  return each(session, ids, async (id) => {
    const path = `/experiments/${id}`;
    try {
      const text = await client.text("PUT", path, { body });
      await out.write(
        json ? jsonLine(text) : `${done} ${plain(checked(experiment, text, path).name)} (${shortId(id)})\n`,
      );
    } catch (error) {
      if (!(error instanceof Refused) || error.exitCode !== failed) throw error;
      throw new Refused(`${await nameOf(session, id)}: ${error.message}`, error.status);
    }
  });
}

async function nameOf({ client }: Session, id: string): Promise<string> {
  const { name } = await client.get(experiment, `/experiments/${id}`);
  return `${plain(name)} (${shortId(id)})`;
}

/** What ended badly by itself: what somebody cancelled was meant to end. */
async function failedOf({ client }: Session, sweep: string): Promise<string[]> {
  const bad: string[] = [];
  for await (const page of pages(client, { group: sweep, status: "FINISHED,CANCELLED" }))
    bad.push(...page.filter((one) => exitCodeOf(one) !== 0 && one.result?.reason !== "user").map(({ id }) => id));
  return bad;
}

async function cancelGroup({ client, out, json }: Session, id: string): Promise<void> {
  const text = await client.text("PUT", `/groups/${id}`, { body: cancelling.body });
  const { name, counts } = checked(group, text, `/groups/${id}`);
  await out.write(
    json ? jsonLine(text) : `Cancelled the sweep ${plain(name)}: ${counts.CANCELLED} of its experiments\n`,
  );
}
