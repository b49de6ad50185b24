// What a request carries on its way to a function: who sent it, and Node's side of it.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Context, Handler } from "hono";

export interface Env {
  /** Node's side of the request; absent where the app is called without a server. */
  Bindings: { incoming?: IncomingMessage; outgoing?: ServerResponse };
  Variables: {
    /** The name of the token that the request came with; "" on calls that need none. */
    owner: string;
  };
}

export type AppContext = Context<Env>;

/** A function of `functions/`, made with its dependencies. */
export type EndpointHandler = Handler<Env>;

/** The value of a header by its lower-case name: the same for hono's requests and node's upgrade requests. */
export type HeaderOf = (name: string) => string | undefined;

export function headerOf(request: IncomingMessage): HeaderOf {
  return (name) => {
    const value = request.headers[name];
    return Array.isArray(value) ? value.join(", ") : value;
  };
}
