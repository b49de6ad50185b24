// The name of an image as Docker's API wants it. Pure.

/** A reference without tag or digest means `latest`; Docker's API would take it for all tags. */
export function withTag(image: string): string {
  const name = image.slice(image.lastIndexOf("/") + 1);
  return name.includes(":") || name.includes("@") ? image : `${image}:latest`;
}
