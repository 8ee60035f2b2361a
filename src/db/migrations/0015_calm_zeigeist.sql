ALTER TABLE "inbox_events" ADD COLUMN "signature" jsonb;--> statement-breakpoint
ALTER TABLE "sessions" ADD COLUMN "read_position" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX "deliveries_time" ON "deliveries" USING btree ("created_at","status");--> statement-breakpoint
CREATE INDEX "inbox_events_time" ON "inbox_events" USING btree ("created_at","verdict");--> statement-breakpoint
CREATE INDEX "tasks_bot" ON "tasks" USING btree ("bot_id","id");--> statement-breakpoint
CREATE INDEX "tasks_channel" ON "tasks" USING btree ("channel_id","id");--> statement-breakpoint
CREATE INDEX "tasks_source" ON "tasks" USING btree ("source","id");--> statement-breakpoint
CREATE INDEX "tasks_time" ON "tasks" USING btree ("created_at","status");