// An attempt that ends without a container to follow, and which failures mean that.

import { BadCommand, ImageMissing } from "../docker/containers.ts";
import { EngineFailure } from "../docker/engine.ts";
import { PolicyRefusal } from "../docker/policy.ts";
import { ParseError } from "../experiment/command.ts";
import type { Reason } from "../experiment/states.ts";
import type { End } from "./host-memory.ts";
import { OutputFailure } from "./output-folder.ts";
import { SecretMissing, withoutSecrets } from "./secrets.ts";

/** The attempt ends here: there is no container to follow. */
export class Over extends Error {
  readonly end: End;
  constructor(end: End) {
    super(end.result.message);
    this.end = end;
  }
}

export class CouldNotRun extends Over {
  constructor(reason: Reason, words: string) {
    const message = cut(words);
    super({ result: { reason, exit_code: null, signal: null, message }, finished: false, ran: false });
  }
}

/** A sentence's, characters: it may quote what a user or Docker wrote, and stands in the row, an event and each notice. */
const longestSentence = 2000;

function cut(words: string): string {
  if (words.length <= longestSentence) return words;
  const characters = Array.from(words.slice(0, 2 * longestSentence));
  return characters.length <= longestSentence ? words : `${characters.slice(0, longestSentence - 1).join("")}…`;
}

export function cancelledBeforeStart(): CouldNotRun {
  return new CouldNotRun("user", "Cancelled before its container was started.");
}

/** What fails for good ends the attempt with its reason; `secrets` never show in the sentence. */
export async function orCouldNotRun<T>(work: () => Promise<T>, secrets: readonly string[] = []): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const words = withoutSecrets(error.message, secrets);
    if (error instanceof PolicyRefusal) throw new CouldNotRun("policy", words);
    if (error instanceof SecretMissing) throw new CouldNotRun("secret", words);
    if (error instanceof ImageMissing) throw new CouldNotRun("image", `The image is not on the host: ${words}`);
    if (error instanceof BadCommand || error instanceof ParseError)
      throw new CouldNotRun("command", `The command could not be started: ${words}`);
    if (error instanceof OutputFailure)
      throw new CouldNotRun("engine", `The output folder could not be made on the host: ${words}`);
    if (error instanceof EngineFailure) throw new CouldNotRun("engine", `Docker could not run it: ${words}`);
    throw error;
  }
}
