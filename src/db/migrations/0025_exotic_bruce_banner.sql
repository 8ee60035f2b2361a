ALTER TABLE "schedules" ADD COLUMN "quiet_hours" jsonb;--> statement-breakpoint
ALTER TABLE "schedules" ADD COLUMN "pre_check" jsonb;--> statement-breakpoint
ALTER TABLE "schedules" ADD COLUMN "seen" text;--> statement-breakpoint
ALTER TABLE "schedules" ADD COLUMN "heartbeat" jsonb;--> statement-breakpoint
CREATE UNIQUE INDEX "schedules_heartbeat" ON "schedules" USING btree ("channel_id") WHERE "schedules"."heartbeat" is not null;