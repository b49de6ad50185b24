// GET /openapi.json: the API as an OpenAPI 3.1 document. GET /docs: the same as a page. Both without a token: they tell of
// the program, nothing of what it holds. Made when first asked for: a start does not wait for it.

import type { EndpointHandler } from "../runtime/http/env.ts";
import { versionOf } from "../runtime/version.ts";

export function getOpenapi(): EndpointHandler {
  let body: Promise<string> | undefined;
  const made = async (): Promise<string> => {
    const { describeApi } = await import("../runtime/openapi/document.ts");
    const { operations } = await import("../runtime/openapi/operations.ts");
    return JSON.stringify(describeApi(operations, versionOf()));
  };
  return async (c) => {
    body ??= made();
    return c.body(await body, 200, { "Content-Type": "application/json; charset=utf-8" });
  };
}

interface Page {
  readonly html: string;
  /** The content security policy under which it shows: its own style and nothing else. */
  readonly policy: string;
}

export function getDocs(): EndpointHandler {
  let page: Promise<Page> | undefined;
  const made = async (): Promise<Page> => {
    const { describeApi } = await import("../runtime/openapi/document.ts");
    const { operations } = await import("../runtime/openapi/operations.ts");
    const { renderPage } = await import("../runtime/openapi/page.ts");
    return renderPage(describeApi(operations, versionOf()));
  };
  return async (c) => {
    page ??= made();
    const { html, policy } = await page;
    return c.body(html, 200, {
      "Content-Type": "text/html; charset=utf-8",
      "Content-Security-Policy": policy,
      "X-Content-Type-Options": "nosniff",
    });
  };
}
