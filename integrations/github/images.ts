import { withoutImages } from "../_answers/without-images.ts";

/** Hosts whose logs no one but GitHub can read. */
const OWN =
  /\(\s{0,9}<?https:\/\/(?:github\.com|[a-z0-9-]{1,60}\.githubusercontent\.com)\/[^\s()<>\\]{0,2000}/iy;

/** Returns Markdown whose images from hosts other than GitHub's are links, which need a click. */
export const withoutForeignImages = (markdown: string): string =>
  withoutImages(markdown, (text, at) => {
    OWN.lastIndex = at;
    return OWN.test(text);
  });
