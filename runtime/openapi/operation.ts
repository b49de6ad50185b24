// One call of the API as the OpenAPI document describes it. The tables beside this file fill it in; document.ts writes it out.

import type { z } from "zod";
import type { ErrorCode } from "../errors.ts";

export interface Answer {
  readonly description: string;
  /** JSON; a text names another content type, "" no content. */
  readonly content: z.ZodType | string;
  /** Name → what it says. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Operation {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** As OpenAPI writes it: /experiments/{id}. */
  readonly path: string;
  readonly id: string;
  readonly tag: string;
  /** A few words. */
  readonly summary: string;
  /** Sentences; Markdown. */
  readonly description?: string;
  /** open: without a token. */
  readonly access?: "token" | "open";
  readonly query?: z.ZodObject;
  /** Request headers: name → what it is for. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: { readonly schema: z.ZodType; readonly example: unknown; readonly optional?: boolean };
  /** By status. */
  readonly answers: Readonly<Record<number, Answer>>;
  /** Beyond those that every call may answer. */
  readonly errors?: readonly ErrorCode[];
}
