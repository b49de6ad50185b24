// HTTP to one server: requests with the token, answers as they come or checked by zod, and every failure as a sentence with
// what to do. On node:http, which starts faster than fetch and gives streams that can be left to wait.

import { Agent as HttpAgent, request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from "node:http";
import { z } from "zod";
import { UserError } from "../errors.ts";
import { denied, failed, missing, unreachable } from "./exit-codes.ts";
import type { Target } from "./target.ts";

/** How long the server may take until it begins to answer, ms. */
const patience = 30_000;
/** A connection that is silent for so long is asked whether it still lives, ms. */
const keepAliveAfter = 15_000;

export interface Ask {
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly signal?: AbortSignal | undefined;
}

/** The server could not be reached, or the connection broke: worth another try. */
export class Unreachable extends UserError {}

/** The server said no. */
export class Refused extends UserError {
  readonly status: number;
  constructor(sentence: string, status: number, exitCode = exitCodeOf(status)) {
    super(sentence, { exitCode });
    this.status = status;
  }
}

function exitCodeOf(status: number): number {
  if (status === 404) return missing;
  return status === 401 || status === 403 ? denied : failed;
}

const errorBody = z.object({
  error: z.string(),
  code: z.string(), // which tells it from the errors of other programs
  details: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});
type ErrorBody = z.infer<typeof errorBody>;

export class Client {
  readonly target: Target;
  readonly #agent: Promise<HttpAgent>;
  readonly #request: Promise<typeof httpRequest>;

  constructor(target: Target) {
    this.target = target;
    const https = target.host.startsWith("https:") ? import("node:https") : undefined;
    const options = { keepAlive: true };
    this.#agent = https?.then(({ Agent }) => new Agent(options)) ?? Promise.resolve(new HttpAgent(options));
    this.#request = https?.then(({ request }) => request) ?? Promise.resolve(httpRequest);
  }

  /** Any answer, whatever its status. Throws Unreachable. */
  async ask(method: string, path: string, { query, body, headers, signal }: Ask = {}): Promise<IncomingMessage> {
    const [agent, request] = await Promise.all([this.#agent, this.#request]);
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const sent = request(this.target.host + path + searchOf(query), {
      method,
      agent,
      headers: {
        Authorization: `Bearer ${this.target.token}`,
        ...(body !== undefined && { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) }),
        ...headers,
      },
      ...(signal && { signal }),
    });
    const slow = setTimeout(() => sent.destroy(new Error(`no answer for ${patience / 1000} s`)), patience);
    sent.on("socket", (socket) => socket.setKeepAlive(true, keepAliveAfter));
    sent.on("response", (answer) => {
      clearTimeout(slow);
      resolve(answer);
    });
    sent.on("error", (error) => {
      clearTimeout(slow);
      reject(signal?.aborted === true ? (signal.reason as Error) : this.#unreachable(error));
    });
    sent.end(body);
    return promise;
  }

  /** An answer of success, its body still to be read. Throws Refused. */
  async open(method: string, path: string, asked: Ask = {}): Promise<IncomingMessage> {
    const answer = await this.ask(method, path, asked);
    const status = answer.statusCode ?? 0;
    if (status >= 200 && status < 300) return answer;
    if (status >= 300 && status < 400)
      throw new Refused(
        `${this.target.host} is at another address now (${answer.headers.location ?? "?"}): \`skeduler login\` there.`,
        status,
      );
    throw this.#refused(status, await this.textOf(answer, asked));
  }

  /** An answer's body as it comes. Throws Unreachable where it breaks off. */
  async *bytesOf(answer: IncomingMessage, { signal }: Pick<Ask, "signal"> = {}): AsyncGenerator<Buffer> {
    try {
      for await (const part of answer) yield part as Buffer;
    } catch (error) {
      throw signal?.aborted === true ? signal.reason : this.#unreachable(error as Error);
    }
  }

  async textOf(answer: IncomingMessage, asked: Pick<Ask, "signal"> = {}): Promise<string> {
    const parts: Buffer[] = [];
    for await (const part of this.bytesOf(answer, asked)) parts.push(part);
    return Buffer.concat(parts).toString();
  }

  async text(method: string, path: string, asked: Ask = {}): Promise<string> {
    return this.textOf(await this.open(method, path, asked), asked);
  }

  async get<T>(schema: z.ZodType<T>, path: string, asked: Ask = {}): Promise<T> {
    return checked(schema, await this.text("GET", path, asked), path);
  }

  #refused(status: number, text: string): Refused {
    const told = errorBody.safeParse(safely(text)).data;
    // Whoever that was knows neither what there is nor who may see it.
    if (told === undefined)
      return new Refused(
        `${this.target.host} (from ${this.target.from}) answered ${status}, and not as Skeduler does: is that its address?`,
        status,
        unreachable,
      );
    if (status === 401)
      return new Refused(
        `${this.target.host} does not accept the token of ${this.target.from}: \`skeduler login\` again.`,
        status,
      );
    return new Refused([told.error, ...untold(told)].join("\n"), status);
  }

  #unreachable(error: Error & { code?: string }): Unreachable {
    const { host, from } = this.target;
    const why = error.code === undefined ? error.message : `${error.code}${reasons[error.code] ?? ""}`;
    const trouble =
      tlsTrouble(error, host) ??
      `${why}. Is \`skeduler up\` or \`skeduler api\` running there? \`skeduler context ls\` shows the others.`;
    return new Unreachable(`${host} (from ${from}) cannot be reached: ${trouble}`, {
      exitCode: unreachable,
      cause: error,
    });
  }
}

/** The details that the sentence leaves out, a line each. */
function untold({ error, details = [] }: ErrorBody): string[] {
  const said = (told: string, message: string): boolean =>
    error.includes(told) || (details.length === 1 && error.includes(message));
  return details.flatMap(({ path, message }) => {
    const told = path === "" ? message : `${path}: ${message}`;
    return said(told, message) ? [] : [`  ${told}`];
  });
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: ", nothing listens there",
  ENOTFOUND: ", there is no such host",
  ECONNRESET: ", the connection was cut",
};

const untrusted = "its certificate is not trusted here: NODE_EXTRA_CA_CERTS=FILE names one that is.";
const certificates: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "its certificate has expired.",
  CERT_NOT_YET_VALID: "its certificate is not valid yet: is the clock of this machine right?",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is another name's: `skeduler login` with the address that it is for.",
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
};

/** What is wrong with who answered, as a sentence's end with what to do; undefined where nobody did. */
function tlsTrouble({ code = "", message }: Error & { code?: string }, host: string): string | undefined {
  const plain = code === "ERR_SSL_WRONG_VERSION_NUMBER" || (code === "EPROTO" && message.includes("wrong version"));
  if (plain) return `it does not speak TLS: is it ${host.replace(/^https/, "http")}?`;
  const trouble = certificates[code];
  return trouble && `${code}, ${trouble}`;
}

function searchOf(query: Ask["query"]): string {
  const words = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) if (value !== undefined) words.set(name, String(value));
  const text = words.toString();
  return text === "" ? "" : `?${text}`;
}

/** The answer's text as a value of the schema; what does not fit it is another version's, or no Skeduler at all. */
export function checked<T>(schema: z.ZodType<T>, text: string, path: string): T {
  const parsed = schema.safeParse(safely(text));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new UserError(
    `The server's answer to ${path} is not understood (${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}): is it a Skeduler, and of this version?`,
    { cause: parsed.error },
  );
}

function safely(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether the same request may succeed later: the server was away, starts, or a proxy before it could not reach it. */
export function isPassing(error: unknown): boolean {
  return error instanceof Unreachable || (error instanceof Refused && [502, 503, 504].includes(error.status));
}
