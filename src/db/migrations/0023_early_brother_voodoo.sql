CREATE TABLE "budget_periods" (
	"budget_id" uuid NOT NULL,
	"period" text NOT NULL,
	"used" numeric(24, 10) DEFAULT 0 NOT NULL,
	"extended" numeric(24, 10) DEFAULT 0 NOT NULL,
	"noticed" integer DEFAULT 0 NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "budget_periods_budget_id_period_pk" PRIMARY KEY("budget_id","period")
);
--> statement-breakpoint
CREATE TABLE "budget_reservations" (
	"id" uuid NOT NULL,
	"budget_id" uuid NOT NULL,
	"period" text NOT NULL,
	"task_id" uuid NOT NULL,
	"attempt" integer NOT NULL,
	"amount" numeric(24, 10),
	"is_done" boolean DEFAULT false NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "budget_reservations_id_budget_id_pk" PRIMARY KEY("id","budget_id")
);
--> statement-breakpoint
CREATE TABLE "budgets" (
	"id" uuid PRIMARY KEY NOT NULL,
	"scope" text NOT NULL,
	"subject" text,
	"metric" text NOT NULL,
	"period" text NOT NULL,
	"amount" numeric(24, 10) NOT NULL,
	"enabled" boolean DEFAULT true NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "llm_calls" ADD COLUMN "schedule_id" uuid;--> statement-breakpoint
ALTER TABLE "llm_calls" ADD COLUMN "reservation_id" uuid;--> statement-breakpoint
ALTER TABLE "tasks" ADD COLUMN "schedule_id" uuid;--> statement-breakpoint
ALTER TABLE "budget_periods" ADD CONSTRAINT "budget_periods_budget_id_budgets_id_fk" FOREIGN KEY ("budget_id") REFERENCES "public"."budgets"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "budget_reservations" ADD CONSTRAINT "budget_reservations_budget_id_budgets_id_fk" FOREIGN KEY ("budget_id") REFERENCES "public"."budgets"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "budget_periods_updated" ON "budget_periods" USING btree ("updated_at");--> statement-breakpoint
CREATE INDEX "budget_reservations_period" ON "budget_reservations" USING btree ("budget_id","period");--> statement-breakpoint
CREATE INDEX "budget_reservations_task" ON "budget_reservations" USING btree ("task_id");--> statement-breakpoint
CREATE UNIQUE INDEX "budgets_what" ON "budgets" USING btree ("scope",coalesce("subject", ''),"metric","period");--> statement-breakpoint
CREATE FUNCTION "public"."heddle_budget_level"("used" numeric, "cap" numeric) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN used >= cap THEN 100 WHEN used >= cap * 0.8 THEN 80 WHEN used >= cap * 0.5 THEN 50 ELSE 0 END
$$;--> statement-breakpoint
CREATE FUNCTION "public"."heddle_budget_used"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  budget public.budgets%ROWTYPE;
  level integer;
BEGIN
  SELECT * INTO budget FROM public.budgets WHERE id = NEW.budget_id;
  level := public.heddle_budget_level(NEW.used, budget.amount + NEW.extended);
  NEW.updated_at := now();
  IF level > NEW.noticed AND NEW.period NOT LIKE 'counted %' THEN
    NEW.noticed := level;
    IF NEW.period NOT LIKE 'run %' OR level = 100 THEN
      INSERT INTO public.events (type, bot_id, integration_id, task_id, data)
      VALUES (CASE level WHEN 100 THEN 'budget.used_up' ELSE 'budget.notice' END,
        CASE budget.scope WHEN 'bot' THEN budget.subject END,
        CASE budget.scope WHEN 'integration' THEN budget.subject END,
        CASE WHEN NEW.period LIKE 'run %' THEN substr(NEW.period, 5)::uuid END,
        jsonb_strip_nulls(jsonb_build_object('budget_id', budget.id, 'scope', budget.scope, 'subject', budget.subject,
          'metric', budget.metric, 'period', budget.period, 'per_cent', level, 'used', NEW.used::float8,
          'cap', (budget.amount + NEW.extended)::float8)));
    END IF;
  END IF;
  RETURN NEW;
END $$;--> statement-breakpoint
CREATE TRIGGER "heddle_budget_used" BEFORE UPDATE OF "used" ON "public"."budget_periods"
  FOR EACH ROW EXECUTE FUNCTION "public"."heddle_budget_used"();--> statement-breakpoint
CREATE FUNCTION "public"."heddle_budget_settle"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM public.budget_periods p JOIN public.budget_reservations r USING (budget_id, period)
  WHERE r.id = NEW.reservation_id ORDER BY p.budget_id, p.period FOR UPDATE OF p;
  UPDATE public.budget_periods p SET used = p.used + CASE b.metric
      WHEN 'cost_usd' THEN coalesce(NEW.cost_usd, 0)
      WHEN 'tokens' THEN coalesce(NEW.prompt_tokens, 0)::numeric + coalesce(NEW.completion_tokens, 0)
      WHEN 'model_calls' THEN 1
      WHEN 'seconds' THEN NEW.duration_ms / 1000.0
      ELSE 0 END
  FROM public.budget_reservations r, public.budgets b
  WHERE r.id = NEW.reservation_id AND p.budget_id = r.budget_id AND p.period = r.period AND b.id = p.budget_id;
  DELETE FROM public.budget_reservations WHERE id = NEW.reservation_id;
  RETURN NULL;
END $$;--> statement-breakpoint
CREATE TRIGGER "heddle_budget_settle" AFTER INSERT ON "public"."llm_calls"
  FOR EACH ROW WHEN (NEW.reservation_id IS NOT NULL) EXECUTE FUNCTION "public"."heddle_budget_settle"();--> statement-breakpoint
CREATE FUNCTION "public"."heddle_budget_reserve"(
  "run" uuid, "claim" integer, "reservation" uuid, "wanted" jsonb, "ended" jsonb
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  verdict jsonb;
BEGIN
  IF NOT EXISTS (SELECT FROM public.tasks WHERE id = run AND attempt = claim AND status = 'running') THEN
    RETURN '{"state": "lost"}';
  END IF;
  INSERT INTO public.budget_periods (budget_id, period)
  SELECT b.id, w.period FROM jsonb_to_recordset(wanted) AS w(budget_id uuid, period text)
  JOIN public.budgets b ON b.id = w.budget_id ORDER BY 1, 2 ON CONFLICT DO NOTHING;
  -- Every statement after this one sees what those before us in the line have committed.
  PERFORM FROM public.budget_periods p JOIN jsonb_to_recordset(wanted) AS w(budget_id uuid, period text) USING (budget_id, period)
  ORDER BY p.budget_id, p.period FOR UPDATE OF p;
  DELETE FROM public.budget_reservations r USING jsonb_to_recordset(ended) AS e(id uuid, failed boolean)
  WHERE r.id = e.id AND e.failed;
  DELETE FROM public.budget_reservations WHERE task_id = run AND attempt < claim;
  UPDATE public.budget_reservations r SET is_done = true, amount = CASE b.metric
      WHEN 'cost_usd' THEN e.cost_usd WHEN 'tokens' THEN e.tokens WHEN 'seconds' THEN e.seconds ELSE 1 END
  FROM jsonb_to_recordset(ended) AS e(id uuid, cost_usd numeric, tokens numeric, seconds numeric), public.budgets b
  WHERE r.id = e.id AND b.id = r.budget_id;
  WITH facts AS (
    SELECT b.id, b.metric, b.period AS every, p.period, w.amount, w.spent, b.amount + p.extended AS cap, p.noticed,
      p.used + w.spent + held.done AS used, held.open, held.unknown, held.reserved,
      b.metric = 'runs' AND EXISTS (SELECT FROM public.budget_periods m
        WHERE m.budget_id = b.id AND m.period = 'counted ' || run) AS counted
    FROM jsonb_to_recordset(wanted) AS w(budget_id uuid, period text, amount numeric, spent numeric)
    JOIN public.budgets b ON b.id = w.budget_id AND b.enabled
    JOIN public.budget_periods p ON p.budget_id = w.budget_id AND p.period = w.period
    CROSS JOIN LATERAL (
      SELECT count(*) FILTER (WHERE NOT r.is_done) AS open,
        coalesce(bool_or(NOT r.is_done AND r.amount IS NULL), false) AS unknown,
        coalesce(sum(r.amount) FILTER (WHERE NOT r.is_done), 0) AS reserved,
        coalesce(sum(r.amount) FILTER (WHERE r.is_done), 0) AS done
      FROM public.budget_reservations r
      JOIN public.tasks t ON t.id = r.task_id AND t.attempt = r.attempt AND t.status = 'running'
      WHERE r.budget_id = b.id AND r.period = p.period
    ) held
  ), judged AS (
    SELECT *, CASE WHEN counted THEN 'ok'
        WHEN used >= cap THEN 'stopped'
        WHEN metric <> 'runs' AND open > 0 AND (unknown OR amount IS NULL OR used + reserved + amount > cap) THEN 'busy'
        ELSE 'ok' END AS state
    FROM facts
  )
  SELECT CASE
      WHEN bool_or(state = 'stopped') THEN jsonb_build_object('state', 'stopped',
        'by', (array_agg(jsonb_build_object('id', id, 'used', used::float8, 'cap', cap::float8) ORDER BY id)
          FILTER (WHERE state = 'stopped'))[1])
      WHEN bool_or(state = 'busy') THEN '{"state": "busy"}'
      ELSE jsonb_build_object('state', 'ok', 'levels', jsonb_object_agg(id, noticed)) END
  INTO verdict FROM judged;
  IF verdict IS NULL THEN RETURN '{"state": "ok", "levels": {}}'; END IF;
  IF verdict ->> 'state' = 'busy' THEN RETURN verdict; END IF;
  UPDATE public.budget_periods p SET used = p.used + w.spent
  FROM jsonb_to_recordset(wanted) AS w(budget_id uuid, period text, spent numeric)
  WHERE p.budget_id = w.budget_id AND p.period = w.period AND w.spent > 0;
  IF verdict ->> 'state' = 'stopped' THEN RETURN verdict; END IF;
  UPDATE public.budget_periods p SET used = p.used + 1
  FROM jsonb_to_recordset(wanted) AS w(budget_id uuid, period text), public.budgets b
  WHERE p.budget_id = w.budget_id AND p.period = w.period AND b.id = w.budget_id AND b.enabled AND b.metric = 'runs'
    AND NOT EXISTS (SELECT FROM public.budget_periods m WHERE m.budget_id = b.id AND m.period = 'counted ' || run);
  INSERT INTO public.budget_periods (budget_id, period)
  SELECT b.id, 'counted ' || run FROM jsonb_to_recordset(wanted) AS w(budget_id uuid)
  JOIN public.budgets b ON b.id = w.budget_id AND b.metric = 'runs' ON CONFLICT DO NOTHING;
  INSERT INTO public.budget_reservations (id, budget_id, period, task_id, attempt, amount)
  SELECT reservation, b.id, w.period, run, claim, w.amount
  FROM jsonb_to_recordset(wanted) AS w(budget_id uuid, period text, amount numeric)
  JOIN public.budgets b ON b.id = w.budget_id AND b.enabled AND b.metric <> 'runs' ON CONFLICT DO NOTHING;
  RETURN verdict;
END $$;
