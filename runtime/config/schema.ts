// The whole configuration as one strict zod object: every key, what is allowed in it, its default.
// The environment's variables and the example file are derived from it or tested against it; nothing else knows the keys.
import { z } from "zod";
import { parseDuration, parseSize } from "../experiment/units.ts";
import { leaf, optionalLeaf } from "./leaf.ts";
import { notifications } from "./notifications.ts";
import { parseQuotas, parseWeights } from "./owners.ts";
import {
  furtherCapabilities,
  parseBoolean,
  parseCapabilities,
  parseCpus,
  parseMounts,
  parseWhole,
  usualCapabilities,
} from "./container.ts";
import { parseTokens } from "./token-list.ts";
import { tracing } from "./tracing.ts";

const nonEmpty = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;

function matching(pattern: RegExp) {
  return (value: unknown): string | undefined => (typeof value === "string" && pattern.test(value) ? value : undefined);
}

const numberAsText = (value: unknown): unknown => (typeof value === "number" ? String(value) : value);

function parseListen(value: unknown): { host: string | undefined; port: number } | undefined {
  const parts = typeof value === "string" ? /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s/]*)):(\d{1,5})$/.exec(value) : null;
  if (parts === null) return undefined;
  const port = Number(parts[3]);
  const host = parts[1] ?? parts[2] ?? "";
  return port <= 65535 ? { host: host === "" ? undefined : host, port } : undefined;
}

function listOf(parse: (value: unknown) => string | undefined) {
  return (value: unknown): string[] | undefined => {
    if (!Array.isArray(value)) return undefined;
    const parsed = value.map(parse);
    return parsed.every((item) => item !== undefined) ? parsed : undefined;
  };
}

function parseOrigin(value: unknown): string | undefined {
  if (typeof value !== "string" || !URL.canParse(value)) return undefined;
  const { origin, protocol, href } = new URL(value);
  return /^https?:$/.test(protocol) && href === `${origin}/` ? origin : undefined;
}

const optionalSize = () =>
  optionalLeaf({
    allowed: 'a size like "4GiB", at least 1 byte',
    parse: (value) => parseSize(String(value)) || undefined,
  });

const atLeast = (value: number | undefined, least: number): number | undefined =>
  value !== undefined && value >= least ? value : undefined;

const milliseconds = (value: unknown): number | undefined =>
  value === 0 ? 0 : typeof value === "string" ? parseDuration(value) : undefined;

const duration = (written: string, least = "0") =>
  leaf(written, {
    allowed: `a duration like "15s", "1m30s" or "500ms", ${least === "0" ? "" : `at least ${least} and `}at most 24 days`,
    parse: (value) => atLeast(milliseconds(value), parseDuration(least) ?? 0),
  });

const durationOrNever = (written: string, { least, like }: { least: string; like: string }) =>
  leaf(written, {
    allowed: `a duration of at least ${least}, like "${like}", or "0" for never`,
    parse: (value) => {
      const ms = milliseconds(value);
      return ms === 0 ? 0 : atLeast(ms, parseDuration(least) ?? 0);
    },
  });

const size = (written: string) =>
  leaf(written, {
    allowed: 'a size like "4GiB", "500MB" or a number of bytes, at least 1',
    parse: (value) => parseSize(String(value)) || undefined,
  });

/** A hundred years, ms: logs are looked at by the hour, no timer runs that long. */
const longestRetention = 100 * 365 * 24 * 3_600_000;

const parseCount = (value: unknown): number | undefined => parseWhole(value, 10_000);

const levels = ["debug", "info", "warn", "error"] as const;

export const configSchema = z.strictObject({
  database: optionalLeaf({
    allowed: 'an address like "postgres://user:password@host:5432/database_name"',
    parse: (value) =>
      typeof value === "string" && /^postgres(ql)?:\/\/./.test(value) && URL.canParse(value) ? value : undefined,
    secret: true,
  }),
  telegram_token: leaf("", {
    allowed: "a text",
    parse: (value) => (typeof value === "string" ? value : undefined),
    secret: true,
  }),
  telegram_chats: leaf([], {
    allowed: "a list of chats' ids, such as -1001234567890 or @channel",
    parse: listOf((value) => (/^(-?\d{1,20}|@\w{4,64})$/.test(String(value)) ? String(value) : undefined)),
    list: true,
  }),
  telegram_api: leaf("https://api.telegram.org", {
    allowed: "the http or https address of a Bot API server, without a slash at its end",
    parse: matching(/^https?:\/\/[^\s?#]*[^\s?#/]$/),
  }),
  http: z
    .strictObject({
      listen: leaf("127.0.0.1:8080", {
        allowed: 'an address like ":8080" (every interface), "127.0.0.1:8080" or "[::1]:8080"',
        parse: parseListen,
      }),
      read_timeout: duration("15s"),
      idle_timeout: duration("15s"),
      max_body: size("1MiB"),
      allowed_hosts: leaf([], {
        allowed: 'a list of host names like "lab.example.org", without scheme and port, or ["*"] for any',
        parse: listOf(matching(/^(\*|[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?)$/)),
        list: true,
      }),
      allowed_origins: leaf([], {
        allowed: 'a list of origins like "https://lab.example.org", without a path',
        parse: listOf(parseOrigin),
        list: true,
      }),
    })
    .prefault({}),
  tokens: leaf([], {
    allowed:
      "a list of tokens, each a text without spaces or a {name, token}, with every name (token-1, token-2, … by place where none is given) and every token only once",
    parse: parseTokens,
    secret: true,
    list: true,
  }),
  data: leaf("data", { allowed: "the path of a folder", parse: nonEmpty }),
  docker: z
    .strictObject({
      host: optionalLeaf({
        allowed: 'an address like "unix:///var/run/docker.sock" or "tcp://127.0.0.1:2375"',
        parse: matching(/^(unix:\/\/\/|(tcp|https?):\/\/)./),
      }),
    })
    .prefault({}),
  scheduler: z
    .strictObject({
      default_expected: duration("1h"),
      ageing: duration("0"),
      fair_share: z
        .strictObject({
          half_life: duration("0"),
          weights: leaf([], {
            allowed: 'a list of owners with their weights, like ["alice=2", "bob=0.5"]',
            parse: parseWeights,
            list: true,
          }),
        })
        .prefault({}),
    })
    .prefault({}),
  quotas: z
    .strictObject({
      gpus: optionalLeaf({ allowed: "a whole number from 1 to 10000", parse: parseCount }),
      waiting: optionalLeaf({ allowed: "a whole number from 1 to 10000", parse: parseCount }),
      owners: leaf([], {
        allowed: 'a list of {name, gpus, waiting}, where gpus and waiting are whole numbers or "unlimited"',
        parse: parseQuotas,
        list: true,
      }),
    })
    .prefault({}),
  // A host that lives beats every 5 s, and one that is silent for 30 s is shown as lost: nothing is given up before that.
  hosts: z.strictObject({ lost_after: duration("5m", "30s") }).prefault({}),
  logs: z
    .strictObject({
      max_bytes: leaf("1GiB", {
        allowed: 'a size of at least 1MiB, like "4GiB"',
        parse: (value) => atLeast(parseSize(String(value)), 1024 ** 2),
      }),
      retention: z
        .strictObject({
          age: leaf("0", {
            allowed: 'a duration of at least 1h, like "2160h" (90 days), or "0" for ever',
            parse: (value) =>
              value === 0 || value === "0" ? 0 : atLeast(parseDuration(String(value), longestRetention), 3_600_000),
          }),
          size: optionalSize(),
        })
        .prefault({}),
    })
    .prefault({}),
  runner: z
    .strictObject({
      name: optionalLeaf({
        allowed: "a host name of letters, digits, dots, dashes and underscores",
        parse: matching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$/),
      }),
      listen: optionalLeaf({
        allowed: 'an address like ":9101" (every interface) or "127.0.0.1:9101"',
        parse: parseListen,
      }),
      slots: optionalLeaf({ allowed: "a whole number from 1 to 10000", parse: parseCount }),
      labels: leaf([], {
        allowed: 'a list of labels like "rack=a"',
        parse: listOf(matching(/^[^\s=,]+=[^\s,]+$/)),
        list: true,
      }),
      gpus: optionalLeaf({
        allowed: "a list of the GPUs' indexes, like [0, 1], or [] for none",
        parse: (value) =>
          listOf(matching(/^\d{1,4}$/))(Array.isArray(value) ? value.map(numberAsText) : value)?.map(Number),
        list: true,
      }),
      outputs: optionalLeaf({ allowed: "the absolute path of a folder", parse: matching(/^\//) }),
      pull_timeout: duration("30m", "1s"),
      stop_grace: duration("10s"),
      log_max_size: size("4GiB"),
      fence_after: durationOrNever("0", { least: "10s", like: "2m" }),
      canary_image: optionalLeaf({ allowed: "an image in which nvidia-smi runs", parse: nonEmpty }),
      check_gpus: leaf(true, { allowed: "true or false", parse: parseBoolean }),
      gpu_idle_memory: size("1GiB"),
      min_free_disk: size("5GiB"),
      secrets: optionalLeaf({ allowed: "the absolute path of a file", parse: matching(/^\//) }),
    })
    .prefault({}),
  container: z
    .strictObject({
      images: leaf(["**"], {
        allowed: 'a list of patterns of image names, such as "registry.lab/**" or "pytorch/*"',
        parse: listOf(nonEmpty),
        list: true,
      }),
      mounts: leaf([], {
        allowed: 'a list of absolute paths, such as "/data", each with ":rw" behind it where writing is allowed',
        parse: parseMounts,
        list: true,
      }),
      network: optionalLeaf({
        allowed: 'the name of a Docker network, such as "bridge", "none" or "host"',
        parse: matching(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/),
      }),
      max_memory: optionalSize(),
      max_cpus: optionalLeaf({ allowed: "a number of CPUs from 0.01 to 4096", parse: parseCpus }),
      max_shm_size: optionalSize(),
      pids_limit: leaf(16384, {
        allowed: "a whole number from 1 to 4194304",
        parse: (value) => parseWhole(value, 4194304),
      }),
      no_new_privileges: leaf(true, { allowed: "true or false", parse: parseBoolean }),
      capabilities: leaf(usualCapabilities, {
        allowed: `a list of ${[...usualCapabilities, ...furtherCapabilities].join(", ")}`,
        parse: parseCapabilities,
        list: true,
      }),
    })
    .prefault({}),
  notifications,
  metrics: z.strictObject({ interval: durationOrNever("5s", { least: "1s", like: "5s" }) }).prefault({}),
  tracing,
  log_level: leaf("info", {
    allowed: `one of ${levels.join(", ")}`,
    parse: (value) => levels.find((level) => level === value),
  }),
});

export type Config = z.output<typeof configSchema>;
