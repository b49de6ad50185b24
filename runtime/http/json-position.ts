// Where a text stops being JSON: JSON.parse does not always say. Only called for text that it refused.

const space = /[ \t\n\r]*/y;
const scalar =
  /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

function skip(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

/** The offset (in characters) of the first token that cannot stand where it stands. */
export function invalidAt(text: string): number {
  const open: string[] = []; // the closers still owed
  let want: "value" | "first" | "key" | "firstKey" | "colon" | "more" = "value";
  let at = 0;
  for (;;) {
    at = skip(space, text, at);
    const mark = text[at];
    const owed = open.at(-1);
    if (want === "colon") {
      if (mark !== ":") return at;
      want = "value";
    } else if (want === "more") {
      if (mark === "," && owed !== undefined) want = owed === "}" ? "key" : "value";
      else if (mark === owed && mark !== undefined) open.pop();
      else return at;
    } else if ((want === "first" || want === "firstKey") && mark === owed) {
      open.pop();
      want = "more";
    } else if (want === "key" || want === "firstKey") {
      const end = mark === '"' ? skip(scalar, text, at) : at;
      if (end === at) return at;
      at = end - 1;
      want = "colon";
    } else if (mark === "[" || mark === "{") {
      open.push(mark === "[" ? "]" : "}");
      want = mark === "[" ? "first" : "firstKey";
    } else {
      const end = skip(scalar, text, at);
      if (end === at) return at;
      at = end - 1;
      want = "more";
    }
    at += 1;
  }
}
