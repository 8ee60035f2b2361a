import { Elysia } from "heddle/sdk";
import { decide } from "./approvals.ts";

const UNKNOWN = "This has already been decided, it is too late, or nobody asked.";

// `parse: "none"`, since who may decide is verified over the request as it was sent.
export const router = new Elysia().post(
  "/decisions/:token",
  async ({ request, params, status }) => {
    const decided = (await decide(request, params.token)) ?? { refused: UNKNOWN };
    if ("refused" in decided) return status(410, { error: { code: "gone", message: decided.refused } });
    return decided;
  },
  { parse: "none" },
);
