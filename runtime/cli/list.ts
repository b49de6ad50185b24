// The list of experiments as it comes: page by page, the next one asked for while this one is printed.

import { checked, type Client } from "./client.ts";
import { experiments, type Experiment } from "./wire.ts";

/** Experiments per request: about half a megabyte. */
const pageLength = 1000;

export interface ListQuery {
  readonly status?: string | undefined;
  readonly owner?: string | undefined;
  readonly name?: string | undefined;
  readonly group?: string | undefined;
  readonly updated_since?: string | undefined;
}

/** Pages in the order of the server, the newest first with `newest`, at most `limit` experiments. */
export async function* pages(
  client: Client,
  query: ListQuery,
  options: { readonly newest?: boolean; readonly limit?: number | undefined } = {},
): AsyncGenerator<Experiment[]> {
  let left = options.limit ?? Infinity;
  const ask = async (cursor: string | undefined): Promise<{ page: Experiment[]; cursor: string | undefined }> => {
    const order = options.newest === true ? "desc" : "asc";
    const answer = await client.open("GET", "/experiments", {
      query: { ...query, order, limit: Math.min(pageLength, left), cursor },
    });
    const next = answer.headers["skeduler-cursor"];
    const page = checked(experiments, await client.textOf(answer), "/experiments");
    return { page, cursor: typeof next === "string" ? next : undefined };
  };
  let next: ReturnType<typeof ask> | undefined = left > 0 ? ask(undefined) : undefined;
  while (next !== undefined) {
    const { page, cursor } = await next;
    left -= page.length;
    next = cursor === undefined || left <= 0 ? undefined : ask(cursor);
    next?.catch(() => undefined); // awaited in the next turn, if the reader asks for it
    yield page;
  }
}
