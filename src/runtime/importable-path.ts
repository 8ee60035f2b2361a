/**
 * Bun treats "?" as the start of a query and a backslash as a slash, so nothing in a folder with such a name can be
 * imported or started.
 */
export const isImportable = (path: string): boolean => process.platform === "win32" || !/[?\\]/.test(path);
