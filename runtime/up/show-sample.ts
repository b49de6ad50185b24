// Enqueues the sample through the API, as a user would, shows its log live on stdout, and says how to enqueue the next.
// Stopped by the signal it leaves the sample running.

import { z } from "zod";
import { chooseSampleImage } from "./sample-image.ts";
import { sampleExperiment } from "./sample.ts";

export interface ShowSampleOptions {
  readonly url: string;
  readonly token: string;
  /** How the command line is called from here. */
  readonly program: string;
  readonly engineHost: string;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

const answer = z.object({
  id: z.string(),
  status: z.string(),
  result: z.object({ message: z.string() }).nullable(),
});

export async function showSample(options: ShowSampleOptions): Promise<void> {
  const { url, token, program, say, signal } = options;
  const image = await chooseSampleImage(options.engineHost, say);
  const headers = { Authorization: `Bearer ${token}` };
  const ask = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const response = await fetch(url + path, { ...init, headers, signal });
    if (!response.ok) throw new Error(`the API answered ${response.status} to the sample: ${await response.text()}`);
    return response;
  };
  try {
    const body = JSON.stringify(sampleExperiment(image));
    const { id } = answer.parse(await (await ask("/experiments", { method: "POST", body })).json());
    say(`enqueued a sample experiment, ${id}; its log, live:`);
    const tail = await ask(`/logs/${id}/tail`);
    for await (const bytes of (tail.body ?? []) as AsyncIterable<Uint8Array>) process.stdout.write(bytes);
    const ended = answer.parse(await (await ask(`/experiments/${id}`)).json());
    say(`the sample is ${ended.status}: ${ended.result?.message ?? ""}`);
  } catch (error) {
    if (signal.aborted) return;
    throw error;
  }
  say("enqueue the next one:");
  process.stdout.write(`
  ${program} run --name hello ${image} echo hello from a container
  ${program} --help

`);
}
