// The sample experiment that `npm start` enqueues: π by Monte Carlo, some seconds of real computing with a line now and then.
// Needs an image with `sh` and busybox' `awk`; the number of points comes from its environment. Pure.

/** Ten rounds of a growing sample; each line shows the estimate and how far it is from π. */
const program = `BEGIN {
  srand(ENVIRON["SEED"]); pi = 3.14159265; round = ENVIRON["POINTS"] / 10;
  printf "estimating pi from %d random points\\n", ENVIRON["POINTS"]; fflush();
  for (r = 1; r <= 10; r++) {
    for (i = 0; i < round; i++) { x = rand(); y = rand(); if (x * x + y * y <= 1) inside++ };
    n += round; estimate = 4 * inside / n; off = estimate - pi; if (off < 0) off = -off;
    printf "%3d%%  points %9d  pi = %.6f  off by %.6f\\n", r * 10, n, estimate, off; fflush();
  };
  printf "result: pi = %.4f\\n", estimate;
}`;

export interface SampleExperiment {
  readonly name: string;
  readonly description: string;
  readonly docker: {
    readonly image: string;
    readonly command: string;
    readonly environment: Readonly<Record<string, string | number>>;
  };
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** The body of its POST /experiments. */
export function sampleExperiment(image: string): SampleExperiment {
  const words = program.replace(/\s+/g, " ").trim();
  return {
    name: "sample: estimate pi",
    description: "A Monte Carlo estimate of pi: points in a square, counted where they fall into the circle.",
    docker: { image, command: `awk '${words}'`, environment: { POINTS: 20_000_000, SEED: 314159 } },
    metadata: { sample: true },
  };
}
