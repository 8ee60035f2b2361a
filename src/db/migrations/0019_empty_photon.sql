CREATE TABLE "schedule_occurrences" (
	"id" uuid PRIMARY KEY NOT NULL,
	"schedule_id" uuid NOT NULL,
	"due_at" timestamp with time zone NOT NULL,
	"until_at" timestamp with time zone,
	"manual" boolean DEFAULT false NOT NULL,
	"status" text NOT NULL,
	"reason" text,
	"session_id" uuid,
	"message_id" uuid,
	"task_id" uuid,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "schedules" (
	"id" uuid PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"channel_id" uuid NOT NULL,
	"bot_id" text,
	"owner" text,
	"origin" text NOT NULL,
	"task_id" uuid,
	"hops" integer DEFAULT 0 NOT NULL,
	"status" text NOT NULL,
	"enabled" boolean DEFAULT true NOT NULL,
	"content" text NOT NULL,
	"timing" jsonb NOT NULL,
	"timezone" text NOT NULL,
	"missed" text NOT NULL,
	"overlap" text NOT NULL,
	"next_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "schedule_occurrences" ADD CONSTRAINT "schedule_occurrences_schedule_id_schedules_id_fk" FOREIGN KEY ("schedule_id") REFERENCES "public"."schedules"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "schedules" ADD CONSTRAINT "schedules_channel_id_channels_id_fk" FOREIGN KEY ("channel_id") REFERENCES "public"."channels"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "schedule_occurrences_time" ON "schedule_occurrences" USING btree ("schedule_id","due_at");--> statement-breakpoint
CREATE INDEX "schedule_occurrences_schedule" ON "schedule_occurrences" USING btree ("schedule_id","id");--> statement-breakpoint
CREATE INDEX "schedule_occurrences_due" ON "schedule_occurrences" USING btree ("due_at") WHERE "schedule_occurrences"."status" = 'due';--> statement-breakpoint
CREATE INDEX "schedule_occurrences_created" ON "schedule_occurrences" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "schedules_next" ON "schedules" USING btree ("next_at") WHERE "schedules"."next_at" is not null;--> statement-breakpoint
CREATE INDEX "schedules_channel" ON "schedules" USING btree ("channel_id","id");