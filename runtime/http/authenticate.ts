// Who sent a request: a token in the Authorization header (bare or after "Bearer "), or a session cookie from our own origin.
// Digests of one length are compared, all of them, in constant time. Nothing here logs, and no token enters a message.
import { hash, timingSafeEqual } from "node:crypto";
import type { Token } from "../config/token-list.ts";
import { ApiError } from "../errors.ts";
import { cookieIn, openSession } from "./cookie.ts";
import type { HeaderOf } from "./env.ts";
import { isSameOrigin } from "./origin.ts";

const digest = (text: string): Buffer => hash("sha256", text, "buffer");

/** Of each token, made once. */
const digests = new WeakMap<Token, Buffer>();

function digestOf(token: Token): Buffer {
  const known = digests.get(token) ?? digest(token.token);
  digests.set(token, known);
  return known;
}

/** The token that equals `given`; every token is compared whichever it is. */
export function findToken(given: string, tokens: readonly Token[]): Token | undefined {
  const wanted = digest(given);
  let found: Token | undefined;
  for (const token of tokens) if (timingSafeEqual(digestOf(token), wanted)) found = token;
  return found;
}

/**
 * Values of the header that were let in, which need no digest again. A Map finds by a hash whose seed is secret: its time tells nothing of
 * how near a wrong value comes.
 */
const letIn = new WeakMap<readonly Token[], Map<string, Token>>();
/** More than any server has tokens in use: who spells one in ever new ways ("bearer   …") fills no memory. */
const letInAtMost = 1_000;

/** The token in an Authorization header. "Bearer" itself may be a token, so the whole value is tried as well. */
export function findAuthorized(value: string, tokens: readonly Token[]): Token | undefined {
  const known = letIn.get(tokens) ?? new Map<string, Token>();
  const found =
    known.get(value) ?? findToken(value.trim().replace(/^bearer +/i, ""), tokens) ?? findToken(value, tokens);
  if (found !== undefined && known.size < letInAtMost) letIn.set(tokens, known.set(value, found));
  return found;
}

/** The owner's name, or unauthorized (401). */
export function authenticate(header: HeaderOf, tokens: readonly Token[]): string {
  const authorization = header("authorization");
  if (authorization !== undefined) {
    const token = findAuthorized(authorization, tokens);
    if (token !== undefined) return token.name;
    throw new ApiError("unauthorized", "The token in the Authorization header is not one of this server's.");
  }
  const cookie = cookieIn(header("cookie"));
  if (cookie !== undefined && isSameOrigin(header)) {
    const owner = openSession(cookie, tokens);
    if (owner !== undefined) return owner;
    throw new ApiError("unauthorized", "The session has ended: sign in again with POST /session.");
  }
  throw new ApiError("unauthorized", "A token is needed: send it as `Authorization: Bearer <token>`.");
}
