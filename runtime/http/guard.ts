// Which Host and Origin a request may name. A page of the attacker's whose DNS name is pointed at us (DNS rebinding) sends that
// name as Host; a page elsewhere sends its Origin. Both are refused before anything is looked at.
import { isIP } from "node:net";
import { hostname } from "node:os";
import type { Config } from "../config/schema.ts";
import { ApiError } from "../errors.ts";
import type { HeaderOf } from "./env.ts";
import { ownUrl } from "./origin.ts";

type Allowed = Pick<Config["http"], "allowed_hosts" | "allowed_origins" | "listen">;

function isOwnName(name: string, allowed: Allowed): boolean {
  if (isIP(name.replace(/^\[|\]$/g, "")) !== 0) return true; // a page cannot rebind an address
  const names = ["localhost", hostname(), allowed.listen.host ?? "localhost", ...allowed.allowed_hosts];
  return name.endsWith(".localhost") || names.some((own) => own === "*" || own.toLowerCase() === name);
}

/** Throws foreign_host or foreign_origin (403), or bad_request where the Host is missing or malformed. */
export function guard(header: HeaderOf, allowed: Allowed): void {
  const own = ownUrl(header);
  if (own === undefined) throw new ApiError("bad_request", "The request has no Host header, or a malformed one.");
  const name = own.hostname.replace(/\.$/, "");
  if (!isOwnName(name, allowed)) {
    throw new ApiError(
      "foreign_host",
      `This server does not answer under the name ${name}; add it to http.allowed_hosts if it should.`,
    );
  }
  const origin = header("origin");
  if (origin === undefined || origin === own.origin || allowed.allowed_origins.includes(origin)) return;
  throw new ApiError(
    "foreign_origin",
    "Pages of this origin may not send requests here; add it to http.allowed_origins if they should.",
  );
}
