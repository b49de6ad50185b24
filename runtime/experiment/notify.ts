// An experiment's `notify`: names of targets in the server's configuration; and the states of what they are sent.

import { ApiError } from "../errors.ts";

/** What became of a notification. */
export const deliveryStates = ["waiting", "sent", "failed"] as const;

/** Throws `validation` (400) naming the first that is not there, and those that are. */
export function checkNotify(
  names: readonly string[] | null | undefined,
  known: readonly string[],
  path = "notify",
): void {
  const place = (names ?? []).findIndex((name) => !known.includes(name));
  if (place < 0) return;
  const message = known.length === 0 ? "none is configured on this server" : `possible are ${known.join(", ")}`;
  throw new ApiError("validation", `${path}.${place}: there is no target "${names?.[place] ?? ""}"; ${message}.`, {
    details: [{ path: `${path}.${place}`, message }],
  });
}
