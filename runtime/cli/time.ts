// Times as people say them: how long, how long ago. Pure.

const units = [
  ["d", 86_400],
  ["h", 3_600],
  ["m", 60],
] as const;

/** "8s", "12m", "3h 5m", "2d 4h": the two largest units. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  for (const [index, [name, size]] of units.entries()) {
    if (seconds < size) continue;
    const [smaller, smallerSize] = units[index + 1] ?? ["s", 1];
    const rest = Math.floor((seconds % size) / smallerSize);
    const fine = name !== "m" || seconds < 600; // seconds matter below ten minutes
    return `${Math.floor(seconds / size)}${name}${rest > 0 && fine ? ` ${rest}${smaller}` : ""}`;
  }
  return `${seconds}s`;
}

export function ago(time: string, now: number): string {
  return `${span(now - Date.parse(time))} ago`;
}

/** "in 5m", "now". */
export function ahead(time: string, now: number): string {
  const ms = Date.parse(time) - now;
  return ms < 1000 ? "now" : `in ${span(ms)}`;
}

/** How long it ran, or runs; "" before its start. */
export function runtime(
  one: { readonly started_at: string | null; readonly ended_at: string | null },
  now: number,
): string {
  if (one.started_at === null) return "";
  return span((one.ended_at === null ? now : Date.parse(one.ended_at)) - Date.parse(one.started_at));
}
