// Rows in Postgres' binary form, by COPY … TO STDOUT: for what is large. An ordinary answer comes as text, of which pg makes
// strings: for bytea in hex, twice as long. All rows are held at once, so that no slow reader ever holds a connection:
// the caller asks for no more than it wants in memory. A COPY takes no parameters; values are written in as literals.

import pg from "pg";
import { bufferCollector } from "./collect-buffers.ts";
import type { Pool } from "./pool.ts";

const collect = bufferCollector();

export type Value = string | number | bigint | readonly string[];

/** Each row's fields; null where one is null. `$1`, `$2`, … in the text stand for the values. */
export async function copyOut(pool: Pool, select: string, values: readonly Value[]): Promise<(Buffer | null)[][]> {
  const text = select.replace(/\$(\d+)/g, (_, place: string) => literal(values[Number(place) - 1]));
  const client = await pool.connect();
  let fault: Error | undefined;
  try {
    const copy = new CopyOut(`copy (${text}) to stdout (format binary)`);
    client.query(copy);
    return rowsIn(await copy.done);
  } catch (error) {
    // Postgres' own complaint leaves the connection usable; anything else may have left it in the middle of an answer.
    if (!(error instanceof pg.DatabaseError)) fault = error instanceof Error ? error : new Error(String(error));
    throw error;
  } finally {
    client.release(fault);
  }
}

function literal(value: Value | undefined): string {
  if (value === undefined) throw new Error("a statement names a value that was not given");
  if (typeof value === "string") return pg.escapeLiteral(value);
  return typeof value === "object" ? `array[${value.map(literal).join(",")}]` : String(value);
}

/** What pg calls while the answer comes. */
class CopyOut {
  readonly done: Promise<Buffer[]>;
  readonly #text: string;
  readonly #settle: PromiseWithResolvers<Buffer[]>;
  readonly #messages: Buffer[] = [];

  constructor(text: string) {
    this.#text = text;
    this.#settle = Promise.withResolvers();
    this.done = this.#settle.promise;
  }

  submit(connection: pg.Connection): void {
    connection.query(this.#text);
  }

  /** Copies the message: pg uses its buffer again. */
  handleCopyData({ chunk }: { readonly chunk: Buffer }): void {
    this.#messages.push(Buffer.from(chunk));
    collect(chunk.length);
  }

  handleReadyForQuery(): void {
    this.#settle.resolve(this.#messages);
  }

  handleError(error: Error): void {
    this.#settle.reject(error);
  }

  handleCommandComplete(): void {
    // ready for query follows
  }
}

/** Signature (11 bytes), flags (4), length of an extension (4), which no server sends: before the first row, in its message. */
const headerLength = 19;

/** A server sends each row in a message of its own, and after the last one a message that says so. */
function rowsIn(messages: readonly Buffer[]): (Buffer | null)[][] {
  const rows: (Buffer | null)[][] = [];
  for (const [place, bytes] of messages.entries()) {
    let at = place === 0 ? headerLength : 0;
    const fields = bytes.readInt16BE(at);
    at += 2;
    if (fields < 0) break;
    const row: (Buffer | null)[] = [];
    for (let field = 0; field < fields; field += 1) {
      const length = bytes.readInt32BE(at);
      at += 4;
      row.push(length < 0 ? null : bytes.subarray(at, at + length));
      at += Math.max(0, length);
    }
    rows.push(row);
  }
  return rows;
}
