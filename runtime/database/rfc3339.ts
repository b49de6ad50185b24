// A time on the wire. Postgres' own form of one in JSON follows the session's time zone.

/** The SQL of a timestamptz as RFC 3339 in UTC, to the microsecond; null stays. */
export function rfc3339(expression: string): string {
  return `to_char(${expression} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
}
