// What is said of an experiment that has no log, because it never began: how it ended, or why it waits.

import { reasonOf } from "./follow.ts";
import type { Session } from "./session.ts";
import { plain } from "./text.ts";
import { experiment, placement } from "./wire.ts";

/** On stderr, where the log that was asked for had no byte. One that was placed has a log, whatever part of it was asked for. */
export async function sayWhyEmpty({ client, say, err }: Session, id: string): Promise<void> {
  const { status, attempt, result } = await client.get(experiment, `/experiments/${id}`);
  let sentence: string | undefined;
  if (status === "ENQUEUED") sentence = reasonOf(await client.get(placement, `/experiments/${id}/placement`));
  else if (attempt === null) sentence = result?.message;
  if (sentence !== undefined) say(err.paint(plain(sentence), "dim"));
}
