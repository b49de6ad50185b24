// skeduler logs: the log so far, or with -f to the experiment's end.

import { findId } from "../find.ts";
import { follow } from "../follow.ts";
import { sinceTime } from "../since.ts";
import type { Options, Verb } from "../session.ts";
import type { LogQuery } from "../tail.ts";

export interface LogOptions {
  readonly follow?: boolean;
  readonly tail?: number;
  readonly since?: string;
  readonly timestamps?: boolean;
  readonly stream?: string;
  readonly attempt?: number;
}

export function logQuery(options: LogOptions): LogQuery {
  return {
    stream: options.stream,
    timestamps: options.timestamps === true ? 1 : undefined,
    tail: options.tail,
    since: options.since === undefined ? undefined : sinceTime(options.since, Date.now()),
    attempt: options.attempt,
  };
}

export const run: Verb["run"] = async (session, [reference = ""], options: Options & LogOptions) => {
  const { client, out } = session;
  const id = await findId(client, reference);
  const query = logQuery(options);
  if (options.follow === true) {
    await follow(session, { id, query });
    return 0;
  }
  const answer = await client.open("GET", `/logs/${id}`, { query: { ...query } });
  for await (const part of client.bytesOf(answer)) await out.write(part);
  return 0;
};
