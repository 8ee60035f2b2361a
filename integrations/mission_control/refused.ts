/** What cannot be done, told to the caller of a route and to the model. */
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
