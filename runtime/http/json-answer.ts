// JSON that SQL has built goes out as it is.

const init = { headers: { "Content-Type": "application/json; charset=utf-8" } };

/** 200 with a JSON text. */
export function jsonAnswer(text: string): Response {
  return new Response(text, init);
}
