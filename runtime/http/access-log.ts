// One debug line per request, a warning for a slow one, and a word to whoever counts them. The time is until the answer begins: what
// streams may go on for days. No query is shown: it may hold what its sender would not like to read here.
import type { Log } from "../log.ts";

/** Slower than this, ms, and it is worth a warning: most requests take a few. */
const slowMs = 1_000;

export interface AnsweredRequest {
  readonly method: string;
  /** The path's pattern, such as /experiments/:id; "none" where there is nothing under the path. */
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
}

export interface AccessLogOptions {
  readonly log: Log;
  readonly answered?: ((request: AnsweredRequest) => void) | undefined;
}

export interface Access extends Omit<AnsweredRequest, "seconds"> {
  readonly requestId: string;
  /** "" on calls that need no token. */
  readonly owner: string;
  readonly path: string;
  readonly ms: number;
}

export function noteAccess({ log, answered }: AccessLogOptions, asked: Access): void {
  const { requestId, owner, method, path, route, status, ms } = asked;
  answered?.({ method, route, status, seconds: ms / 1000 });
  if (ms < slowMs && !log.isLevelEnabled("debug")) return;
  const fields = { requestId, owner, method, path, status, ms: Math.round(ms * 10) / 10 };
  if (ms < slowMs) log.debug(fields, "request");
  else log.warn(fields, "a slow request");
}
