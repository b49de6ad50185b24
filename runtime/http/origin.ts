// Which origin we are, as the browser sees it: the scheme (https when a proxy says so) and the Host that it asked for.
import type { HeaderOf } from "./env.ts";

export function isHttps(header: HeaderOf): boolean {
  return header("x-forwarded-proto")?.split(",")[0]?.trim().toLowerCase() === "https";
}

/** undefined where the Host is missing or malformed. */
export function ownUrl(header: HeaderOf): URL | undefined {
  const host = header("host") ?? "";
  if (host === "" || /[/\\?#@\s]/.test(host)) return undefined;
  const url = `${isHttps(header) ? "https" : "http"}://${host}`;
  return URL.canParse(url) ? new URL(url) : undefined;
}

/** True when the request comes from a page of ours, or from none (typed in, by the browser's own word). */
export function isSameOrigin(header: HeaderOf): boolean {
  const origin = header("origin");
  if (origin !== undefined) return origin === ownUrl(header)?.origin;
  return ["same-origin", "none"].includes(header("sec-fetch-site") ?? "");
}
