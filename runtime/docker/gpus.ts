// The GPUs of this host, as nvidia-smi lists them. No nvidia-smi, or one that fails, means none.

import { execFile } from "node:child_process";
import { promisify } from "node:util";

export interface Gpu {
  readonly uuid: string;
  readonly index: number;
  readonly name: string;
  readonly memoryMiB: number;
}

export async function detectGpus(): Promise<Gpu[]> {
  try {
    const { stdout } = await promisify(execFile)(
      "nvidia-smi",
      ["--query-gpu=index,uuid,name,memory.total", "--format=csv,noheader,nounits"],
      { timeout: 20_000 },
    );
    return stdout
      .split("\n")
      .filter((line) => line.trim() !== "")
      .map((line) => {
        const [index = "", uuid = "", name = "", memory = ""] = line.split(",").map((cell) => cell.trim());
        return { uuid, index: Number(index), name, memoryMiB: Number(memory) };
      });
  } catch {
    return []; // a host without GPUs is a host like any other
  }
}
