// The configuration's section `notifications`: who is told of changes, and with how much patience. Targets come from here
// alone: no user can make the server send anything anywhere else.
import { z } from "zod";
import { statuses } from "../experiment/states.ts";
import { parseDuration } from "../experiment/units.ts";
import { isAddress } from "./address.ts";
import { leaf, optionalLeaf, type Marks } from "./leaf.ts";

/** The bytes of a secret as it is written: whsec_ and 24 to 64 bytes in base64. Undefined where it is none. */
function parseSecret(text: string): Buffer | undefined {
  const [, encoded] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(text) ?? [];
  const bytes = Buffer.from(encoded ?? "", "base64");
  return bytes.length >= 24 && bytes.length <= 64 ? bytes : undefined;
}

const address = z.string().refine(isAddress, { error: "an http or https address without user and password" });

const secret = z.string().transform((text, context): Buffer => {
  const bytes = parseSecret(text);
  if (bytes !== undefined) return bytes;
  context.addIssue({ code: "custom", message: '"whsec_" and 24 to 64 bytes in base64 (openssl rand -base64 32)' });
  return z.NEVER;
});

/** Of every target, whatever it is. */
const shared = {
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, "a name of letters, digits, dots, dashes and underscores")
    .refine((name) => name !== "telegram", { error: "telegram is the name of the linked chats" }),
  statuses: z
    .array(z.enum(statuses, { error: `some of ${statuses.join(", ")}` }))
    .min(1)
    .default(["RUNNING", "FINISHED", "CANCELLED"]),
  owners: z.array(z.string().min(1)).default([]),
  names: z.array(z.string().min(1)).default([]),
  default: z.boolean().default(true),
};

const kinds = {
  webhook: z.strictObject({ ...shared, webhook: address, secret }),
  slack: z.strictObject({ ...shared, slack: address }),
  discord: z.strictObject({ ...shared, discord: address }),
  mattermost: z.strictObject({ ...shared, mattermost: address }),
  email: z.strictObject({ ...shared, email: z.email("an address like ada@example.org") }),
} as const;
type Kind = keyof typeof kinds;

export type TargetConfig = { [K in Kind]: { readonly kind: K } & z.output<(typeof kinds)[K]> }[Kind];

const kindNames = Object.keys(kinds) as Kind[];

/** The targets, or what is wrong with the first that is not right, without what it holds. */
function parseTargets(value: unknown): TargetConfig[] | string {
  if (!Array.isArray(value)) return "must be a list of targets";
  const targets: TargetConfig[] = [];
  for (const [index, item] of (value as unknown[]).entries()) {
    const keys = typeof item === "object" && item !== null ? Object.keys(item) : [];
    const [kind, another] = kindNames.filter((name) => keys.includes(name));
    if (kind === undefined || another !== undefined)
      return `has in its target ${index + 1} not exactly one of ${kindNames.join(", ")}`;
    const parsed = kinds[kind].safeParse(item);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      const where = [`target ${index + 1}`, ...(issue?.path ?? [])].join(".");
      return issue?.code === "unrecognized_keys"
        ? `has an unknown key in its target ${index + 1}: ${issue.keys.join(", ")}; allowed are ${Object.keys(kinds[kind].shape).join(", ")}`
        : `is wrong at ${where}: ${issue?.message ?? "not allowed"}`;
    }
    if (targets.some((one) => one.name === parsed.data.name)) return `has two targets named ${parsed.data.name}`;
    targets.push({ kind, ...parsed.data } as TargetConfig);
  }
  return targets;
}

const duration = (written: string, least: number) =>
  leaf(written, {
    allowed: `a duration like "${written}", at least ${least} ms`,
    parse: (value) => {
      const ms = typeof value === "string" ? parseDuration(value) : undefined;
      return ms === undefined || ms < least ? undefined : ms;
    },
  });

export const notifications = z
  .strictObject({
    targets: z
      .unknown()
      .transform((value, context): TargetConfig[] => {
        const parsed = parseTargets(value);
        if (typeof parsed !== "string") return parsed;
        context.addIssue({ code: "custom", message: parsed });
        return z.NEVER;
      })
      .prefault([])
      .meta({ list: true, secret: true } satisfies Marks),
    timeout: duration("15s", 1),
    first_retry: duration("5s", 1),
    give_up_after: duration("24h", 1),
    keep: duration("168h", 1000),
    smtp: z
      .strictObject({
        server: optionalLeaf({
          allowed: 'an address like "smtps://user:password@mail.example.org"',
          parse: (value) =>
            typeof value === "string" && /^smtps?:\/\/./.test(value) && URL.canParse(value) ? value : undefined,
          secret: true,
        }),
        from: leaf("skeduler@localhost", {
          allowed: 'a sender like "skeduler@example.org" or "Skeduler <skeduler@example.org>"',
          parse: (value) =>
            typeof value === "string" && /^([^<>\r\n]* )?<?[^\s<>@]+@[^\s<>@]+>?$/.test(value) ? value : undefined,
        }),
      })
      .prefault({}),
  })
  .superRefine(({ targets, smtp }, context) => {
    const mail = targets.find(({ kind }) => kind === "email");
    if (mail === undefined || smtp.server !== undefined) return;
    context.addIssue({
      code: "custom",
      path: ["smtp", "server"],
      message: `must be set, because the target ${mail.name} sends e-mail`,
    });
  })
  .prefault({});
