// A container that is given one GPU and says which it sees: whether this Engine really keeps the others from it.

import { randomUUID } from "node:crypto";
import { canary, containerName, label } from "./container-options.ts";
import { Demuxer } from "./demux.ts";
import { asking, type Engine } from "./engine.ts";
import { ensureImage } from "./images.ts";

const pullPatience = 300_000;
/** Less than the minute for which the runner's sweep spares what no attempt has. */
const runPatience = 50_000;

export interface CanaryOptions {
  readonly engine: Engine;
  readonly installation: string;
  readonly host: string;
  /** One in which `nvidia-smi` runs, as in CUDA's. */
  readonly image: string;
  readonly gpu: string;
  readonly signal: AbortSignal;
}

/** The uuids that `nvidia-smi -L` shows in a container that was given one. Throws where it could not be run. */
export async function seenByCanary(options: CanaryOptions): Promise<string[]> {
  const { engine, installation, host, image, gpu } = options;
  const within = (patience: number): AbortSignal => AbortSignal.any([options.signal, AbortSignal.timeout(patience)]);
  await ensureImage(engine, image, { signal: within(pullPatience), onProgress: () => undefined });
  const signal = within(runPatience);
  const container = await asking(engine, async () =>
    engine.docker.createContainer({
      name: containerName(`${canary}-${randomUUID()}`),
      Image: image,
      Entrypoint: ["nvidia-smi"],
      Cmd: ["-L"],
      // Without an attempt: should this process die, the runner's sweep removes it.
      Labels: { [label.installation]: installation, [label.host]: host },
      HostConfig: {
        DeviceRequests: [{ Driver: "", Count: 0, DeviceIDs: [gpu], Capabilities: [["gpu"]], Options: {} }],
      },
    }),
  );
  try {
    await container.start();
    const { StatusCode: code } = (await container.wait({ abortSignal: signal })) as { StatusCode: number };
    const log = await container.logs({ stdout: true, stderr: true });
    let output = "";
    new Demuxer().push(log, (_, bytes, from, to) => (output += bytes.toString("utf8", from, to)));
    if (code !== 0) throw new Error(`nvidia-smi -L ended with ${code}: ${output.trim()}`);
    return [...new Set(output.match(/GPU-[0-9A-Za-z-]+/g))];
  } finally {
    await container.remove({ force: true });
  }
}
