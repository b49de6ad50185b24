// What the command line ends with beside 0, 2 (a wrong command line) and 70 (a defect); docs/cli.md lists them. `run` and
// `wait` end with the experiment's own exit code where it has one.

/** Refused or failed: the sentence on stderr says what. */
export const failed = 1;
export const usage = 2;
/** There is no such experiment, group or host. */
export const missing = 3;
/** Not logged in, or the token is not accepted. */
export const denied = 4;
/** The server does not answer. */
export const unreachable = 5;
/** `wait --timeout` is over, as timeout(1) says it. */
export const timedOut = 124;
/** The experiment was cancelled, or could not be run: it has no exit code. */
export const cancelled = 125;
/** Left with Ctrl-C. */
export const interrupted = 130;
/** Who read our output went away, as SIGPIPE says it. */
export const brokenPipe = 141;
