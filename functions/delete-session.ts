// DELETE /session: the browser forgets its cookie. Sessions are not stored, so there is nothing else to end; already so is success.
import { setCookie } from "../runtime/http/cookie.ts";
import type { EndpointHandler } from "../runtime/http/env.ts";
import { isHttps } from "../runtime/http/origin.ts";

export function deleteSession(): EndpointHandler {
  return (c) => {
    c.header(
      "Set-Cookie",
      setCookie(
        "",
        isHttps((name) => c.req.header(name)),
      ),
    );
    return c.json({ owner: null });
  };
}
