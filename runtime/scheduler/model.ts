// The words of placement: what waits, and what each host has. Plain data, made by the carrier from rows.

export interface Gpu {
  readonly uuid: string;
  readonly model: string;
  readonly memoryBytes: number;
}

/** A GPU that is not clean. */
export interface Withheld {
  readonly uuid: string;
  /** "process 4711 (python) is still on it" */
  readonly reason: string;
}

/** A waiting experiment. What is undefined was not asked for. */
export interface Request {
  readonly id: string;
  readonly owner: string;
  readonly priority: number;
  /** Ms since the epoch; `seq` tells apart those of the same moment. */
  readonly enqueuedAt: number;
  readonly seq: number;
  /** Undefined: one where the host has GPUs, none elsewhere. */
  readonly gpus: number | undefined;
  /** Part of the model's name, or a pattern with `*`; case does not count. */
  readonly gpuModel: string | undefined;
  /** Of each GPU, at least. */
  readonly gpuMemoryBytes: number | undefined;
  readonly cpus: number | undefined;
  readonly memoryBytes: number | undefined;
  /** Names (with `*`) or labels `key=value`, any of which will do; [] is every host. */
  readonly hosts: readonly string[];
  /** Milliseconds after which it is certainly stopped; undefined: unknown. */
  readonly timeLimit: number | undefined;
}

/** An open attempt on a host. */
export interface Holding {
  readonly owner: string;
  /** When it was placed, ms since the epoch. */
  readonly since: number;
  readonly gpus: readonly string[];
  readonly cpus: number;
  readonly memoryBytes: number;
  /** When it is expected to end, ms since the epoch: a limit where it has one, a guess otherwise. */
  readonly endsAt: number;
  /** Whether it has ended by then for certain: it has a limit. */
  readonly certain: boolean;
}

export interface Host {
  readonly name: string;
  /** `key=value` */
  readonly labels: readonly string[];
  /** Experiments at once, at most. */
  readonly slots: number;
  readonly cpus: number;
  readonly memoryBytes: number;
  /** What it gives to one experiment at most; absent: all that it has. */
  readonly most?: { readonly cpus: number | undefined; readonly memoryBytes: number | undefined };
  readonly gpus: readonly Gpu[];
  /** What may not be granted though nobody holds it (quarantined). */
  readonly withheld: readonly Withheld[];
  /** Uuids that were released and are about to be checked: not now, but in a moment. */
  readonly checking: readonly string[];
  readonly holdings: readonly Holding[];
  /** Why nothing is placed there now ("is cordoned"); undefined where it takes experiments. */
  readonly closed: string | undefined;
}

export interface Assignment {
  readonly experimentId: string;
  readonly host: string;
  readonly gpus: readonly string[];
}

/** The place held for the first in line that cannot start yet. */
export interface Reservation {
  readonly experimentId: string;
  readonly host: string;
  /** When it is expected to start there, ms since the epoch. */
  readonly at: number;
  /** Held as they come free. */
  readonly gpus: readonly string[];
}

/** What a host could never do, however empty it were. */
const forever = ["host", "gpu_model", "gpu_memory", "gpus", "cpus", "memory"] as const;
export const rules = [
  ...forever,
  "closed",
  "quota",
  "slots",
  "free_gpus",
  "free_cpus",
  "free_memory",
  "reserved",
] as const;

/** Why a host does not take a request, by the first rule that it fails. */
export interface Refusal {
  readonly rule: (typeof rules)[number];
  /** Follows the host's name: "needs 4 GPUs, 2 free". */
  readonly message: string;
}

export function isForever({ rule }: Refusal): boolean {
  return (forever as readonly string[]).includes(rule);
}
