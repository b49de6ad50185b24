// Experiments by HTTP as a client sees them: posted, and looked at until they have ended.

import { setTimeout as sleep } from "node:timers/promises";
import { image, type Experiment } from "../../test/support/system.ts";
import { token, type Skeduler } from "./process.ts";

export async function post(api: Skeduler, docker: object, more: object = {}): Promise<Experiment> {
  const body = JSON.stringify({ name: "bench", docker: { image, ...docker }, resources: { gpus: 0 }, ...more });
  const response = await fetch(`${api.url}/experiments`, { method: "POST", headers: { Authorization: token }, body });
  if (!response.ok) throw new Error(`POST answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as Experiment;
}

async function get(api: Skeduler, id: string): Promise<Experiment> {
  return (await (await api.fetch(`/experiments/${id}`)).json()) as Experiment;
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
export async function ended(api: Skeduler, id: string, every = 2): Promise<Experiment> {
  const experiment = await until(api, id, ({ status }) => status === "FINISHED" || status === "CANCELLED", every);
  if (experiment.status === "CANCELLED") throw new Error(`${id} was cancelled: ${experiment.result?.message ?? ""}`);
  return experiment;
}
