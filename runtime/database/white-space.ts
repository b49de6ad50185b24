// What JavaScript's trim() takes away, in SQL: btrim alone takes blanks, and what the schema saw trimmed would be stored otherwise.

const whiteSpace =
  "e' \\t\\n\\x0b\\f\\r\\u00a0\\u1680\\u2000\\u2001\\u2002\\u2003\\u2004\\u2005\\u2006\\u2007\\u2008\\u2009\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff'";

export const trimmed = (text: string): string => `btrim(${text}, ${whiteSpace})`;
