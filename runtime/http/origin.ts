// Which origin we are, as the browser sees it: the scheme (https when a proxy says so) and the Host that it asked for.
import type { HeaderOf } from "./env.ts";

export function isHttps(header: HeaderOf): boolean {
  return header("x-forwarded-proto")?.split(",")[0]?.trim().toLowerCase() === "https";
}

/** What was parsed last: nearly all requests ask for the same host. */
let last: { readonly url: string; readonly parsed: URL } | undefined;

/** undefined where the Host is missing or malformed. */
export function ownUrl(header: HeaderOf): URL | undefined {
  const host = header("host") ?? "";
  const url = `${isHttps(header) ? "https" : "http"}://${host}`;
  if (last?.url === url) return last.parsed;
  if (host === "" || /[/\\?#@\s]/.test(host) || !URL.canParse(url)) return undefined;
  last = { url, parsed: new URL(url) };
  return last.parsed;
}

/** True when the request comes from a page of ours, or from none (typed in, by the browser's own word). */
export function isSameOrigin(header: HeaderOf): boolean {
  const origin = header("origin");
  if (origin !== undefined) return origin === ownUrl(header)?.origin;
  return ["same-origin", "none"].includes(header("sec-fetch-site") ?? "");
}
