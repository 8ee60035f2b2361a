/** Whether a file-system error says that there is no such file or directory, rather than that it cannot be read. */
export const isAbsent = (error: unknown): boolean =>
  ["ENOENT", "ENOTDIR"].includes(String((error as { code?: unknown }).code));
