// Experiments by HTTP as a client sees them: posted, and looked at until they have ended.

import { setTimeout as sleep } from "node:timers/promises";
import { image, type Experiment } from "../../test/support/system.ts";
import { fetchBytes } from "./fetch-bytes.ts";
import type { Skeduler } from "./process.ts";

export async function post(api: Skeduler, docker: object, more: object = {}): Promise<Experiment> {
  const body = JSON.stringify({ name: "bench", docker: { image, ...docker }, resources: { gpus: 0 }, ...more });
  return JSON.parse((await api.ask("POST", "/experiments", body)).toString()) as Experiment;
}

async function get(api: Skeduler, id: string): Promise<Experiment> {
  return JSON.parse((await api.ask("GET", `/experiments/${id}`)).toString()) as Experiment;
}

/** The experiment as soon as it is so, looked at every `every` ms. */
export async function until(
  api: Skeduler,
  id: string,
  isSo: (experiment: Experiment) => boolean,
  every = 5,
): Promise<Experiment> {
  for (;;) {
    const experiment = await get(api, id);
    if (isSo(experiment)) return experiment;
    await sleep(every);
  }
}

/** The experiment as soon as it is FINISHED; throws where it was cancelled. */
export async function ended(api: Skeduler, id: string, every = 5): Promise<Experiment> {
  const experiment = await until(api, id, ({ status }) => status === "FINISHED" || status === "CANCELLED", every);
  if (experiment.status === "CANCELLED") throw new Error(`${id} was cancelled: ${experiment.result?.message ?? ""}`);
  return experiment;
}

/** The same, told by the log's tail, which ends with the experiment, instead of by looking. */
export async function toldEnded(api: Skeduler, id: string): Promise<Experiment> {
  await fetchBytes(`${api.url}/logs/${id}/tail`);
  return ended(api, id);
}
