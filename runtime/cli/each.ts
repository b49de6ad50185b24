// Of several that were asked for: what is refused of one is told, and the others go on.

import { UserError } from "../errors.ts";
import { denied, failed, unreachable } from "./exit-codes.ts";
import type { Session } from "./session.ts";

/** Whether it is the same with the others. */
const endsAll: readonly number[] = [denied, unreachable];

/** Answers the exit code that all failures have in common, else 1. Throws what ends all: no token, no server, a defect. */
export async function each<T>(
  { complain }: Pick<Session, "complain">,
  items: readonly T[],
  work: (item: T) => Promise<void>,
): Promise<number> {
  const codes = new Set<number>();
  for (const item of items) {
    try {
      await work(item);
    } catch (error) {
      if (!(error instanceof UserError) || endsAll.includes(error.exitCode)) throw error;
      codes.add(error.exitCode);
      complain(error.message);
    }
  }
  const [code = 0] = codes;
  return codes.size > 1 ? failed : code;
}
