// The GPUs of this host, and what is on them, as nvidia-smi says. No nvidia-smi means none.
// Only whole GPUs are granted: one in MIG mode cannot be used as a whole, so it is none of them.

import { execFile, type ExecFileException } from "node:child_process";
import { promisify } from "node:util";

export interface Gpu {
  readonly uuid: string;
  readonly index: number;
  readonly name: string;
  readonly memoryMiB: number;
}

/** The host's GPUs; or why they are not known, where nvidia-smi is there and fails. */
export async function detectGpus(): Promise<Gpu[] | string> {
  try {
    const rows = await ask("--query-gpu=index,uuid,name,memory.total");
    return rows.map(([index = "", uuid = "", name = "", memory = ""]) => ({
      uuid,
      index: Number(index),
      name,
      memoryMiB: Number(memory),
    }));
  } catch (error) {
    if ((error as ExecFileException).code === "ENOENT") return []; // a host without GPUs is a host like any other
    return whyNot(error);
  }
}

/** Uuids of the GPUs that are in MIG mode. A driver that does not know the question has none. */
export async function gpusInMigMode(): Promise<string[]> {
  try {
    const rows = await ask("--query-gpu=uuid,mig.mode.current");
    return rows.filter(([, mode]) => mode === "Enabled").map(([uuid = ""]) => uuid);
  } catch {
    return [];
  }
}

export interface GpuUse {
  readonly memoryMiB: number;
  /** "4711 (python)" */
  readonly processes: readonly string[];
}

/** What is on each GPU, by uuid; or why that is not known. What a GPU cannot say ("[N/A]") counts as nothing. */
export async function gpuUses(): Promise<ReadonlyMap<string, GpuUse> | string> {
  try {
    const [memory, apps] = await Promise.all([
      ask("--query-gpu=uuid,memory.used"),
      ask("--query-compute-apps=gpu_uuid,pid,process_name,used_memory"),
    ]);
    const uses = memory.map(([uuid = "", used = ""]): [string, GpuUse] => [
      uuid,
      {
        memoryMiB: Number(used) || 0,
        processes: apps.filter(([gpu]) => gpu === uuid).map(([, pid = "", name = ""]) => `${pid} (${name})`),
      },
    ]);
    return new Map(uses);
  } catch (error) {
    return whyNot(error);
  }
}

/** nvidia-smi's own words, which it says on stdout as well; without any, Node's. */
function whyNot(error: unknown): string {
  const { stdout = "", stderr = "", message = String(error) } = error as Partial<ExecFileException>;
  const oneLine = (text: string): string => text.replace(/\s+/g, " ").trim();
  return oneLine(`${stdout} ${stderr}`) || oneLine(message);
}

export interface GpuReading {
  /** Percent of the time in which it was at work. */
  readonly utilisation: number | null;
  /** Bytes. */
  readonly memory: number | null;
  /** Watts. */
  readonly power: number | null;
  /** Degrees Celsius. */
  readonly temperature: number | null;
}

/** What every GPU of the host does now, by uuid; null is what a GPU cannot say. */
export async function gpuReadings(): Promise<ReadonlyMap<string, GpuReading>> {
  const number = (text = ""): number | null => (text === "" || Number.isNaN(Number(text)) ? null : Number(text));
  const rows = await ask("--query-gpu=uuid,utilization.gpu,memory.used,power.draw,temperature.gpu");
  return new Map(
    rows.map(([uuid = "", utilisation, memory, power, temperature]) => {
      const mebibytes = number(memory);
      return [
        uuid,
        {
          utilisation: number(utilisation),
          memory: mebibytes === null ? null : mebibytes * 1024 ** 2,
          power: number(power),
          temperature: number(temperature),
        },
      ];
    }),
  );
}

async function ask(query: string): Promise<string[][]> {
  const { stdout } = await promisify(execFile)("nvidia-smi", [query, "--format=csv,noheader,nounits"], {
    timeout: 20_000,
  });
  return stdout
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => line.split(",").map((cell) => cell.trim()));
}
