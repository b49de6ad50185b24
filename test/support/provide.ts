// What the suite and the benches stand on: a Docker Engine with the sample image and a Postgres of their own, in a temporary
// folder. `dispose` removes all of it but installed packages, the system user, what /var/lib/skeduler has for every start
// (the copy of Postgres' programs, the mark of an installed Engine), and the sample image on an Engine that ran already.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startEmbeddedPostgres } from "../../runtime/up/embedded-postgres.ts";
import { provideEngine } from "../../runtime/up/provide-engine.ts";
import { makeSampleImage } from "../../runtime/up/sample-image.ts";

export interface Provided extends AsyncDisposable {
  readonly folder: string;
  readonly engineHost: string;
  readonly database: string;
  /** For whoever runs on it: where Engine and Postgres are, and a mark by which their processes are found. */
  readonly env: NodeJS.ProcessEnv;
  /** In the environment of everything started with `env`. */
  readonly mark: string;
}

/** Not `durable`: a Postgres that a crash of the machine may destroy, and that is quicker for it. */
export async function provide(options: {
  readonly durable: boolean;
  readonly log: (line: string) => void;
}): Promise<Provided> {
  const { durable, log } = options;
  await using cleanup = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), "skeduler-test-"));
  cleanup.defer(() => rmSync(folder, { recursive: true, force: true }));
  // With this hook on its PATH an Engine without GPUs accepts requests for them.
  process.env["PATH"] = `${join(import.meta.dirname, "gpu")}:${process.env["PATH"] ?? ""}`;
  const engine = await provideEngine({
    folder: join(folder, "docker"),
    log,
    provision: true,
    confirm: async (question) => {
      log(`${question} Yes: one is needed here.`);
      return Promise.resolve(true);
    },
    useInstalled: true,
  });
  cleanup.defer(async () => engine.private?.stop());
  await makeSampleImage(engine.host);
  const postgres = await startEmbeddedPostgres({ folder: join(folder, "postgres"), log, durable });
  cleanup.defer(async () => {
    await postgres.stop();
    rmSync(postgres.base, { recursive: true, force: true });
  });
  const rest = cleanup.move();
  return {
    folder,
    engineHost: engine.host,
    database: postgres.url,
    mark: `SKEDULER_TEST_RUN=${folder}`,
    env: {
      ...process.env,
      DOCKER_HOST: engine.host,
      SKEDULER_TEST_DATABASE: postgres.url,
      SKEDULER_TEST_RUN: folder,
      NODE_ENV: "test",
      XDG_CACHE_HOME: join(folder, "cache"),
    },
    [Symbol.asyncDispose]: async () => rest.disposeAsync(),
  };
}
