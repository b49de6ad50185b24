// What a request carries on its way to a function: who sent it and the id that its answer and its log lines show.
import type { ServerResponse } from "node:http";
import type { Context, Handler } from "hono";

export interface Env {
  /** Node's side of the request; absent where the app is called without a server. */
  Bindings: { outgoing?: ServerResponse };
  Variables: {
    /** The name of the token that the request came with; "" on calls that need none. */
    owner: string;
    /** Also in the answer's X-Request-Id. */
    requestId: string;
    /** The pattern of the path, for those who count; "none" where there is nothing under it. */
    route: string;
  };
}

export type AppContext = Context<Env>;

/** A function of `functions/`, made with its dependencies. */
export type EndpointHandler = Handler<Env>;

/** The value of a header by its lower-case name: the same for hono's requests and node's upgrade requests. */
export type HeaderOf = (name: string) => string | undefined;
