// The one table of errors that users meet: a code, its HTTP status, and a sentence made by whoever throws it.
// Trusts its callers to keep secrets out of sentences. Anything else that is thrown is a defect and shows as `internal`.

export const statusOf = {
  bad_request: 400,
  invalid_json: 400,
  invalid_utf8: 400,
  validation: 400,
  malformed_id: 400,
  immutable: 400,
  unauthorized: 401,
  foreign_origin: 403,
  foreign_host: 403,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  stale: 409,
  log_expired: 410,
  payload_too_large: 413,
  range_not_satisfiable: 416,
  idempotency_mismatch: 422,
  upgrade_required: 426,
  quota: 429,
  headers_too_large: 431,
  internal: 500,
  unavailable: 503,
} as const;

export type ErrorCode = keyof typeof statusOf;

/** One thing that is wrong with an input: where (a dotted path, "" for the whole) and what is allowed. */
export interface Detail {
  readonly path: string;
  readonly message: string;
}

/** An error with an answer for the user: what was wrong, why, how to mend it. */
export class ApiError extends Error {
  readonly code: ErrorCode;
  readonly details: readonly Detail[];
  constructor(code: ErrorCode, sentence: string, options: { details?: readonly Detail[]; cause?: unknown } = {}) {
    super(sentence, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "ApiError";
    this.code = code;
    this.details = options.details ?? [];
  }
  get status(): (typeof statusOf)[ErrorCode] {
    return statusOf[this.code];
  }
  /** The documented JSON body. */
  body(): { error: string; code: ErrorCode; details?: readonly Detail[] } {
    return { error: this.message, code: this.code, ...(this.details.length > 0 && { details: this.details }) };
  }
}

/** Ends the process with one sentence on stderr and no stack trace: bad configuration, a port taken, a schema too new. */
export class UserError extends Error {
  readonly exitCode: number;
  constructor(sentence: string, options: { exitCode?: number; cause?: unknown } = {}) {
    super(sentence, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "UserError";
    this.exitCode = options.exitCode ?? 1;
  }
}

/** A folder that Skeduler needs and cannot make. */
export function folderFault(folder: string, cause: unknown): UserError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new UserError(
    `The folder ${folder} cannot be made (${why}): let this user write there, or name another with the key data (SKEDULER_DATA).`,
    { cause },
  );
}

/** The user left a question with Ctrl-C: the command ends without a word. */
export class Interrupted extends Error {
  constructor() {
    super("left with Ctrl-C");
    this.name = "Interrupted";
  }
}
