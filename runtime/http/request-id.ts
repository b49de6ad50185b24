// The id under which a request's answer and log lines are found: the client's or proxy's own where it is harmless, else a new one.
import { randomUUID } from "node:crypto";

export function requestIdOf(given: string | undefined): string {
  return given !== undefined && /^[\w.-]{1,100}$/.test(given) ? given : randomUUID();
}
