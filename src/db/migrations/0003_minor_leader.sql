ALTER TABLE "api_keys" ADD COLUMN "parent_id" uuid;--> statement-breakpoint
ALTER TABLE "api_keys" ADD COLUMN "rows" text DEFAULT 'all' NOT NULL;--> statement-breakpoint
ALTER TABLE "channels" ADD COLUMN "owner" text;--> statement-breakpoint
ALTER TABLE "documents" ADD COLUMN "owner" text;--> statement-breakpoint
CREATE INDEX "documents_owner" ON "documents" USING btree ("owner");