ALTER TABLE "messages" ADD COLUMN "from_person" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "messages" ADD COLUMN "hops" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "tasks" ADD COLUMN "loop_key" text;--> statement-breakpoint
CREATE INDEX "tasks_loop" ON "tasks" USING btree ("loop_key","run_at") WHERE "tasks"."loop_key" is not null;