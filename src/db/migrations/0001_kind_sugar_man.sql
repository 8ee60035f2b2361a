ALTER TABLE "deliveries" ADD COLUMN "retry_seconds" integer;--> statement-breakpoint
ALTER TABLE "deliveries" ADD COLUMN "target_key" text;--> statement-breakpoint
ALTER TABLE "deliveries" ADD COLUMN "queued_at" timestamp with time zone;