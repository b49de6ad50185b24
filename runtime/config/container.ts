// How the values of the configuration's section `container` are read. Each answers undefined for what is not allowed. Pure.

/** What installing packages and changing users in a container takes. */
export const usualCapabilities = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID"];

/** Those that an operator may add; none of them gives the host away (SYS_ADMIN and its like would). */
export const furtherCapabilities = [
  "IPC_LOCK",
  "NET_BIND_SERVICE",
  "NET_RAW",
  "SETPCAP",
  "SYS_CHROOT",
  "SYS_NICE",
  "SYS_PTRACE",
  "SYS_RESOURCE",
];

export function parseCapabilities(value: unknown): string[] | undefined {
  const known = [...usualCapabilities, ...furtherCapabilities];
  const all = (name: unknown): name is string => typeof name === "string" && known.includes(name);
  return Array.isArray(value) && value.every(all) ? value : undefined;
}

export function parseMounts(value: unknown): { path: string; writable: boolean }[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const parsed = value.map((item) => {
    const [, path, mode] = typeof item === "string" ? (/^(\/[^:]*)(:ro|:rw)?$/.exec(item) ?? []) : [];
    return path === undefined ? undefined : { path, writable: mode === ":rw" };
  });
  return parsed.every((item) => item !== undefined) ? parsed : undefined;
}

export function parseBoolean(value: unknown): boolean | undefined {
  if (value === true || value === "true") return true;
  return value === false || value === "false" ? false : undefined;
}

const asNumber = (value: unknown): number | undefined => {
  const number = typeof value === "string" && /^\d+(\.\d+)?$/.test(value) ? Number(value) : value;
  return typeof number === "number" ? number : undefined;
};

/** From 1 to `most`. */
export function parseWhole(value: unknown, most: number): number | undefined {
  const number = asNumber(value);
  return number !== undefined && Number.isInteger(number) && number >= 1 && number <= most ? number : undefined;
}

export function parseCpus(value: unknown): number | undefined {
  const number = asNumber(value);
  return number !== undefined && number >= 0.01 && number <= 4096 ? number : undefined;
}
