// A typed client of Skeduler's API for Node and browsers: openapi-fetch over types made from the OpenAPI document
// (npm run client), and the one thing that a document cannot say: how a log is followed through cuts.

import createClient, { type Client } from "openapi-fetch";
import type { components, paths } from "./schema.d.ts";

export type Experiment = components["schemas"]["Experiment"];
export type NewExperiment = components["schemas"]["NewExperiment"];
export type Host = components["schemas"]["Host"];
export type Placement = components["schemas"]["Placement"];
export type Group = components["schemas"]["Group"];

export interface Options {
  /** Such as http://localhost:8080. */
  readonly host: string;
  readonly token: string;
  /** In place of the global one. */
  readonly fetch?: typeof fetch;
}

export type Skeduler = Client<paths>;

/** The API: `skeduler.GET("/experiments/{id}", { params: { path: { id } } })` answers `{ data, error, response }`. */
export function skeduler(options: Options): Skeduler {
  return createClient<paths>({
    baseUrl: options.host,
    headers: { Authorization: `Bearer ${options.token}` },
    ...(options.fetch && { fetch: options.fetch }),
  });
}

/** What a server answered that was no success. */
export class SkedulerError extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, { error, code }: { readonly error: string; readonly code: string }) {
    super(error);
    this.status = status;
    this.code = code;
  }
}

export interface FollowOptions {
  /** A position (ATTEMPT.BYTES) to go on from. */
  readonly after?: string;
  /** stdout, stderr, skeduler, joined by commas. */
  readonly stream?: string;
  readonly signal?: AbortSignal;
  /** Ms between tries where the server is away. */
  readonly pause?: number;
}

/**
 * An experiment's log as it is printed, until it has ended: bytes as they come, each once, through cuts and restarts of the
 * server. Throws SkedulerError where there is no such log, and the signal's reason.
 */
export async function* follow(api: Skeduler, id: string, options: FollowOptions = {}): AsyncGenerator<Uint8Array> {
  const { stream, signal, pause = 1_000 } = options;
  let after = options.after;
  for (;;) {
    signal?.throwIfAborted();
    try {
      const query = { ...(after !== undefined && { after }), ...(stream !== undefined && { stream }) };
      const { data, error, response } = await api.GET("/logs/{id}/tail", {
        params: { path: { id }, query },
        parseAs: "stream",
        ...(signal && { signal }),
      });
      if (error !== undefined) throw new SkedulerError(response.status, error);
      after = response.headers.get("skeduler-position") ?? after;
      for await (const bytes of data as ReadableStream<Uint8Array>) {
        after = moved(after, bytes.length);
        yield bytes;
      }
      return;
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof SkedulerError && error.status !== 503) throw error;
      await new Promise((resolve) => setTimeout(resolve, pause)); // away, or cut off: come back where we were
    }
  }
}

function moved(position: string | undefined, bytes: number): string | undefined {
  const [attempt, offset] = position?.split(".") ?? [];
  return attempt === undefined || offset === undefined ? undefined : `${attempt}.${Number(offset) + bytes}`;
}
