// skeduler cancel, skeduler retry: asks for another status of experiments, of a whole sweep with --group.

import { checked } from "../client.ts";
import { findId, shortId } from "../find.ts";
import type { Options, Session, Verb } from "../session.ts";
import { plain } from "../text.ts";
import { experiment, group } from "../wire.ts";

const cancelledBody = JSON.stringify({ status: "CANCELLED" });

export const cancel: Verb["run"] = async (session, references, options: Options & { group?: string }) => {
  if (options.group !== undefined) await cancelGroup(session, options.group);
  await ask(session, references, { body: cancelledBody, done: "Cancelled" });
  return 0;
};

export const retry: Verb["run"] = async (session, references) => {
  await ask(session, references, { body: JSON.stringify({ status: "ENQUEUED" }), done: "Enqueued again:" });
  return 0;
};

async function ask(
  session: Session,
  references: readonly string[],
  { body, done }: { readonly body: string; readonly done: string },
): Promise<void> {
  const { client, out, json } = session;
  // All are found before the first is changed: a mistyped name changes nothing.
  const ids = await Promise.all(references.map(async (reference) => findId(client, reference)));
  for (const id of ids) {
    const text = await client.text("PUT", `/experiments/${id}`, { body });
    const { name } = checked(experiment, text, `/experiments/${id}`);
    await out.write(json ? `${text}\n` : `${done} ${plain(name)} (${shortId(id)})\n`);
  }
}

async function cancelGroup({ client, out, json }: Session, reference: string): Promise<void> {
  const id = await findId(client, reference, "group");
  const text = await client.text("PUT", `/groups/${id}`, { body: cancelledBody });
  const { name, counts } = checked(group, text, `/groups/${id}`);
  await out.write(json ? `${text}\n` : `Cancelled the sweep ${plain(name)}: ${counts.CANCELLED} of its experiments\n`);
}
