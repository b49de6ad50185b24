// A connection of a pool. What pg would do for each statement it does in two ways of its own, since V8 makes a function that is
// assigned to a property an old object at once: all that it can reach then stays until V8 looks at its whole heap, and pg assigns
// such a one to each statement that has a limit of time, or a promise. A statement and its answer would each be kept so.

import pg from "pg";

/**
 * A statement that is not answered for so long, ms, fails, and its connection goes: the other side vanished without a word (a
 * half-open connection). No statement of ours takes nearly as long.
 */
const answerPatience = 20_000;

type Answered = (error: unknown, result: unknown) => void;

export class PatientClient extends pg.Client {
  #asked = false;
  #patience: NodeJS.Timeout | undefined;

  constructor(config?: string | pg.ClientConfig) {
    super(config);
    endAtUnreadable(this.connection);
    this.on("drain", () => (this.#asked = false)); // all that was asked is answered
    this.on("end", () => clearTimeout(this.#patience));
  }

  override query: pg.Client["query"] = (...given: unknown[]): never => {
    this.#ask();
    const [statement, values] = given as [string, unknown[]];
    if (typeof given.at(-1) === "function" || isSubmittable(statement))
      return super.query(...(given as [string])) as never;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const answered: Answered = (error, result) => (error == null ? resolve(result) : reject(error));
    super.query(statement, values, answered);
    return promise.catch(fromHere) as never;
  };

  /** The clock starts anew with each statement: those of a connection come one after the other, in a pipeline a few at a time. */
  #ask(): void {
    this.#asked = true;
    this.#patience ??= setTimeout(() => {
      if (this.#asked) this.connection.stream.destroy(new Error("query read timeout: the statement was not answered"));
    }, answerPatience).unref();
    this.#patience.refresh();
  }
}

interface Reading {
  on(event: string, take: (bytes: Buffer) => void): unknown;
}

/**
 * What pg cannot read of an answer (a text longer than V8's longest) it throws where nobody catches it: the connection ends with that
 * error instead, and the statement fails with it.
 */
function endAtUnreadable(connection: pg.Connection): void {
  const reader = connection as unknown as { attachListeners(stream: Reading): void };
  const attach = reader.attachListeners.bind(reader);
  reader.attachListeners = (stream) => {
    const orEnd = (take: (bytes: Buffer) => void) => (bytes: Buffer) => {
      try {
        take(bytes);
      } catch (error) {
        connection.stream.destroy(error as Error);
      }
    };
    attach({ on: (event, take) => stream.on(event, event === "data" ? orEnd(take) : take) });
  };
}

function isSubmittable(statement: unknown): boolean {
  return typeof statement === "object" && statement !== null && "submit" in statement;
}

/** With the trace of whoever asked instead of the socket's. */
function fromHere(error: unknown): never {
  if (error instanceof Error) Error.captureStackTrace(error);
  throw error;
}
