// The websocket end of a tail: the same guard, token and checks as every request, then the upgrade, pings, and a clean close.
// Whatever is wrong before the upgrade is answered as plain HTTP with the documented JSON.
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocket, WebSocketServer } from "ws";
import type { Config } from "../config/schema.ts";
import type { Token } from "../config/token-list.ts";
import { ApiError } from "../errors.ts";
import type { Log } from "../log.ts";
import { authenticate } from "./authenticate.ts";
import { headerOf } from "./env.ts";
import { toApiError } from "./errors.ts";
import { guard } from "./guard.ts";
import { parseUuid } from "./id.ts";
import type { OnUpgrade } from "./listen.ts";
import { keepAlive, pingMs } from "./liveness.ts";
import { answerError } from "./raw-answer.ts";
import { requestIdOf } from "./request-id.ts";

/** How long a client may take to answer our close before its connection is cut. */
const closeMs = 5000;

/** Sends the tail and closes the websocket; ends when it closes. */
export type SendTail = (ws: WebSocket) => Promise<void>;

export interface UpgradeDeps {
  readonly tokens: readonly Token[];
  readonly config: Pick<Config, "http">;
  readonly log: Log;
  /** Throws an ApiError when there is no such log or the query is wrong; else gives what sends the tail. */
  readonly openTail: (id: string, query: URLSearchParams) => Promise<SendTail>;
  /** Milliseconds between pings. */
  readonly pingEvery?: number;
}

function parseTarget(request: IncomingMessage): { id: string; query: URLSearchParams } {
  const [path = "", query = ""] = (request.url ?? "").split(/\?(.*)/s);
  const id = /^\/logs\/([^/]*)\/tail$/.exec(path)?.[1];
  if (id === undefined)
    throw new ApiError("not_found", "There is no websocket under this path; /logs/{id}/tail?ws is one.");
  return { id: parseUuid(id), query: new URLSearchParams(query) };
}

export function createUpgrade(deps: UpgradeDeps): { onUpgrade: OnUpgrade; close(): Promise<void> } {
  const server = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: 64 * 1024 });
  let closing = false;
  const requestIds = new WeakMap<IncomingMessage, string>();
  server.on("headers", (headers, request) => headers.push(`X-Request-Id: ${requestIds.get(request) ?? ""}`));
  server.on("wsClientError", (_error, socket, request) => {
    answerError(
      socket,
      new ApiError("bad_request", "This is not a correct websocket handshake (GET, version 13, a key)."),
      requestIds.get(request),
    );
  });

  async function tail(ws: WebSocket, send: SendTail, requestId: string, log: Log): Promise<void> {
    try {
      await send(ws);
    } catch (error) {
      if (ws.readyState !== WebSocket.OPEN) return; // the client left: whatever that broke is no news
      const told = toApiError(error, requestId, log);
      ws.close(told.code === "unavailable" ? 1013 : 1011, told.message.slice(0, 120));
    }
  }

  async function enter(request: IncomingMessage, socket: Duplex, head: Buffer, requestId: string): Promise<void> {
    const header = headerOf(request);
    guard(header, deps.config.http);
    const owner = authenticate(header, deps.tokens);
    const { id, query } = parseTarget(request);
    const send = await deps.openTail(id, query);
    if (closing) throw new ApiError("unavailable", "The server is stopping: try again.");
    if (socket.destroyed) return;
    const log = deps.log.child({ requestId, experiment: id });
    server.handleUpgrade(request, socket, head, (ws) => {
      log.debug({ owner, method: "GET", path: `/logs/${id}/tail?ws`, status: 101 }, "request");
      ws.on("error", (error) => log.debug({ err: error }, "a websocket failed"));
      keepAlive(ws, socket, deps.pingEvery ?? pingMs);
      tail(ws, send, requestId, log).catch(() => ws.terminate()); // tail answers its own errors
    });
  }

  return {
    onUpgrade: (request, socket, head) => {
      const requestId = requestIdOf(headerOf(request)("x-request-id"));
      requestIds.set(request, requestId);
      // A client that leaves while we look must not end the process.
      socket.on("error", () => socket.destroy());
      enter(request, socket, head, requestId).catch((error: unknown) =>
        answerError(socket, toApiError(error, requestId, deps.log), requestId),
      );
    },
    /** Closes every tail with 1001; resolves when all are gone, after 5 s at most. */
    close: async () => {
      closing = true;
      const open = [...server.clients].map(async (ws) => {
        const { promise, resolve } = Promise.withResolvers<undefined>();
        const timer = setTimeout(() => ws.terminate(), closeMs);
        ws.once("close", () => {
          clearTimeout(timer);
          resolve(undefined);
        });
        ws.close(1001, "the server is stopping");
        return promise;
      });
      await Promise.all(open);
    },
  };
}
