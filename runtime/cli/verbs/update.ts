// skeduler update: changes name, description, metadata or priority, by flags or by JSON as PUT /experiments/{id} takes it.

import { UserError } from "../../errors.ts";
import { checked } from "../client.ts";
import { assign, assignmentsOf, type ExperimentFlags } from "../describe-experiment.ts";
import { jsonLine } from "../json-line.ts";
import { usage } from "../exit-codes.ts";
import { findId, shortId } from "../find.ts";
import { readBody } from "../read-experiment.ts";
import type { Options, Verb } from "../session.ts";
import { plain } from "../text.ts";
import { experiment } from "../wire.ts";

export const run: Verb["run"] = async (session, [reference = "", file], options: Options & ExperimentFlags) => {
  const { client, out, json, env } = session;
  const base = file === undefined ? {} : (await readBody(file)).value;
  const assignments = await assignmentsOf(options, { command: [] }, env);
  if (file === undefined && assignments.length === 0)
    throw new UserError("Say what to change: --name, --description, --metadata, --priority, or a file.", {
      exitCode: usage,
    });
  for (const [[field = ""], value] of assignments)
    if (value === null || value === "" || (field === "name" && options.name?.trim() === ""))
      throw new UserError(`--${field} cannot be emptied: "" and null leave a field as it is.`, { exitCode: usage });
  const id = await findId(client, reference);
  const text = await client.text("PUT", `/experiments/${id}`, { body: JSON.stringify(assign(base, assignments)) });
  const { name } = checked(experiment, text, `/experiments/${id}`);
  await out.write(json ? jsonLine(text) : `Updated ${plain(name)} (${shortId(id)})\n`);
  return 0;
};
