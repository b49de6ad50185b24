// The calls that are about the server itself: sessions, health, this document.

import { z } from "zod";
import { newSession } from "../../functions/create-session.ts";
import { healthAnswer, sessionAnswer } from "./answers.ts";
import type { Operation } from "./operation.ts";

const cookie = { "Set-Cookie": "HttpOnly, SameSite=Strict; it counts only with the server's own Origin" };

export const serverOperations: readonly Operation[] = [
  {
    method: "POST",
    path: "/session",
    id: "createSession",
    tag: "Server",
    summary: "Sign a browser in",
    description: "With the token in `Authorization` or in the body; answers a cookie for 30 days.",
    access: "open",
    body: { schema: newSession.meta({ id: "NewSession" }), example: { token: "…" }, optional: true },
    answers: { 200: { description: "Signed in.", content: sessionAnswer, headers: cookie } },
    errors: ["unauthorized"],
  },
  {
    method: "DELETE",
    path: "/session",
    id: "deleteSession",
    tag: "Server",
    summary: "Sign a browser out",
    access: "open",
    answers: { 200: { description: "The cookie is forgotten.", content: sessionAnswer, headers: cookie } },
  },
  {
    method: "GET",
    path: "/healthz",
    id: "healthz",
    tag: "Server",
    summary: "The process lives",
    access: "open",
    answers: { 200: { description: "It does.", content: healthAnswer } },
  },
  {
    method: "GET",
    path: "/readyz",
    id: "readyz",
    tag: "Server",
    summary: "It can serve: the database answers",
    access: "open",
    answers: { 200: { description: "It can.", content: healthAnswer } },
  },
  {
    method: "GET",
    path: "/metrics",
    id: "getMetrics",
    tag: "Server",
    summary: "What the process tells Prometheus",
    answers: { 200: { description: "Prometheus' text format.", content: "text/plain" } },
  },
  {
    method: "GET",
    path: "/openapi.json",
    id: "getOpenapi",
    tag: "Server",
    summary: "This document",
    access: "open",
    answers: { 200: { description: "OpenAPI 3.1.", content: z.record(z.string(), z.unknown()) } },
  },
  {
    method: "GET",
    path: "/docs",
    id: "getDocs",
    tag: "Server",
    summary: "This document as a page",
    access: "open",
    answers: { 200: { description: "The page.", content: "text/html" } },
  },
];
