// The container of an attempt, made as its host's policy allows; its image is pulled only where Docker does not have it.

import { createContainer, ImageMissing, type CreatedContainer } from "../docker/containers.ts";
import { checkName, ensureImage } from "../docker/images.ts";
import { checkImage, limitsUnder, resolveVolumes } from "../docker/policy.ts";
import { parse as splitWords } from "../experiment/command.ts";
import { parseSize } from "../experiment/units.ts";
import type { Run } from "./attempt-run.ts";
import { cancelledBeforeStart, CouldNotRun, orCouldNotRun } from "./could-not-run.ts";
import { insisting } from "./engine-trouble.ts";
import { environmentOf } from "./environment.ts";
import { makeOutput, outputOf } from "./output-folder.ts";
import { fillSecrets } from "./secrets.ts";

/** Creates it, or finds the one that an earlier try created. */
export async function create(run: Run): Promise<CreatedContainer> {
  const { attempt, engine, signals, writer } = run;
  const output = outputOf(run);
  writer.note(`attempt ${attempt.number} on host ${run.host}`, "attempt"); // stored with "starting", or before a pull
  const { policy } = run;
  const { entrypoint, workdir, user, volumes = [] } = attempt.options;
  const bytes = (size: string | null): number | undefined => (size === null ? undefined : parseSize(size));
  const asked = {
    memoryBytes: bytes(attempt.memory),
    cpus: attempt.cpus ?? undefined,
    shmBytes: bytes(attempt.shm_size),
  };
  const secrets: string[] = [];
  /** Judged each time anew, as a pull may take long: what is mounted is what was judged last. */
  const creating = async (): Promise<CreatedContainer> => {
    checkName(attempt.image);
    checkImage(policy, attempt.image);
    const limits = limitsUnder(policy, asked);
    const mounts = await resolveVolumes(policy, volumes, engine.address);
    const secret = await fillSecrets(attempt.environment, run.secrets);
    secrets.push(...secret.values);
    if (output !== undefined) await makeOutput(output);
    signals.detach.throwIfAborted();
    return createContainer(engine, {
      attemptId: attempt.id,
      experimentId: attempt.experiment_id,
      installation: run.installation,
      host: run.host,
      image: attempt.image,
      command: splitWords(attempt.command),
      environment: environmentOf(attempt, secret.environment, { host: run.host, output }),
      entrypoint: entrypoint === undefined ? undefined : splitWords(entrypoint),
      workdir,
      user,
      mounts,
      ...limits,
      network: policy.network,
      pidsLimit: policy.pidsLimit,
      noNewPrivileges: policy.noNewPrivileges,
      capabilities: policy.capabilities,
      gpus: attempt.gpus,
      output,
      logMaxBytes: run.logMaxBytes,
    });
  };
  const container = await orCouldNotRun(async () => {
    try {
      return await run.trace.part("create the container", async () => insisting(creating, signals.detach));
    } catch (error) {
      if (!(error instanceof ImageMissing)) throw error;
    }
    writer.start();
    const began = performance.now();
    await run.trace.part("pull the image", async () => pull(run));
    run.metrics.pulled((performance.now() - began) / 1000);
    return run.trace.part("create the container", async () => insisting(creating, signals.detach));
  }, secrets);
  await writer.line(
    `starting ${attempt.image}${attempt.gpus.length > 0 ? ` with GPUs ${attempt.gpus.join(", ")}` : ""}`,
    "starting",
  );
  return container;
}

async function pull(run: Run): Promise<void> {
  const { signals, writer, attempt, engine, pullTimeout } = run;
  const limit = AbortSignal.timeout(pullTimeout);
  try {
    await ensureImage(engine, attempt.image, {
      signal: AbortSignal.any([signals.cancel, signals.detach, limit]),
      onProgress: (text) => {
        writer.line(text).catch(() => undefined); // a failure to store shows at the next line that is awaited
      },
    });
  } catch (error) {
    signals.detach.throwIfAborted();
    if (signals.cancel.aborted) throw cancelledBeforeStart();
    if (limit.aborted)
      throw new CouldNotRun("image", `Pulling ${attempt.image} took longer than ${pullTimeout / 1000} s.`);
    if (error instanceof ImageMissing) throw new CouldNotRun("image", error.message);
    throw error;
  }
}
