/** An error in Google's form. */
export const failure = (status: number, message: string, word: string, reason?: string): Response =>
  Response.json(
    {
      error: {
        ...{ code: status, message, status: word },
        ...(reason !== undefined && { errors: [{ message, domain: "global", reason }] }),
      },
    },
    { status },
  );

export const invalid = (message: string): Response =>
  failure(400, message, "INVALID_ARGUMENT", "invalidArgument");

export const notFound = (): Response =>
  failure(404, "Requested entity was not found.", "NOT_FOUND", "notFound");
