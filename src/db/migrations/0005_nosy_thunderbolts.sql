CREATE TABLE "delivery_paces" (
	"key" text PRIMARY KEY NOT NULL,
	"next_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "deliveries" ADD COLUMN "parts" jsonb;--> statement-breakpoint
ALTER TABLE "integration_store" ADD COLUMN "expires_at" timestamp with time zone;--> statement-breakpoint
CREATE INDEX "integration_store_expires" ON "integration_store" USING btree ("expires_at") WHERE "integration_store"."expires_at" is not null;