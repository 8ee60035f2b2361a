-- Updates are of one row, most of them, and half of them change nothing that an event tells: a trigger of the row that looks first costs a
-- fraction of one that joins the old with the new rows of each statement.
CREATE OR REPLACE FUNCTION "public"."heddle_task_changed"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.events (type, task_id, session_id, channel_id, bot_id, owner, correlation_id, data)
  VALUES (CASE NEW.status WHEN 'running' THEN 'task.started' WHEN 'pending' THEN 'task.released'
      WHEN 'complete' THEN 'task.completed' ELSE 'task.' || NEW.status END,
    NEW.id, NEW.session_id, NEW.channel_id, NEW.bot_id, NEW.owner, NEW.correlation_id,
    jsonb_strip_nulls(jsonb_build_object('status', NEW.status, 'attempt', NEW.attempt,
      'error_code', NEW.error_code, 'merged_into', NEW.merged_into)));
  RETURN NULL;
END $$;--> statement-breakpoint
CREATE OR REPLACE TRIGGER "heddle_task_changed" AFTER UPDATE ON "public"."tasks" FOR EACH ROW
  WHEN (NEW.status <> OLD.status OR NEW.attempt <> OLD.attempt) EXECUTE FUNCTION "public"."heddle_task_changed"();--> statement-breakpoint
CREATE OR REPLACE FUNCTION "public"."heddle_tool_ended"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.events (type, task_id, session_id, channel_id, bot_id, owner, correlation_id, data)
  SELECT CASE NEW.status WHEN 'done' THEN 'tool.completed' ELSE 'tool.failed' END,
    tasks.id, tasks.session_id, tasks.channel_id, tasks.bot_id, tasks.owner, tasks.correlation_id,
    jsonb_build_object('tool_call_id', NEW.id, 'tool', NEW.tool_name, 'call_id', NEW.call_id,
      'iteration', NEW.iteration, 'duration_ms', NEW.duration_ms)
  FROM public.tasks WHERE tasks.id = NEW.task_id;
  RETURN NULL;
END $$;--> statement-breakpoint
CREATE OR REPLACE TRIGGER "heddle_tool_ended" AFTER UPDATE ON "public"."tool_calls" FOR EACH ROW
  WHEN (NEW.status <> OLD.status AND NEW.status <> 'running') EXECUTE FUNCTION "public"."heddle_tool_ended"();--> statement-breakpoint
CREATE OR REPLACE FUNCTION "public"."heddle_delivery_changed"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.events (type, task_id, session_id, channel_id, bot_id, owner, correlation_id, data)
  VALUES ('delivery.' || NEW.status, NEW.task_id, NEW.session_id,
    (SELECT channel_id FROM public.sessions WHERE sessions.id = NEW.session_id), NEW.bot_id,
    (SELECT owner FROM public.tasks WHERE tasks.id = NEW.task_id), NEW.correlation_id,
    jsonb_build_object('delivery_id', NEW.id, 'dispatch_type', NEW.dispatch_type, 'attempts', NEW.attempts));
  RETURN NULL;
END $$;--> statement-breakpoint
CREATE OR REPLACE TRIGGER "heddle_delivery_changed" AFTER UPDATE ON "public"."deliveries" FOR EACH ROW
  WHEN (NEW.status <> OLD.status OR (NEW.status = 'retrying' AND NEW.next_attempt_at IS DISTINCT FROM OLD.next_attempt_at))
  EXECUTE FUNCTION "public"."heddle_delivery_changed"();--> statement-breakpoint
CREATE OR REPLACE FUNCTION "public"."heddle_webhook_changed"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.events (type, integration_id, data)
  VALUES ('inbox.' || NEW.verdict, NEW.integration_id, jsonb_build_object('inbox_event_id', NEW.id));
  RETURN NULL;
END $$;--> statement-breakpoint
CREATE OR REPLACE TRIGGER "heddle_webhook_changed" AFTER UPDATE ON "public"."inbox_events" FOR EACH ROW
  WHEN (NEW.verdict <> OLD.verdict) EXECUTE FUNCTION "public"."heddle_webhook_changed"();--> statement-breakpoint
-- Without budgets there is nothing to settle.
CREATE OR REPLACE FUNCTION "public"."heddle_budget_settle"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  charged jsonb;
BEGIN
  IF NEW.reservation_id IS NULL AND NOT EXISTS (SELECT FROM public.budgets WHERE enabled) THEN RETURN NULL; END IF;
  SELECT jsonb_agg(jsonb_build_object('budget_id', c.budget_id, 'period', c.period)) INTO charged FROM (
    SELECT r.budget_id, r.period FROM public.budget_reservations r WHERE r.id = NEW.reservation_id
    UNION ALL
    SELECT b.id, CASE b.period WHEN 'run' THEN 'run ' || NEW.task_id
        ELSE to_char(now() AT TIME ZONE 'UTC', CASE b.period
          WHEN 'hour' THEN 'YYYY-MM-DD"T"HH24' WHEN 'day' THEN 'YYYY-MM-DD' ELSE 'YYYY-MM' END) END
    FROM public.budgets b
    WHERE b.enabled AND b.metric IN ('cost_usd', 'tokens', 'model_calls') AND (b.period <> 'run' OR NEW.task_id IS NOT NULL)
      AND CASE b.scope WHEN 'server' THEN true WHEN 'bot' THEN b.subject = NEW.bot_id
        WHEN 'integration' THEN b.subject = NEW.integration_id ELSE b.subject = NEW.schedule_id::text END
      AND NOT EXISTS (SELECT FROM public.budget_reservations r WHERE r.id = NEW.reservation_id AND r.budget_id = b.id)
  ) c;
  IF charged IS NULL THEN RETURN NULL; END IF;
  INSERT INTO public.budget_periods (budget_id, period)
  SELECT c.budget_id, c.period FROM jsonb_to_recordset(charged) AS c(budget_id uuid, period text) ORDER BY 1, 2 ON CONFLICT DO NOTHING;
  PERFORM FROM public.budget_periods p JOIN jsonb_to_recordset(charged) AS c(budget_id uuid, period text) USING (budget_id, period)
  ORDER BY p.budget_id, p.period FOR UPDATE OF p;
  UPDATE public.budget_periods p SET used = p.used + CASE b.metric
      WHEN 'cost_usd' THEN coalesce(NEW.cost_usd, 0)
      WHEN 'tokens' THEN coalesce(NEW.prompt_tokens, 0)::numeric + coalesce(NEW.completion_tokens, 0)
      WHEN 'model_calls' THEN 1
      WHEN 'seconds' THEN NEW.duration_ms / 1000.0
      ELSE 0 END
  FROM jsonb_to_recordset(charged) AS c(budget_id uuid, period text), public.budgets b
  WHERE p.budget_id = c.budget_id AND p.period = c.period AND b.id = p.budget_id;
  DELETE FROM public.budget_reservations WHERE id = NEW.reservation_id;
  RETURN NULL;
END $$;
