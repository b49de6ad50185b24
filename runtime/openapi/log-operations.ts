// The calls of logs.

import { logQuery } from "../logs/query.ts";
import type { Operation } from "./operation.ts";

const text = "text/plain";

export const logOperations: readonly Operation[] = [
  {
    method: "GET",
    path: "/logs/{id}",
    id: "readLog",
    tag: "Logs",
    summary: "The stored log so far",
    description:
      "Of the latest attempt, or of `attempt`: stdout and stderr as they were written, and lines of Skeduler's own, marked `[skeduler] `. Once the attempt is closed the answer has a length, an ETag and ranges (without `timestamps`, `tail` and `since`).",
    query: logQuery.omit({ after: true, ws: true, cursor: true }),
    headers: { Range: "bytes of a closed attempt's log", "If-None-Match": "an ETag: 304 where it still is that" },
    answers: {
      200: {
        description: "The log.",
        content: text,
        headers: { ETag: "of a closed attempt's log", "Accept-Ranges": "`bytes` for a closed attempt's log" },
      },
      206: { description: "The range.", content: text, headers: { "Content-Range": "which bytes of how many" } },
      304: { description: "It is what the ETag says.", content: "" },
    },
    errors: ["validation", "log_expired", "range_not_satisfiable"],
  },
  {
    method: "GET",
    path: "/logs/{id}/tail",
    id: "tailLog",
    tag: "Logs",
    summary: "The log, then live, until the experiment has ended",
    description:
      "Through the attempts of a retry. Who counts the bytes comes back after a cut with `after`: the header Skeduler-Position plus the bytes received. With `ws` this is a websocket: a binary message for each line without its newline, text messages with the position between them with `cursor`; it closes with 1000 at the end.",
    query: logQuery,
    answers: {
      200: {
        description: "The log as it comes.",
        content: text,
        headers: { "Skeduler-Position": "where it begins: ATTEMPT.BYTES" },
      },
      101: { description: "With `ws`: the websocket.", content: "" },
    },
    errors: ["validation", "log_expired", "upgrade_required"],
  },
];
