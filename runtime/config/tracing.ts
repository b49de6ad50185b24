// The configuration's section `tracing`: who receives OpenTelemetry traces.

import { z } from "zod";
import { isAddress } from "./address.ts";
import { leaf, optionalLeaf } from "./leaf.ts";

function parseHeaders(value: unknown): Record<string, string> | undefined {
  if (!Array.isArray(value)) return undefined;
  const pairs = value.map((one) => /^([!#$%&'*+.^_`|~0-9A-Za-z-]+)=([\x20-\x7e]+)$/.exec(String(one)));
  return pairs.every((pair) => pair !== null)
    ? Object.fromEntries(pairs.map(([, name = "", text = ""]) => [name, text]))
    : undefined;
}

function parseShare(value: unknown): number | undefined {
  const share = value === "" ? NaN : Number(value);
  return share > 0 && share <= 1 ? share : undefined;
}

export const tracing = z
  .strictObject({
    endpoint: optionalLeaf({
      allowed: 'an http or https address without user and password, like "http://127.0.0.1:4318/v1/traces"',
      parse: (value) => (typeof value === "string" && isAddress(value) ? value : undefined),
    }),
    headers: leaf([], {
      allowed: 'a list of headers, like ["Authorization=Bearer …"]',
      parse: parseHeaders,
      secret: true,
      list: true,
    }),
    sample: leaf(1, { allowed: "a share above 0, at most 1", parse: parseShare }),
  })
  .prefault({});
