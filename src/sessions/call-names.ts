/** The name by which clients know a call: the ids of models are only unique within one answer. */
export const clientCallId = (rowId: string): string => `call_${rowId.replaceAll("-", "")}`;

/** Returns the row's id; undefined for anything that is not such a name. */
export function rowOfClientCall(id: string): string | undefined {
  const digits = /^call_([0-9a-f]{32})$/.exec(id)?.[1];
  return digits?.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** The tool whose results come from the run of another bot. */
export const DELEGATE = "delegate_to_agent";
