/** Whether it can name an image at all. Docker's own rules are stricter, and are Docker's to apply. */
export function isImageName(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text);
}
