// The library of the protocol, which is read when the first server is connected to.

import { onDemand } from "../runtime/on-demand.ts";

export const protocol = onDemand(() => import("@modelcontextprotocol/client"));
