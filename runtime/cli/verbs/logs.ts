// skeduler logs: the log so far, or with -f to the experiment's end; where there is none, why.

import { findId } from "../find.ts";
import { follow } from "../follow.ts";
import { sinceTime } from "../since.ts";
import type { Options, Session, Verb } from "../session.ts";
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
  const id = await findId(session.client, reference);
  const query = logQuery(options);
  if (!(await show(session, id, query, options.follow === true))) {
    const { sayWhyEmpty } = await import("../no-log.ts");
    await sayWhyEmpty(session, id);
  }
  return 0;
};

/** Whether there was a byte. */
async function show(session: Session, id: string, query: LogQuery, following: boolean): Promise<boolean> {
  if (following) return (await follow(session, { id, query })).length > 0;
  const { client, out } = session;
  const answer = await client.open("GET", `/logs/${id}`, { query: { ...query } });
  let any = false;
  for await (const part of client.bytesOf(answer)) {
    await out.write(part);
    any = true;
  }
  return any;
}
