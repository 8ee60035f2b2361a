ALTER TABLE "tasks" ADD COLUMN "owner" text;--> statement-breakpoint
CREATE INDEX "tasks_owner" ON "tasks" USING btree ("owner","id") WHERE "tasks"."owner" is not null;