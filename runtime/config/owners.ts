// What the configuration says of owners: their weights in fair share, and their quotas.

/** Undefined in a quota: any number. */
export interface Quota {
  readonly gpus: number | undefined;
  readonly waiting: number | undefined;
}

export function parseWeights(value: unknown): ReadonlyMap<string, number> | undefined {
  if (!Array.isArray(value)) return undefined;
  const weights = new Map<string, number>();
  for (const item of value) {
    const [, owner, weight] = typeof item === "string" ? (/^(.+)=(\d+(?:\.\d+)?)$/.exec(item) ?? []) : [];
    if (owner === undefined || weights.has(owner) || !(Number(weight) > 0)) return undefined;
    weights.set(owner, Number(weight));
  }
  return weights;
}

type OwnQuota = Partial<Quota>;

/** By owner; what is not named there is as for everyone. */
export function parseQuotas(value: unknown): ReadonlyMap<string, OwnQuota> | undefined {
  if (!Array.isArray(value)) return undefined;
  const quotas = new Map<string, OwnQuota>();
  for (const item of value) {
    if (typeof item !== "object" || item === null) return undefined;
    const { name, ...own } = item as Record<string, unknown>;
    if (typeof name !== "string" || name === "" || quotas.has(name)) return undefined;
    const entries = Object.entries(own).map(
      ([key, limit]) => [key, limit === "unlimited" ? undefined : limit] as const,
    );
    const known = entries.every(([key]) => key === "gpus" || key === "waiting");
    if (!known || !entries.every(([, limit]) => limit === undefined || isCount(limit))) return undefined;
    quotas.set(name, Object.fromEntries(entries));
  }
  return quotas;
}

function isCount(limit: unknown): boolean {
  return typeof limit === "number" && Number.isInteger(limit) && limit >= 0;
}

/** The quota of one owner. */
export function quotaOf(quotas: Quota & { readonly owners: ReadonlyMap<string, OwnQuota> }, owner: string): Quota {
  return { gpus: quotas.gpus, waiting: quotas.waiting, ...quotas.owners.get(owner) };
}
