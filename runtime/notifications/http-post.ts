// One POST to a receiver of notifications: no redirects are followed (the address is the operator's, not the answer's), and
// of the answer only a little is read. Anything but a 2xx is a SendFault with its Retry-After. The address, which holds
// secrets, stands in no message, though the answer may repeat it.

import { SendFault } from "./channel.ts";

/** Of an answer that says what was wrong, bytes. */
const answerLimit = 2_048;

/** Statuses that speak of the receiver as a whole, not of this message. */
const everything = (status: number): boolean => status === 408 || status === 425 || status === 429 || status >= 500;

export async function post(
  url: string,
  body: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  const response = await reach(url, { method: "POST", body, headers, signal, redirect: "manual" });
  const said = withoutAddress(await beginning(response), url)
    .trim()
    .slice(0, 300);
  if (response.ok) return;
  throw new SendFault(`It answered ${response.status}${said === "" ? "" : `: ${said}`}`, {
    everything: everything(response.status),
    retryAfter: retryAfterOf(response.headers.get("retry-after"), Date.now()),
  });
}

async function reach(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (error) {
    if (init.signal?.aborted === true) throw error;
    const cause = error instanceof Error ? error.cause : undefined;
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "no connection";
    throw new SendFault(`It could not be reached (${code}).`, { everything: true, cause: error });
  }
}

async function beginning(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  if (reader === undefined) return "";
  let read = Buffer.alloc(0);
  while (read.length < answerLimit) {
    const { done, value } = (await reader.read()) as { done: boolean; value?: Uint8Array };
    if (done || value === undefined) break;
    read = Buffer.concat([read, value]);
  }
  await reader.cancel();
  const text = read.subarray(0, answerLimit).toString();
  return read.length < answerLimit ? text : text.replace(/\S*$/, ""); // half an address would not be known as one
}

/** A part of an address that is as long as this may be a secret. */
const shortestSecret = 8;

/** The text without the address, its path, and what either holds that may be a secret; as written, and decoded. */
function withoutAddress(text: string, url: string): string {
  const { href, pathname, search, searchParams } = new URL(url);
  const parts = [...pathname.split("/"), ...search.slice(1).split(/[&=]/), ...searchParams.values()];
  const secrets = [url, href, pathname + search, pathname, ...parts]
    .flatMap((part) => [part, decoded(part)])
    .filter((part) => part.length >= shortestSecret)
    .toSorted((a, b) => b.length - a.length); // one may begin another
  return secrets.reduce((shown, secret) => shown.replaceAll(secret, "***"), text);
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Ms from now; seconds or a date. Undefined: none, or nothing sensible. */
export function retryAfterOf(header: string | null, now: number): number | undefined {
  if (header === null || header.trim() === "") return undefined;
  const seconds = Number(header);
  const wait = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - now;
  return Number.isFinite(wait) && wait >= 0 ? wait : undefined;
}
