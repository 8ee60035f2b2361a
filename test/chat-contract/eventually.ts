// Waiting in the suite: many wait at once for one server, so that each looks seldom, and long.

import { until } from "../until.ts";

export const eventually = <Value>(
  look: () => Promise<Value> | Value,
  isSo?: (value: Value) => boolean,
  everyMs = 50,
): Promise<Value> => until(look, isSo, { everyMs, withinSeconds: 200 });
