// The server's socket: time-outs, limits, answers to what is not HTTP, and an end that lets requests finish.
// A response that streams is never cut by a time-out: those here bound only the request's arrival and the wait between requests.
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { getRequestListener } from "@hono/node-server";
import type { Hono } from "hono";
import type { Config } from "../config/schema.ts";
import { ApiError, UserError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Env } from "./env.ts";
import { toApiError, toResponse } from "./errors.ts";
import { answerError, answerTimeout } from "./raw-answer.ts";
import { requestIdOf } from "./request-id.ts";

/** Bytes of all headers together; tokens, cookies and ids need far less. */
export const maxHeaderBytes = 32 * 1024;
/** How long requests may go on after close(): then their connections are cut. Tails end by themselves before. */
const lastRequestMs = 30_000;

export interface Listening {
  readonly url: string;
  readonly port: number;
  /** Stops accepting, lets requests end (30 s at most); resolves when the last connection is closed. */
  close(reason: string): Promise<void>;
}

export type OnUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

interface Options {
  readonly onUpgrade: OnUpgrade;
  /** The key of the configuration that says where, for the sentence when that cannot be had. */
  readonly key?: string;
  readonly log: Log;
}

function onClientError(
  error: Error & { code?: string },
  socket: Duplex & { _httpMessage?: { headersSent: boolean } | null },
): void {
  // In the middle of an answer another one would only garble it.
  if (error.code === "ECONNRESET" || socket._httpMessage?.headersSent === true) {
    socket.destroy();
  } else if (error.code === "ERR_HTTP_REQUEST_TIMEOUT") {
    answerTimeout(socket);
  } else if (error.code === "HPE_HEADER_OVERFLOW") {
    answerError(
      socket,
      new ApiError("headers_too_large", `The request's headers are larger than ${maxHeaderBytes} bytes together.`),
    );
  } else {
    answerError(socket, new ApiError("bad_request", "This is not a correct HTTP/1.1 request."));
  }
}

async function listen(server: Server, { host, port }: Config["http"]["listen"], key: string): Promise<AddressInfo> {
  const { promise, resolve, reject } = Promise.withResolvers<AddressInfo>();
  server.once("error", (error: Error & { code?: string }) => {
    const at = `${host ?? "every interface"}, port ${port}`;
    const why =
      error.code === "EADDRINUSE"
        ? `port ${port} is taken by another program (${at})`
        : error.code === "EACCES"
          ? `port ${port} may not be used by this user`
          : `${at} cannot be listened on (${error.code ?? error.message})`;
    reject(new UserError(`The server cannot start: ${why}; choose another with ${key}.`, { cause: error }));
  });
  server.listen({ port, ...(host !== undefined && { host }) }, () => resolve(server.address() as AddressInfo));
  return promise;
}

async function close(server: Server, open: ReadonlySet<Socket>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  server.close(() => resolve(undefined));
  const idle = setInterval(() => {
    // A kept-alive connection becomes idle when its last request ends; close() looked only once.
    server.closeIdleConnections();
    // Nor does it count as idle what was opened ahead of need, as browsers do, and has said nothing yet.
    for (const socket of open) if (socket.bytesRead === 0) socket.destroy();
  }, 50);
  const last = setTimeout(() => server.closeAllConnections(), lastRequestMs);
  await promise;
  clearInterval(idle);
  clearTimeout(last);
}

/** Serves the app on `config.http.listen`; a UserError where the port cannot be had. */
export async function serve(
  app: Hono<Env>,
  config: Pick<Config, "http">,
  { onUpgrade, log, key = "http.listen" }: Options,
): Promise<Listening> {
  const { read_timeout, idle_timeout } = config.http;
  const handle = getRequestListener(app.fetch, {
    // Only what no Request can be made of comes here: the router answers all else.
    errorHandler: (error) => {
      const refused = error instanceof Error && error.name === "RequestError";
      const told = refused ? new ApiError("bad_request", "The request's target or Host header is malformed.") : error;
      const id = requestIdOf(undefined);
      return toResponse(toApiError(told, id, log), id);
    },
  });
  const server = createServer(
    {
      headersTimeout: read_timeout,
      requestTimeout: read_timeout,
      keepAliveTimeout: idle_timeout,
      connectionsCheckingInterval: Math.min(1000, read_timeout === 0 ? 1000 : read_timeout),
      maxHeaderSize: maxHeaderBytes,
      requireHostHeader: false, // the guard says it in JSON
      shouldUpgradeCallback: (request) => request.headers.upgrade?.toLowerCase() === "websocket",
    },
    (request, response) => {
      // What goes wrong in it is answered or logged by errorHandler.
      handle(request, response).catch(() => response.destroy());
    },
  );
  const open = new Set<Socket>();
  server.on("connection", (socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  });
  server.on("clientError", onClientError);
  server.on("upgrade", onUpgrade);
  const { port, family, address } = await listen(server, config.http.listen, key);
  server.on("error", (error) => log.error({ err: error }, "the server's socket failed"));
  const everywhere = address === "::" || address === "0.0.0.0";
  const host = everywhere ? "127.0.0.1" : family === "IPv6" ? `[${address}]` : address;
  return {
    url: `http://${host}:${port}`,
    port,
    close: async (reason) => {
      log.debug({ reason }, "the server stops");
      await close(server, open);
    },
  };
}
