// The values of options: numbers that are some, and lists of what is given several times.

import { InvalidArgumentError } from "commander";

export function count(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("It must be a whole number.");
  return Number(text);
}

/** Also below zero. */
export function integer(text: string): number {
  if (!/^-?\d{1,9}$/.test(text)) throw new InvalidArgumentError("It must be a whole number.");
  return Number(text);
}

export function decimal(text: string): number {
  if (!/^\d*\.?\d+$/.test(text)) throw new InvalidArgumentError("It must be a number.");
  return Number(text);
}

/** For what may be given several times. */
export function collect(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}
