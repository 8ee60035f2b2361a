/** Something that cannot be done; the caller of a route and the model are told why. */
export class Refused extends Error {
  constructor(
    readonly status: 404 | 409 | 422,
    message: string,
  ) {
    super(message);
  }

  get code(): string {
    return this.status === 404 ? "not_found" : this.status === 409 ? "conflict" : "validation";
  }
}
