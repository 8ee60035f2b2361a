import type { deliveries } from "../db/schema.ts";

/** A row of the outbox. */
export type DeliveryRow = typeof deliveries.$inferSelect;
