// POST /session: a browser signs in with a token (Authorization header, or {"token": …}) and gets a cookie for 30 days.
// The cookie counts only with our own origin; it holds no token.
import { z } from "zod";
import type { Token } from "../runtime/config/token-list.ts";
import { ApiError } from "../runtime/errors.ts";
import { findAuthorized, findToken } from "../runtime/http/authenticate.ts";
import { readJson } from "../runtime/http/body.ts";
import { sealSession, setCookie } from "../runtime/http/cookie.ts";
import type { EndpointHandler } from "../runtime/http/env.ts";
import { isHttps } from "../runtime/http/origin.ts";

export const newSession = z.strictObject({ token: z.string() });

export function createSession({ tokens, maxBody }: { tokens: readonly Token[]; maxBody: number }): EndpointHandler {
  return async (c) => {
    const authorization = c.req.header("authorization");
    const token =
      authorization === undefined
        ? findToken(newSession.parse((await readJson(c, maxBody)).value).token, tokens)
        : findAuthorized(authorization, tokens);
    if (token === undefined) throw new ApiError("unauthorized", "This token is not one of this server's.");
    c.header(
      "Set-Cookie",
      setCookie(
        sealSession(token),
        isHttps((name) => c.req.header(name)),
      ),
    );
    c.header("Cache-Control", "no-store");
    return c.json({ owner: token.name });
  };
}
