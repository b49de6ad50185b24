// What a request carries on its way to a function: who sent it, and Node's side of it.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Context, Handler } from "hono";

export interface Env {
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

/** Node's side of the request; undefined where the app is called without a server. */
export function nodeSide(c: AppContext): Env["Bindings"] | undefined {
  return c.env;
}

/** Node's own headers where there is a server: the Request's are looked up, and checked, anew each time. */
export function headersOf(c: AppContext): HeaderOf {
  const incoming = nodeSide(c)?.incoming;
  return incoming === undefined ? (name) => c.req.header(name) : headerOf(incoming);
}

export function headerOf(request: IncomingMessage): HeaderOf {
  return (name) => {
    const value = request.headers[name];
    return Array.isArray(value) ? value.join(", ") : value;
  };
}
