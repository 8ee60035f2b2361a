CREATE TABLE "integration_days" (
	"integration_id" text NOT NULL,
	"day" date NOT NULL,
	"up_seconds" integer DEFAULT 0 NOT NULL,
	"down_seconds" integer DEFAULT 0 NOT NULL,
	"problems" integer DEFAULT 0 NOT NULL,
	"last_error" text,
	CONSTRAINT "integration_days_integration_id_day_pk" PRIMARY KEY("integration_id","day")
);
