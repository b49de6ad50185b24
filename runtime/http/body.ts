// Reads a request's body as JSON, whatever its content type says, and never more of it than is allowed.
// Gives the text as it was sent too: numbers beyond 2^53 and the order of keys live only there.
import { Readable } from "node:stream";
import { ApiError } from "../errors.ts";
import { headersOf, nodeSide, type AppContext } from "./env.ts";
import { checkText } from "./check-text.ts";
import { invalidAt } from "./json-position.ts";

function tooLarge(maxBytes: number): ApiError {
  return new ApiError(
    "payload_too_large",
    `The body is larger than ${maxBytes} bytes, the limit here (http.max_body in the server's configuration).`,
  );
}

/** The body as it comes, counted: a chunked one has no length to check before. */
async function readBytes(c: AppContext, maxBytes: number): Promise<Buffer> {
  if (Number(headersOf(c)("content-length") ?? 0) > maxBytes) throw tooLarge(maxBytes);
  // From Node where it can be: by way of the Request it would be copied once more.
  const body = nodeSide(c)?.incoming ?? Readable.fromWeb(c.req.raw.body ?? new Blob([]).stream());
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const chunks: Buffer[] = [];
  let length = 0;
  const take = (chunk: Buffer): void => {
    length += chunk.length;
    chunks.push(chunk);
    if (length <= maxBytes) return;
    body.off("data", take).pause(); // whoever serves the connection drains or closes it
    reject(tooLarge(maxBytes));
  };
  const cut = (): void => reject(new ApiError("bad_request", "The body ended before all of it had come."));
  body.on("data", take);
  body.once("end", () => {
    body.off("close", cut);
    resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, length));
  });
  body.once("error", cut);
  body.once("close", cut);
  return promise;
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

function decode(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new ApiError("invalid_utf8", "The body is not correct UTF-8.");
  }
}

function parse(raw: string): unknown {
  try {
    return JSON.parse(raw);
  } catch {
    const at = invalidAt(raw);
    const lines = raw.slice(0, at).split("\n");
    const place = `line ${lines.length}, column ${(lines.at(-1) ?? "").length + 1}`;
    const what =
      raw.trim() === ""
        ? "The body is empty"
        : at >= raw.length
          ? `The body ends too early, at ${place}`
          : `The body is not JSON at ${place}`;
    throw new ApiError("invalid_json", `${what}: it must be one JSON value.`, {
      details: [{ path: "", message: `position ${at}` }],
    });
  }
}

/** The body's text and value; payload_too_large (413), invalid_utf8, invalid_json or validation (400) otherwise. */
export async function readJson(c: AppContext, maxBytes: number): Promise<{ raw: string; value: unknown }> {
  const raw = decode(await readBytes(c, maxBytes));
  const value = parse(raw);
  checkText(value, raw);
  return { raw, value };
}
