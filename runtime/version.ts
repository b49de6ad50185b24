// The version, as package.json says it.
import about from "../package.json" with { type: "json" };

export function versionOf(): string {
  return about.version;
}
