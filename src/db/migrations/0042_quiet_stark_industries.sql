CREATE OR REPLACE FUNCTION "public"."heddle_budget_reserve"(
  "run" uuid, "claim" integer, "reservation" uuid, "wanted" jsonb, "ended" jsonb
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  verdict jsonb;
BEGIN
  -- A call outside of runs has the claim 0.
  IF claim > 0 AND NOT EXISTS (SELECT FROM public.tasks WHERE id = run AND attempt = claim AND status = 'running') THEN
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
      LEFT JOIN public.tasks t ON t.id = r.task_id AND t.attempt = r.attempt AND t.status = 'running'
      WHERE r.budget_id = b.id AND r.period = p.period
        AND (t.id IS NOT NULL OR (r.attempt = 0 AND r.created_at > now() - interval '10 minutes'))
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
