// The calls of events.

import { z } from "zod";
import { eventSchema, listEventsQuery, streamEventsQuery } from "../events/query.ts";
import { nextPage } from "./answers.ts";
import type { Operation } from "./operation.ts";

export const eventOperations: readonly Operation[] = [
  {
    method: "GET",
    path: "/events",
    id: "listEvents",
    tag: "Events",
    summary: "Who did what, when",
    description: "A page of long events may have fewer than `limit`; the header tells whether more follow.",
    query: listEventsQuery,
    answers: {
      200: { description: "The events.", content: z.array(eventSchema.meta({ id: "Event" })), headers: nextPage },
    },
    errors: ["validation"],
  },
  {
    method: "GET",
    path: "/events/stream",
    id: "streamEvents",
    tag: "Events",
    summary: "What happens, as it happens",
    description:
      "Server-sent events: `id` is the event's, `data` its JSON. Begins now, or after `after` or Last-Event-ID, and neither skips nor repeats one.",
    query: streamEventsQuery,
    headers: { "Last-Event-ID": "the id of the event that was seen last" },
    answers: { 200: { description: "The stream; it ends when the server stops.", content: "text/event-stream" } },
    errors: ["validation"],
  },
];
