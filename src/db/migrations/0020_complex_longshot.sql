ALTER TABLE "bots" ADD COLUMN "tool_retrieval" boolean DEFAULT true NOT NULL;--> statement-breakpoint
ALTER TABLE "bots" ADD COLUMN "max_tools" integer;--> statement-breakpoint
ALTER TABLE "sessions" ADD COLUMN "found_tools" jsonb DEFAULT '[]'::jsonb NOT NULL;