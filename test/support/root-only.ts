// For tests of what only root can do: others skip them, and their report says why.

/** Of a test that needs to be root for `what`: node:test's `skip`. */
export function rootOnly(what: string): { readonly skip: false | string } {
  return { skip: process.getuid?.() !== 0 && `only root can ${what}` };
}
