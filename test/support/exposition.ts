// Prometheus's text format, read as strictly as its documentation has it: HELP and TYPE before a family's samples, each family once, each
// sample once, buckets that only grow and end with +Inf.

import assert from "node:assert/strict";

export interface Sample {
  /** With _bucket, _sum or _count, where the family is a histogram. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Family {
  readonly type: string;
  readonly samples: Sample[];
}

const comment = /^# (HELP|TYPE) ([a-zA-Z_:][\w:]*) (.+)$/;
const sample = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;
const label = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/y;

function labelsOf(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  label.lastIndex = 0;
  while (label.lastIndex < text.length) {
    const [, key, value] = label.exec(text) ?? assert.fail(`labels: ${text}`);
    assert.ok(key !== undefined && value !== undefined && !(key in labels), `labels: ${text}`);
    labels[key] = value;
  }
  return labels;
}

function valueOf(text: string): number {
  const value = { "+Inf": Infinity, "-Inf": -Infinity, Nan: NaN }[text] ?? Number(text);
  assert.ok(text === "Nan" || !Number.isNaN(value), `a number: ${text}`);
  return value;
}

function checkBuckets(name: string, { samples }: Family): void {
  const before = new Map<string, { le: number; value: number }>();
  for (const one of samples.filter((found) => found.name === `${name}_bucket`)) {
    const { le = "", ...rest } = one.labels;
    const key = JSON.stringify(rest);
    const last = before.get(key);
    const here = { le: valueOf(le), value: one.value };
    assert.ok(last === undefined || (here.le > last.le && here.value >= last.value), `buckets of ${name}`);
    before.set(key, here);
  }
  for (const { le } of before.values()) assert.equal(le, Infinity, `the last bucket of ${name}`);
}

/** The families by name; throws where the text is not as it should be. */
export function parseExposition(text: string): Map<string, Family> {
  assert.ok(text.endsWith("\n"), "the last line ends");
  const families = new Map<string, Family>();
  const seen = new Set<string>();
  let current: { name: string; family: Family } | undefined;
  for (const line of text.split("\n").filter((one) => one !== "")) {
    const [, kind, about = "", rest = ""] = comment.exec(line) ?? [];
    if (kind === "TYPE") {
      assert.ok(!families.has(about), `${about} comes once`);
      current = { name: about, family: { type: rest, samples: [] } };
      families.set(about, current.family);
    }
    if (kind !== undefined) continue;
    const [, name = "", labels = "", value = ""] = sample.exec(line) ?? assert.fail(`a sample: ${line}`);
    assert.ok(current, line);
    const suffix = current.family.type === "histogram" ? /^_(bucket|sum|count)$/ : /^$/;
    assert.ok(name.startsWith(current.name) && suffix.test(name.slice(current.name.length)), `${name} in its family`);
    assert.ok(!seen.has(`${name}{${labels}`), `${line} comes once`);
    seen.add(`${name}{${labels}`);
    current.family.samples.push({ name, labels: labelsOf(labels), value: valueOf(value) });
  }
  for (const [name, family] of families) if (family.type === "histogram") checkBuckets(name, family);
  return families;
}
