// The policy of this host, from its configuration. Pure.

import type { Config } from "../config/schema.ts";
import type { Policy } from "../docker/policy.ts";

export function policyOf({ container }: Config): Policy {
  return {
    images: container.images,
    mounts: container.mounts,
    network: container.network,
    maxMemory: container.max_memory,
    maxCpus: container.max_cpus,
    maxShmSize: container.max_shm_size,
    pidsLimit: container.pids_limit,
    noNewPrivileges: container.no_new_privileges,
    capabilities: container.capabilities,
  };
}
