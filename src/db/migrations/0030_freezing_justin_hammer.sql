ALTER TABLE "bots" ADD COLUMN "icon_emoji" text;--> statement-breakpoint
ALTER TABLE "bots" ADD COLUMN "icon_url" text;--> statement-breakpoint
ALTER TABLE "tasks" ADD COLUMN "callback_config" jsonb DEFAULT '{}'::jsonb NOT NULL;--> statement-breakpoint
CREATE INDEX "tasks_delegated" ON "tasks" USING btree (("dispatch_config" ->> 'task_id')) WHERE "tasks"."dispatch_type" = 'internal';