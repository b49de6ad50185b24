// Experiments and groups as people name them: by id, by the beginning of an id, or by name (the newest of that name). Where
// a text could mean two of them nothing is guessed: it is an error that names both.

import { z } from "zod";
import { UserError } from "../errors.ts";
import type { Client } from "./client.ts";
import { missing } from "./exit-codes.ts";
import { plain } from "./text.ts";

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** As the server takes it. Fewer characters than four are too often the beginning of something. */
const beginning =
  /^(?=.{4})(?:[0-9a-f]{1,8}|[0-9a-f]{8}(?:-[0-9a-f]{4}){0,2}-[0-9a-f]{0,4}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{0,12})$/i;

const found = z.array(z.object({ id: z.string(), name: z.string() }));
type Kind = "experiment" | "group";

/** The id of what is named so. Throws a UserError where there is none, or more than one. */
export async function findId(client: Client, reference: string, kind: Kind = "experiment"): Promise<string> {
  if (uuid.test(reference)) return reference.toLowerCase();
  const path = `/${kind}s`;
  const order = kind === "experiment" ? { order: "desc" } : {};
  const [byId, byName] = await Promise.all([
    isBeginning(reference) ? client.get(found, path, { query: { id_prefix: reference, limit: 3, ...order } }) : [],
    client.get(found, path, { query: { name: reference, limit: 1, ...order } }),
  ]);
  const all = [...byId, ...byName.filter((one) => byId.every(({ id }) => id !== one.id))];
  const [first, second] = all;
  if (first === undefined)
    throw new UserError(
      `There is no ${kind} with the id or the name "${reference}": \`skeduler ${kind === "group" ? "sweep ls" : "ls"}\` shows what there is.`,
      { exitCode: missing },
    );
  if (second === undefined) return first.id;
  const names = all.map(({ id, name }) => `${id} (${plain(name)})`).join(", ");
  throw new UserError(`"${reference}" could be ${names}${byId.length === 3 ? ", …" : ""}: give more of the id.`);
}

/** Whether it could be the beginning of an id. */
export function isBeginning(text: string): boolean {
  return beginning.test(text);
}

/** Of an id, what is enough to name it in a table or a message. */
export function shortId(id: string): string {
  return id.slice(0, 8);
}
