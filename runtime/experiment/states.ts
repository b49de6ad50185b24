// The states of an experiment and what a user may ask of each (ARCHITECTURE.md: States).
// Pure. The statements that change a status decide by the same table, in SQL; a test holds the two together.

export const statuses = ["ENQUEUED", "RUNNING", "FINISHED", "CANCELLED"] as const;
export type Status = (typeof statuses)[number];

/** What PUT may turn a status into, beside itself. */
export const askable: Readonly<Record<Status, readonly Status[]>> = {
  ENQUEUED: ["CANCELLED"],
  RUNNING: ["CANCELLED"],
  FINISHED: ["ENQUEUED"],
  CANCELLED: ["ENQUEUED"],
};

export function isEnded(status: Status): boolean {
  return status === "FINISHED" || status === "CANCELLED";
}

/** Why a change that was asked for is refused, and what is possible instead. */
export function refusal(from: Status, to: Status): string {
  return `An experiment that is ${from} cannot become ${to}; possible is ${askable[from].join(" or ")}.`;
}

/** Why an experiment or an attempt ended. */
export const reasons = [
  "exited",
  "oom",
  "user",
  "image",
  "command",
  "policy",
  "secret",
  "engine",
  "host_lost",
  "time_limit",
  "dependency",
  "adopted",
] as const;
export type Reason = (typeof reasons)[number];

export interface Result {
  readonly reason: Reason;
  readonly exit_code: number | null;
  readonly signal: string | null;
  /** A sentence that a researcher understands. */
  readonly message: string;
}
