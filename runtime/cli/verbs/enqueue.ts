// skeduler enqueue, sweep create: puts experiments into the queue; their ids on stdout, one a line.

import { UserError } from "../../errors.ts";
import type { ExperimentFlags } from "../describe-experiment.ts";
import { bodyOf, enqueue } from "../enqueue.ts";
import { jsonLine } from "../json-line.ts";
import { usage } from "../exit-codes.ts";
import { shortId } from "../find.ts";
import type { Options, Verb } from "../session.ts";
import { plain, plural } from "../text.ts";

interface EnqueueOptions extends ExperimentFlags {
  readonly dryRun?: boolean;
  /** Only a sweep will do. */
  readonly sweep?: boolean;
}

export const run: Verb["run"] = async (session, words, options: Options & EnqueueOptions) => {
  const body = await bodyOf(session, words, options);
  if (options.sweep === true && body.kind !== "sweep")
    throw new UserError("A sweep needs values: --param lr=0.1,0.01, or a matrix in the file.", { exitCode: usage });
  if (options.dryRun === true) {
    await session.out.write(`${body.shown.trimEnd()}\n`);
    return 0;
  }
  const { experiments, group, text } = await enqueue(session, body);
  if (session.json) {
    await session.out.write(jsonLine(text));
    return 0;
  }
  await session.out.write(experiments.map(({ id }) => `${id}\n`).join(""));
  if (!session.err.isTerminal) return 0;
  const [first] = experiments;
  if (group !== undefined)
    session.say(
      `Enqueued the sweep ${group}: ${plural(experiments.length, "experiment")}; \`skeduler sweep show ${shortId(group)}\` counts them.`,
    );
  else if (experiments.length === 1 && first !== undefined)
    session.say(`Enqueued ${plain(first.name)}; \`skeduler logs -f ${shortId(first.id)}\` follows it.`);
  else session.say(`Enqueued ${plural(experiments.length, "experiment")}.`);
  return 0;
};
