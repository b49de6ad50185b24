/** Docker's own bound is some 500: a repository, a tag and a digest. */
const longest = 1000;

/** Whether it can name an image at all. Docker's own rules are stricter, and are Docker's to apply. */
export function isImageName(text: string): boolean {
  return text.length <= longest && /^[\x21-\x7e]+$/.test(text);
}
