CREATE TABLE "providers" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"adapter" text NOT NULL,
	"base_url" text,
	"api_key" text,
	"headers" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"unsupported" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"models" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"default_model" text,
	"is_default" boolean DEFAULT false NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "llm_calls" DROP CONSTRAINT "llm_calls_task_id_tasks_id_fk";
--> statement-breakpoint
ALTER TABLE "llm_calls" ALTER COLUMN "task_id" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "llm_calls" ADD COLUMN "bot_id" text;--> statement-breakpoint
ALTER TABLE "llm_calls" ADD COLUMN "integration_id" text;--> statement-breakpoint
ALTER TABLE "llm_calls" ADD COLUMN "provider" text;--> statement-breakpoint
ALTER TABLE "llm_calls" ADD COLUMN "cached_input_tokens" integer;--> statement-breakpoint
ALTER TABLE "llm_calls" ADD COLUMN "cache_write_tokens" integer;--> statement-breakpoint
ALTER TABLE "llm_calls" ADD COLUMN "cost_usd" numeric(20, 10);--> statement-breakpoint
CREATE UNIQUE INDEX "providers_default" ON "providers" USING btree ("is_default") WHERE "providers"."is_default";--> statement-breakpoint
ALTER TABLE "llm_calls" ADD CONSTRAINT "llm_calls_task_id_tasks_id_fk" FOREIGN KEY ("task_id") REFERENCES "public"."tasks"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "llm_calls_created" ON "llm_calls" USING btree ("created_at");