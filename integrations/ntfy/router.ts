import { Elysia } from "heddle/sdk";
import { decide } from "./approvals.ts";

// `parse: "none"`, since who may decide is verified over the request as it was sent.
export const router = new Elysia().post(
  "/decisions/:token",
  async ({ request, params, status }) => {
    const decision = await decide(request, params.token);
    if (decision === undefined) {
      return status(410, {
        error: { code: "gone", message: "This has already been decided, it is too late, or nobody asked." },
      });
    }
    return { status: decision };
  },
  { parse: "none" },
);
