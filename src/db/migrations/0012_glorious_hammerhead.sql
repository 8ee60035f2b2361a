CREATE TABLE "memories" (
	"id" uuid PRIMARY KEY NOT NULL,
	"memory_id" uuid NOT NULL,
	"version" integer NOT NULL,
	"bot_id" text NOT NULL,
	"channel_id" uuid,
	"text" text,
	"status" text NOT NULL,
	"session_id" uuid NOT NULL,
	"message_id" uuid NOT NULL,
	"task_id" uuid NOT NULL,
	"reviewed_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "memories" ADD CONSTRAINT "memories_channel_id_channels_id_fk" FOREIGN KEY ("channel_id") REFERENCES "public"."channels"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "memories_version" ON "memories" USING btree ("memory_id","version");--> statement-breakpoint
CREATE INDEX "memories_bot" ON "memories" USING btree ("bot_id","id");--> statement-breakpoint
CREATE INDEX "memories_session" ON "memories" USING btree ("session_id");