-- Budgets that were made, or learned of by the server, while the call was in progress hold no reservation of it. Seconds of a run are counted with its next call.
CREATE OR REPLACE FUNCTION "public"."heddle_budget_settle"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  charged jsonb;
BEGIN
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
END $$;--> statement-breakpoint
CREATE OR REPLACE TRIGGER "heddle_budget_settle" AFTER INSERT ON "public"."llm_calls"
  FOR EACH ROW EXECUTE FUNCTION "public"."heddle_budget_settle"();
