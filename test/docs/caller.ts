// Requests of the guide's tests to a server: as a client with an API key, and as the service that sends alarms.

import { createHmac } from "node:crypto";
import { until } from "../until.ts";

export const KEY = "admin-key-of-the-guide-test";
export const SECRET = "secret-of-the-guide-test";

export interface Delivery {
  id: string;
  status: string;
  attempts: number;
  last_error: string | null;
  receipt: unknown;
}

export type Caller = ReturnType<typeof createCaller>;

export function createCaller(url: string) {
  const headers = { authorization: `Bearer ${KEY}`, "content-type": "application/json" };

  // biome-ignore lint/suspicious/noExplicitAny: answers are checked field by field
  const get = async (path: string): Promise<any> => (await fetch(url + path, { headers })).json();

  // biome-ignore lint/suspicious/noExplicitAny: as above
  const send = async (method: string, path: string, body: object): Promise<any> =>
    (await fetch(url + path, { method, headers, body: JSON.stringify(body) })).json();

  return {
    url,
    get,
    // biome-ignore lint/suspicious/noExplicitAny: as above
    post: (path: string, body: object): Promise<any> => send("POST", path, body),
    // biome-ignore lint/suspicious/noExplicitAny: as above
    put: (path: string, body: object): Promise<any> => send("PUT", path, body),
    /** Stores settings of the integration. */
    set: (settings: Record<string, unknown>) =>
      send("PUT", "/api/v1/admin/integrations/mynotify/settings", { settings }),
    /** Sends a request without any header. */
    async getStatus(path: string): Promise<number> {
      const response = await fetch(url + path);
      await response.arrayBuffer();
      return response.status;
    },
    /** Sends a webhook. */
    async raise(alarm: object, secret = SECRET) {
      const body = JSON.stringify(alarm);
      const signature = createHmac("sha256", secret).update(body).digest("hex");
      const response = await fetch(`${url}/integrations/mynotify/webhook`, {
        method: "POST",
        body,
        headers: { "x-mynotify-signature": `sha256=${signature}` },
      });
      // biome-ignore lint/suspicious/noExplicitAny: as above
      return { status: response.status, body: (await response.json()) as any };
    },
    /** Returns the task's one delivery once it has a receipt. */
    async delivered(taskId: string): Promise<Delivery> {
      const { deliveries } = await until(
        () => get(`/api/v1/deliveries?task_id=${taskId}`),
        ({ deliveries }) => deliveries[0]?.status === "delivered",
      );
      if (deliveries.length !== 1) throw new Error(`Task ${taskId} has ${deliveries.length} deliveries`);
      return deliveries[0];
    },
  };
}
