// What is known of a container's use, by answers of Engines: of both kinds of control groups, whole and in part.

import assert from "node:assert/strict";
import { test } from "node:test";
import { usageOf } from "../../runtime/docker/stats.ts";

const nothing = {
  cpu: undefined,
  memory: undefined,
  networkReceived: undefined,
  networkSent: undefined,
  diskRead: undefined,
  diskWritten: undefined,
};
const none = { cpu_usage: { total_usage: 0, usage_in_kernelmode: 0, usage_in_usermode: 0 } };
const networks = { eth0: { rx_bytes: 70, tx_bytes: 7 }, eth1: { rx_bytes: 30, tx_bytes: 3 } };

test("control groups of the first kind", () => {
  const answer = {
    read: "2026-11-26T23:50:00Z",
    cpu_stats: { cpu_usage: { total_usage: 1_500_000_000 } },
    memory_stats: { usage: 5000, stats: { total_inactive_file: 1000 } },
    networks,
    blkio_stats: {
      io_service_bytes_recursive: [
        { major: 8, minor: 0, op: "Read", value: 512 },
        { major: 8, minor: 0, op: "Write", value: 1024 },
        { major: 8, minor: 0, op: "Total", value: 1536 },
      ],
    },
  };
  assert.deepEqual(usageOf(answer), {
    cpu: 1.5,
    memory: 4000,
    networkReceived: 100,
    networkSent: 10,
    diskRead: 512,
    diskWritten: 1024,
  });
});

test("of the second kind: without the cpu controller, without the memory controller, with the host's network", () => {
  const memory_stats = { usage: 5000, stats: { inactive_file: 1000 } };
  const blkio_stats = { io_service_bytes_recursive: null };
  const known = { networkReceived: 100, networkSent: 10, diskRead: 0, diskWritten: 0 };
  assert.deepEqual(usageOf({ cpu_stats: none, memory_stats, networks, blkio_stats }), {
    ...nothing,
    ...known,
    memory: 4000,
  });
  const cpu_stats = { cpu_usage: { total_usage: 2e9 } };
  assert.deepEqual(usageOf({ cpu_stats, memory_stats: { stats: {} }, networks, blkio_stats }), {
    ...nothing,
    ...known,
    cpu: 2,
  });
  assert.deepEqual(usageOf({ cpu_stats, memory_stats, blkio_stats }), {
    ...nothing,
    cpu: 2,
    memory: 4000,
    diskRead: 0,
    diskWritten: 0,
  });
});

test("of one that has ended, or whose control group cannot be read, nothing is known", () => {
  const answer = {
    read: "0001-01-01T00:00:00Z",
    pids_stats: {},
    blkio_stats: { io_service_bytes_recursive: null },
    cpu_stats: none,
    memory_stats: {},
  };
  assert.deepEqual(usageOf(answer), nothing);
  assert.deepEqual(usageOf({ name: "/x", id: "f00" }), nothing);
});
