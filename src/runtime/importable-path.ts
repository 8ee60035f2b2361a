/** Bun takes "?" for the beginning of a query, and a backslash for a slash: from such a folder nothing can be imported or started. */
export const isImportable = (path: string): boolean => process.platform === "win32" || !/[?\\]/.test(path);
