/**
 * What a tool returns whose result comes later: the run is suspended, and the tool is called again with the same id once its run has been
 * woken. For tools of Heddle's own, which keep what they wait for in the database.
 */
export const LATER: unique symbol = Symbol("later");
