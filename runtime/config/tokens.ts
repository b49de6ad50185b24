// There is always a token: where none is configured, one is made once, kept in `<data>/token` (mode 0600), and used ever after.
// Processes that start together agree: the file is linked into place whole, and who comes second reads the first one's.
import { randomBytes } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../errors.ts";
import type { Config } from "./schema.ts";
import { parseTokens, type Token } from "./token-list.ts";

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw new UserError(
      `The token file ${file} cannot be read: ${error instanceof Error ? error.message : String(error)}.`,
      { cause: error },
    );
  }
}

/** True when this process made the file. */
function create(folder: string, file: string, token: string): boolean {
  const draft = `${file}.${process.pid}.${randomBytes(4).toString("hex")}`;
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(draft, `${token}\n`, { mode: 0o600, flag: "wx" });
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    throw new UserError(
      `No token could be kept in ${file}: ${error instanceof Error ? error.message : String(error)}.`,
      { cause: error },
    );
  } finally {
    rmSync(draft, { force: true });
  }
}

/** The tokens that count. `made` is called once in an installation's life, with the token to show and the file that keeps it. */
export function ensureTokens(
  config: Pick<Config, "tokens" | "data">,
  made: (token: string, file: string) => void = () => undefined,
): Token[] {
  if (config.tokens.length > 0) return config.tokens;
  const file = join(config.data, "token");
  if (read(file) === undefined) {
    const token = `sk_${randomBytes(32).toString("base64url")}`;
    if (create(config.data, file, token)) made(token, file);
  }
  const tokens = parseTokens([read(file)]);
  if (tokens === undefined)
    throw new UserError(`The token file ${file} does not hold one token: remove it and a new one is made.`);
  return tokens;
}
