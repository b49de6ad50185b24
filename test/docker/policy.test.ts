// Which images a host's patterns allow.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { matchesImage } from "../../runtime/docker/policy.ts";

test("* is any text without a slash, ** any", () => {
  const texts = fc.string({ unit: fc.constantFrom("a", "b", "/", "."), maxLength: 8 });
  const patterns = fc.string({ unit: fc.constantFrom("a", "b", "/", ".", "*", "*"), maxLength: 6 });
  fc.assert(
    fc.property(texts, patterns, (text, pattern) => {
      const parts = pattern
        .split(/(\*\*|\*)/)
        .map((part) => ({ "**": ".*", "*": "[^/]*" })[part] ?? part.replaceAll(".", "\\."));
      const image = `lab.org/${text}:1`;
      assert.equal(
        matchesImage(`lab.org/${pattern}:1`, image),
        new RegExp(`^lab\\.org/${parts.join("")}:1$`).test(image),
      );
    }),
    { numRuns: 5000 },
  );
});

test("a name is judged as written and in full", () => {
  for (const pattern of ["busybox:latest", "docker.io/library/busybox:*", "docker.io/**", "**"])
    assert.ok(matchesImage(pattern, "busybox"), pattern);
  for (const pattern of ["busybox", "library/*", "*/busybox:latest"])
    assert.ok(!matchesImage(pattern, "busybox"), pattern);
});

test("an image's id, whole or short, is matched by patterns of ids alone, and by the one of all", () => {
  const id = `sha256:${"0123456789abcdef".repeat(4)}`;
  for (const image of [id, id.slice(0, 19), id.toUpperCase()]) {
    for (const pattern of ["docker.io/library/**", "docker.io/**", "*", "**a*", "s*", "*:*"])
      assert.ok(!matchesImage(pattern, image), `${pattern} ${image}`);
    for (const pattern of [image, "**"]) assert.ok(matchesImage(pattern, image), `${pattern} ${image}`);
  }
  assert.ok(matchesImage("sha256:0123*", id) && !matchesImage("sha256:1*", id) && !matchesImage(id, id.slice(0, 19)));
});

test("a long name is judged in no time, whatever the pattern", () => {
  const began = performance.now();
  for (const pattern of ["**a**b", "*a*a*a*a*a*b", "**/**/**x**"]) assert.ok(!matchesImage(pattern, "a".repeat(1000)));
  assert.ok(performance.now() - began < 1000);
});
