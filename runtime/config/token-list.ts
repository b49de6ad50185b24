// The list of API tokens: a bare one is named by its place (token-1), a {name, token} by its name; the name owns what it enqueues.
// Names and tokens are unique, or a request could not be told whose it is.

export interface Token {
  readonly name: string;
  readonly token: string;
}

// What an Authorization header can carry, from the first visible ASCII letter to the last.
const visible = /^[!-~]+$/;

function parseToken(value: unknown, place: number): Token | undefined {
  if (typeof value === "string") return visible.test(value) ? { name: `token-${place}`, token: value } : undefined;
  if (
    typeof value !== "object" ||
    value === null ||
    Object.keys(value).some((key) => key !== "name" && key !== "token")
  )
    return undefined;
  const { name, token } = value as Record<string, unknown>;
  if (typeof token !== "string" || !visible.test(token)) return undefined;
  if (name === undefined) return { name: `token-${place}`, token };
  return typeof name === "string" && name.trim() !== "" && name.length <= 200 ? { name, token } : undefined;
}

export function parseTokens(value: unknown): Token[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const tokens = value.map((item, index) => parseToken(item, index + 1));
  if (!tokens.every((token) => token !== undefined)) return undefined;
  const unique = (list: string[]): boolean => new Set(list).size === list.length;
  return unique(tokens.map(({ name }) => name)) && unique(tokens.map(({ token }) => token)) ? tokens : undefined;
}
