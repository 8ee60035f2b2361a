import type { deliveries } from "../db/schema.ts";

/** A row of the outbox. */
export type DeliveryRow = typeof deliveries.$inferSelect;

/** Where the sealed config of a delivery is stored. */
export const fieldLocation = (id: string) => ({ table: "deliveries", row: id, field: "dispatch_config" });
