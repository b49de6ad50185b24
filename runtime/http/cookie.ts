// The session cookie's value: base64url(name).expiry.HMAC, keyed by the token itself. Nothing is stored: every API process can
// verify it, and a token that leaves the configuration takes its sessions with it.
import { createHmac, timingSafeEqual } from "node:crypto";
import type { Token } from "../config/token-list.ts";

export const cookieName = "skeduler_session";
/** 30 days. */
export const sessionSeconds = 30 * 24 * 3600;

function seal(name: string, expiry: string, token: string): Buffer {
  return createHmac("sha256", token).update(`skeduler session 1\n${name}\n${expiry}`).digest();
}

/** A value that counts until `now` + 30 days (milliseconds since 1970). */
export function sealSession(token: Token, now = Date.now()): string {
  const name = Buffer.from(token.name).toString("base64url");
  const expiry = String(Math.floor(now / 1000) + sessionSeconds);
  return `${name}.${expiry}.${seal(name, expiry, token.token).toString("base64url")}`;
}

/** The owner, or undefined when the value is forged, old, or its token is gone. */
export function openSession(value: string, tokens: readonly Token[], now = Date.now()): string | undefined {
  const [, name = "", expiry = "", mac = ""] = /^([\w-]+)\.(\d{1,12})\.([\w-]{43})$/.exec(value) ?? [];
  if (name === "" || Number(expiry) * 1000 <= now) return undefined;
  const owner = Buffer.from(name, "base64url").toString();
  const token = tokens.find((candidate) => candidate.name === owner);
  if (token === undefined) return undefined;
  const given = Buffer.from(mac, "base64url");
  const right = seal(name, expiry, token.token);
  return given.length === right.length && timingSafeEqual(given, right) ? owner : undefined;
}

/** The cookie's value in a Cookie header. */
export function cookieIn(header: string | undefined): string | undefined {
  const pair = header?.split(";").find((part) => part.trim().startsWith(`${cookieName}=`));
  return pair?.trim().slice(cookieName.length + 1);
}

/** A Set-Cookie header; an empty value clears it. */
export function setCookie(value: string, secure: boolean): string {
  const age = value === "" ? 0 : sessionSeconds;
  return `${cookieName}=${value}; Max-Age=${age}; Path=/; HttpOnly; SameSite=Strict${secure ? "; Secure" : ""}`;
}
