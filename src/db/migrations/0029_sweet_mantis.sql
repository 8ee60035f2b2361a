CREATE TABLE "connections" (
	"integration_id" text NOT NULL,
	"name" text NOT NULL,
	"status" text NOT NULL,
	"detail" text,
	"is_listener" boolean DEFAULT false NOT NULL,
	"since" timestamp with time zone DEFAULT now() NOT NULL,
	"alive_at" timestamp with time zone,
	CONSTRAINT "connections_integration_id_name_pk" PRIMARY KEY("integration_id","name")
);
