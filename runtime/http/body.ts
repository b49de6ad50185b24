// Reads a request's body as JSON, whatever its content type says, and never more of it than is allowed.
// Gives the text as it was sent too: numbers beyond 2^53 and the order of keys live only there.
import { ApiError } from "../errors.ts";
import { checkText } from "./check-text.ts";
import { invalidAt } from "./json-position.ts";

function tooLarge(maxBytes: number): ApiError {
  return new ApiError(
    "payload_too_large",
    `The body is larger than ${maxBytes} bytes, the limit here (http.max_body in the server's configuration).`,
  );
}

async function readBytes(request: Request, maxBytes: number): Promise<Buffer> {
  const announced = request.headers.get("content-length");
  if (announced !== null) {
    if (Number(announced) > maxBytes) throw tooLarge(maxBytes);
    return Buffer.from(await request.arrayBuffer()); // Node lets no more through than was announced
  }
  const chunks: Uint8Array[] = [];
  let length = 0;
  // A chunked body has no length to check before: it is counted as it comes. Throwing cancels the stream.
  for await (const chunk of (request.body ?? []) as AsyncIterable<Uint8Array>) {
    length += chunk.byteLength;
    if (length > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
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
export async function readJson(request: Request, maxBytes: number): Promise<{ raw: string; value: unknown }> {
  const raw = decode(await readBytes(request, maxBytes));
  const value = parse(raw);
  checkText(value);
  return { raw, value };
}
