/** Something that cannot be done; the caller of a route and the model are told why. */
export class Refused extends Error {
  constructor(
    readonly status: 404 | 409 | 412 | 422,
    message: string,
  ) {
    super(message);
  }

  get code(): string {
    return CODES[this.status];
  }
}

const CODES = { 404: "not_found", 409: "conflict", 412: "changed_meanwhile", 422: "validation" };

/** `asRead`: the version that a person has seen; undefined: whatever is there. */
export function refuseOverwrite(version: string, asRead: string | undefined): void {
  if (asRead === undefined || asRead === version) return;
  throw new Refused(412, "This was changed after it was read; read it again before you change it.");
}

/** The version in If-Match. */
export function versionIn(headers: Headers): string | undefined {
  const given = headers.get("if-match")?.trim();
  return given === undefined || given === "*" ? undefined : given.replace(/^W\//, "").replaceAll('"', "");
}
