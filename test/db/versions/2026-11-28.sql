CREATE SCHEMA drizzle;
CREATE SCHEMA pgboss;
CREATE EXTENSION IF NOT EXISTS vector WITH SCHEMA public;
CREATE TYPE pgboss.job_state AS ENUM (
    'created',
    'retry',
    'active',
    'completed',
    'cancelled',
    'failed'
);
CREATE FUNCTION pgboss.create_queue(queue_name text, options jsonb) RETURNS void
    LANGUAGE plpgsql
    AS $_$
    DECLARE
      tablename varchar := CASE WHEN options->>'partition' = 'true'
                            THEN 'j' || encode(sha224(queue_name::bytea), 'hex')
                            ELSE 'job_common'
                            END;
      queue_created_on timestamptz;
    BEGIN
      WITH q as (
        INSERT INTO pgboss.queue (
          name,
          policy,
          retry_limit,
          retry_delay,
          retry_backoff,
          retry_delay_max,
          expire_seconds,
          retention_seconds,
          deletion_seconds,
          warning_queued,
          dead_letter,
          partition,
          table_name,
          heartbeat_seconds,
          notify,
          created_on,
          updated_on
        )
        VALUES (
          queue_name,
          options->>'policy',
          COALESCE((options->>'retryLimit')::int, 2),
          COALESCE((options->>'retryDelay')::int, 0),
          COALESCE((options->>'retryBackoff')::bool, false),
          (options->>'retryDelayMax')::int,
          COALESCE((options->>'expireInSeconds')::int, 900),
          COALESCE((options->>'retentionSeconds')::int, 1209600),
          COALESCE((options->>'deleteAfterSeconds')::int, 604800),
          COALESCE((options->>'warningQueueSize')::int, 0),
          options->>'deadLetter',
          COALESCE((options->>'partition')::bool, false),
          tablename,
          (options->>'heartbeatSeconds')::int,
          COALESCE((options->>'notify')::bool, false),
          pgboss.job_now(),
          pgboss.job_now()
        )
        ON CONFLICT DO NOTHING
        RETURNING created_on
      )
      SELECT created_on into queue_created_on from q;
      IF queue_created_on IS NULL OR options->>'partition' IS DISTINCT FROM 'true' THEN
        RETURN;
      END IF;
      EXECUTE format('CREATE TABLE pgboss.%I (LIKE pgboss.job INCLUDING DEFAULTS)', tablename);
      EXECUTE pgboss.job_table_format($cmd$ALTER TABLE pgboss.job ADD PRIMARY KEY (name, id)$cmd$, tablename);
      EXECUTE pgboss.job_table_format($cmd$ALTER TABLE pgboss.job ADD CONSTRAINT q_fkey FOREIGN KEY (name) REFERENCES pgboss.queue (name) ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED$cmd$, tablename);
      EXECUTE pgboss.job_table_format($cmd$ALTER TABLE pgboss.job ADD CONSTRAINT dlq_fkey FOREIGN KEY (dead_letter) REFERENCES pgboss.queue (name) ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED$cmd$, tablename);
      EXECUTE pgboss.job_table_format($cmd$CREATE INDEX job_i11 ON pgboss.job (name, priority DESC, created_on, start_after) WHERE state < 'active' AND NOT blocked$cmd$, tablename);
      EXECUTE pgboss.job_table_format($cmd$CREATE UNIQUE INDEX job_i4 ON pgboss.job (name, singleton_on, COALESCE(singleton_key, '')) WHERE state <> 'cancelled' AND singleton_on IS NOT NULL$cmd$, tablename);
      EXECUTE pgboss.job_table_format($cmd$CREATE INDEX job_i7 ON pgboss.job (name, group_id) WHERE state = 'active' AND group_id IS NOT NULL$cmd$, tablename);
      EXECUTE pgboss.job_table_format($cmd$CREATE INDEX job_i9 ON pgboss.job (name, id) WHERE blocking AND state = 'completed'$cmd$, tablename);
      EXECUTE pgboss.job_table_format($cmd$CREATE INDEX job_i12 ON pgboss.job (source_root_id) WHERE source_root_id IS NOT NULL$cmd$, tablename);
      EXECUTE pgboss.job_table_format($cmd$CREATE UNIQUE INDEX job_i13 ON pgboss.job (name, singleton_key) WHERE state = 'created' AND upsert_by_key$cmd$, tablename);
      EXECUTE pgboss.job_table_format($cmd$CREATE INDEX job_i14 ON pgboss.job (name, state, blocked, start_after) WHERE state IN ('created', 'retry', 'active', 'failed')$cmd$, tablename);
      EXECUTE pgboss.job_table_format($cmd$CREATE INDEX job_i15 ON pgboss.job (name, created_on)$cmd$, tablename);
      EXECUTE pgboss.job_table_format($cmd$CREATE INDEX job_i16 ON pgboss.job (name, completed_on) WHERE completed_on IS NOT NULL$cmd$, tablename);
      EXECUTE pgboss.job_table_format($cmd$CREATE INDEX job_i17 ON pgboss.job (name, singleton_key, created_on) WHERE state < 'active' AND singleton_key IS NOT NULL$cmd$, tablename);
      IF options->>'policy' = 'short' THEN
        EXECUTE pgboss.job_table_format($cmd$CREATE UNIQUE INDEX job_i1 ON pgboss.job (name, COALESCE(singleton_key, '')) WHERE state = 'created' AND policy = 'short'$cmd$, tablename);
      ELSIF options->>'policy' = 'singleton' THEN
        EXECUTE pgboss.job_table_format($cmd$CREATE UNIQUE INDEX job_i2 ON pgboss.job (name, COALESCE(singleton_key, '')) WHERE state = 'active' AND policy = 'singleton'$cmd$, tablename);
      ELSIF options->>'policy' = 'stately' THEN
        EXECUTE pgboss.job_table_format($cmd$CREATE UNIQUE INDEX job_i3 ON pgboss.job (name, state, COALESCE(singleton_key, '')) WHERE state <= 'active' AND policy = 'stately'$cmd$, tablename);
      ELSIF options->>'policy' = 'exclusive' THEN
        EXECUTE pgboss.job_table_format($cmd$CREATE UNIQUE INDEX job_i6 ON pgboss.job (name, COALESCE(singleton_key, '')) WHERE state <= 'active' AND policy = 'exclusive'$cmd$, tablename);
      ELSIF options->>'policy' = 'key_strict_fifo' THEN
        EXECUTE pgboss.job_table_format($cmd$CREATE UNIQUE INDEX job_i8 ON pgboss.job (name, singleton_key) WHERE state IN ('active', 'retry', 'failed') AND policy = 'key_strict_fifo'$cmd$, tablename);
        EXECUTE pgboss.job_table_format($cmd$CREATE INDEX job_i10 ON pgboss.job (name, singleton_key, state DESC, created_on, id) INCLUDE (start_after) WHERE state < 'active' AND NOT blocked AND policy = 'key_strict_fifo'$cmd$, tablename);
        EXECUTE pgboss.job_table_format($cmd$ALTER TABLE pgboss.job ADD CONSTRAINT job_key_strict_fifo_singleton_key_check CHECK (NOT (policy = 'key_strict_fifo' AND singleton_key IS NULL))$cmd$, tablename);
      END IF;
      EXECUTE format('ALTER TABLE pgboss.%I ADD CONSTRAINT cjc CHECK (name=%L)', tablename, queue_name);
      EXECUTE format('ALTER TABLE pgboss.job ATTACH PARTITION pgboss.%I FOR VALUES IN (%L)', tablename, queue_name);
    END;
    $_$;
CREATE FUNCTION pgboss.delete_queue(queue_name text) RETURNS void
    LANGUAGE plpgsql
    AS $$
    DECLARE
      v_table varchar;
      v_partition bool;
    BEGIN
      
      SELECT table_name, partition
      FROM pgboss.queue
      WHERE name = queue_name
      INTO v_table, v_partition;
      IF v_partition THEN
        EXECUTE format('DROP TABLE IF EXISTS pgboss.%I', v_table);
      ELSE
        EXECUTE format('DELETE FROM pgboss.%I WHERE name = %L', v_table, queue_name);
      END IF;
    
      DELETE FROM pgboss.queue WHERE name = queue_name;
    END;
    $$;
CREATE FUNCTION pgboss.job_now() RETURNS timestamp with time zone
    LANGUAGE sql STABLE
    AS $$
      SELECT pg_catalog.now();
    $$;
CREATE FUNCTION pgboss.job_table_format(command text, table_name text) RETURNS text
    LANGUAGE sql IMMUTABLE
    AS $_$
      SELECT format(
        regexp_replace(
          regexp_replace(command, '\.job\y', '.%1$I', 'g'),
          '\yjob_i(\d+)', '%1$s_i\1', 'g'
        ),
        table_name
      );
    $_$;
CREATE FUNCTION pgboss.job_table_run(command text, tbl_name text DEFAULT NULL::text, queue_name text DEFAULT NULL::text) RETURNS void
    LANGUAGE plpgsql
    AS $$
    DECLARE
      tbl RECORD;
    BEGIN
      IF queue_name IS NOT NULL THEN
        SELECT table_name INTO tbl_name FROM pgboss.queue WHERE name = queue_name;
      END IF;
      IF tbl_name IS NOT NULL THEN
        EXECUTE pgboss.job_table_format(command, tbl_name);
        RETURN;
      END IF;
      EXECUTE pgboss.job_table_format(command, 'job_common');
      FOR tbl IN SELECT table_name FROM pgboss.queue WHERE partition = true
      LOOP
        EXECUTE pgboss.job_table_format(command, tbl.table_name);
      END LOOP;
    END;
    $$;
CREATE FUNCTION pgboss.job_table_run_async(command_name text, version integer, command text, tbl_name text DEFAULT NULL::text, queue_name text DEFAULT NULL::text) RETURNS void
    LANGUAGE plpgsql
    AS $$
    BEGIN
      IF queue_name IS NOT NULL THEN
        SELECT table_name INTO tbl_name FROM pgboss.queue WHERE name = queue_name;
      END IF;
      IF tbl_name IS NOT NULL THEN
        INSERT INTO pgboss.bam (name, version, status, queue, table_name, command)
        VALUES (
          command_name,
          version,
          'pending',
          queue_name,
          tbl_name,
          pgboss.job_table_format(command, tbl_name)
        );
        RETURN;
      END IF;
      INSERT INTO pgboss.bam (name, version, status, queue, table_name, command)
      SELECT
        command_name,
        version,
        'pending',
        NULL,
        'job_common',
        pgboss.job_table_format(command, 'job_common')
      UNION ALL
      SELECT
        command_name,
        version,
        'pending',
        queue.name,
        queue.table_name,
        pgboss.job_table_format(command, queue.table_name)
      FROM pgboss.queue
      WHERE partition = true;
    END;
    $$;
CREATE TABLE drizzle.__drizzle_migrations (
    id integer NOT NULL,
    hash text NOT NULL,
    created_at bigint
);
CREATE SEQUENCE drizzle.__drizzle_migrations_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE drizzle.__drizzle_migrations_id_seq OWNED BY drizzle.__drizzle_migrations.id;
CREATE TABLE pgboss.bam (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    name text NOT NULL,
    version integer NOT NULL,
    status text DEFAULT 'pending'::text NOT NULL,
    queue text,
    table_name text NOT NULL,
    command text NOT NULL,
    error text,
    created_on timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    started_on timestamp with time zone,
    completed_on timestamp with time zone
);
CREATE TABLE pgboss.instance (
    id uuid NOT NULL,
    name text,
    host text NOT NULL,
    pid integer NOT NULL,
    version text NOT NULL,
    node_version text NOT NULL,
    application_name text,
    heartbeat_seconds integer NOT NULL,
    supervise boolean NOT NULL,
    schedule boolean NOT NULL,
    migrate boolean NOT NULL,
    persist_queue_stats boolean NOT NULL,
    persist_warnings boolean NOT NULL,
    pool_max integer,
    pool_total integer,
    pool_idle integer,
    pool_waiting integer,
    workers jsonb DEFAULT '[]'::jsonb NOT NULL,
    metrics jsonb,
    config jsonb DEFAULT '{}'::jsonb NOT NULL,
    crash_restarts integer DEFAULT 0 NOT NULL,
    crash_restarts_since timestamp with time zone,
    started_on timestamp with time zone DEFAULT now() NOT NULL,
    heartbeat_on timestamp with time zone DEFAULT now() NOT NULL,
    stopped_on timestamp with time zone
);
CREATE TABLE pgboss.job (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    name text NOT NULL,
    priority integer DEFAULT 0 NOT NULL,
    data jsonb,
    state pgboss.job_state DEFAULT 'created'::pgboss.job_state NOT NULL,
    retry_limit integer DEFAULT 2 NOT NULL,
    retry_count integer DEFAULT 0 NOT NULL,
    retry_delay integer DEFAULT 0 NOT NULL,
    retry_backoff boolean DEFAULT false NOT NULL,
    retry_delay_max integer,
    expire_seconds integer DEFAULT 900 NOT NULL,
    deletion_seconds integer DEFAULT 604800 NOT NULL,
    singleton_key text,
    singleton_on timestamp without time zone,
    group_id text,
    group_tier text,
    start_after timestamp with time zone DEFAULT now() NOT NULL,
    created_on timestamp with time zone DEFAULT now() NOT NULL,
    started_on timestamp with time zone,
    completed_on timestamp with time zone,
    keep_until timestamp with time zone DEFAULT (now() + '336:00:00'::interval) NOT NULL,
    output jsonb,
    dead_letter text,
    policy text,
    heartbeat_on timestamp with time zone,
    heartbeat_seconds integer,
    blocked boolean DEFAULT false NOT NULL,
    blocking boolean DEFAULT false NOT NULL,
    pending_dependencies integer DEFAULT 0 NOT NULL,
    source_name text,
    source_id uuid,
    source_created_on timestamp with time zone,
    source_retry_count integer,
    source_output jsonb,
    source_root_id uuid,
    trace_context jsonb,
    upsert_by_key boolean
)
PARTITION BY LIST (name);
CREATE TABLE pgboss.job_common (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    name text NOT NULL,
    priority integer DEFAULT 0 NOT NULL,
    data jsonb,
    state pgboss.job_state DEFAULT 'created'::pgboss.job_state NOT NULL,
    retry_limit integer DEFAULT 2 NOT NULL,
    retry_count integer DEFAULT 0 NOT NULL,
    retry_delay integer DEFAULT 0 NOT NULL,
    retry_backoff boolean DEFAULT false NOT NULL,
    retry_delay_max integer,
    expire_seconds integer DEFAULT 900 NOT NULL,
    deletion_seconds integer DEFAULT 604800 NOT NULL,
    singleton_key text,
    singleton_on timestamp without time zone,
    group_id text,
    group_tier text,
    start_after timestamp with time zone DEFAULT now() NOT NULL,
    created_on timestamp with time zone DEFAULT now() NOT NULL,
    started_on timestamp with time zone,
    completed_on timestamp with time zone,
    keep_until timestamp with time zone DEFAULT (now() + '336:00:00'::interval) NOT NULL,
    output jsonb,
    dead_letter text,
    policy text,
    heartbeat_on timestamp with time zone,
    heartbeat_seconds integer,
    blocked boolean DEFAULT false NOT NULL,
    blocking boolean DEFAULT false NOT NULL,
    pending_dependencies integer DEFAULT 0 NOT NULL,
    source_name text,
    source_id uuid,
    source_created_on timestamp with time zone,
    source_retry_count integer,
    source_output jsonb,
    source_root_id uuid,
    trace_context jsonb,
    upsert_by_key boolean,
    CONSTRAINT job_key_strict_fifo_singleton_key_check CHECK ((NOT ((policy = 'key_strict_fifo'::text) AND (singleton_key IS NULL))))
);
CREATE TABLE pgboss.job_dependency (
    child_name text NOT NULL,
    child_id uuid NOT NULL,
    parent_name text NOT NULL,
    parent_id uuid NOT NULL
);
CREATE TABLE pgboss.queue (
    name text NOT NULL,
    policy text NOT NULL,
    retry_limit integer NOT NULL,
    retry_delay integer NOT NULL,
    retry_backoff boolean NOT NULL,
    retry_delay_max integer,
    expire_seconds integer NOT NULL,
    retention_seconds integer NOT NULL,
    deletion_seconds integer NOT NULL,
    dead_letter text,
    partition boolean NOT NULL,
    table_name text NOT NULL,
    deferred_count integer DEFAULT 0 NOT NULL,
    blocked_count integer DEFAULT 0 NOT NULL,
    queued_count integer DEFAULT 0 NOT NULL,
    ready_count integer DEFAULT 0 NOT NULL,
    warning_queued integer DEFAULT 0 NOT NULL,
    active_count integer DEFAULT 0 NOT NULL,
    failed_count integer DEFAULT 0 NOT NULL,
    total_count integer DEFAULT 0 NOT NULL,
    retained_count integer,
    retained_on timestamp with time zone,
    created_delta integer DEFAULT 0 NOT NULL,
    completed_delta integer DEFAULT 0 NOT NULL,
    failed_delta integer DEFAULT 0 NOT NULL,
    delta_on timestamp with time zone,
    delta_seconds integer,
    wait_bins integer[],
    run_bins integer[],
    ready_oldest_seconds integer,
    ready_history integer[] DEFAULT '{}'::integer[] NOT NULL,
    heartbeat_seconds integer,
    notify boolean DEFAULT false NOT NULL,
    singletons_active text[],
    monitor_claim_on timestamp with time zone,
    monitor_on timestamp with time zone,
    maintain_on timestamp with time zone,
    created_on timestamp with time zone DEFAULT now() NOT NULL,
    updated_on timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT queue_check CHECK ((dead_letter IS DISTINCT FROM name))
);
CREATE TABLE pgboss.queue_stats (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    name text NOT NULL,
    deferred_count integer DEFAULT 0 NOT NULL,
    queued_count integer DEFAULT 0 NOT NULL,
    ready_count integer DEFAULT 0 NOT NULL,
    active_count integer DEFAULT 0 NOT NULL,
    failed_count integer DEFAULT 0 NOT NULL,
    total_count integer DEFAULT 0 NOT NULL,
    created_delta integer,
    completed_delta integer,
    failed_delta integer,
    delta_seconds integer,
    delta_on timestamp with time zone,
    wait_bins integer[],
    run_bins integer[],
    ready_oldest_seconds integer,
    captured_on timestamp with time zone DEFAULT now() NOT NULL
)
PARTITION BY RANGE (captured_on);
CREATE TABLE pgboss.queue_stats_20261128 (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    name text NOT NULL,
    deferred_count integer DEFAULT 0 NOT NULL,
    queued_count integer DEFAULT 0 NOT NULL,
    ready_count integer DEFAULT 0 NOT NULL,
    active_count integer DEFAULT 0 NOT NULL,
    failed_count integer DEFAULT 0 NOT NULL,
    total_count integer DEFAULT 0 NOT NULL,
    created_delta integer,
    completed_delta integer,
    failed_delta integer,
    delta_seconds integer,
    delta_on timestamp with time zone,
    wait_bins integer[],
    run_bins integer[],
    ready_oldest_seconds integer,
    captured_on timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE pgboss.queue_stats_20261129 (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    name text NOT NULL,
    deferred_count integer DEFAULT 0 NOT NULL,
    queued_count integer DEFAULT 0 NOT NULL,
    ready_count integer DEFAULT 0 NOT NULL,
    active_count integer DEFAULT 0 NOT NULL,
    failed_count integer DEFAULT 0 NOT NULL,
    total_count integer DEFAULT 0 NOT NULL,
    created_delta integer,
    completed_delta integer,
    failed_delta integer,
    delta_seconds integer,
    delta_on timestamp with time zone,
    wait_bins integer[],
    run_bins integer[],
    ready_oldest_seconds integer,
    captured_on timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE pgboss.schedule (
    name text NOT NULL,
    key text DEFAULT ''::text NOT NULL,
    kind text DEFAULT 'cron'::text NOT NULL,
    cron text NOT NULL,
    timezone text DEFAULT 'UTC'::text,
    data jsonb,
    options jsonb,
    created_on timestamp with time zone DEFAULT now() NOT NULL,
    updated_on timestamp with time zone DEFAULT now() NOT NULL,
    last_job_id uuid,
    CONSTRAINT schedule_kind_check CHECK ((kind = ANY (ARRAY['cron'::text, 'rrule'::text])))
);
CREATE TABLE pgboss.subscription (
    event text NOT NULL,
    name text NOT NULL,
    created_on timestamp with time zone DEFAULT now() NOT NULL,
    updated_on timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE pgboss.version (
    version integer NOT NULL,
    cron_on timestamp with time zone,
    bam_on timestamp with time zone,
    flow_on timestamp with time zone,
    reindex_on timestamp with time zone,
    monitor_backoff_on timestamp with time zone
);
CREATE TABLE pgboss.warning (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    type text NOT NULL,
    message text NOT NULL,
    data jsonb,
    created_on timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.api_keys (
    id uuid NOT NULL,
    name text NOT NULL,
    prefix text NOT NULL,
    hash text NOT NULL,
    scopes jsonb NOT NULL,
    owner text,
    expires_at timestamp with time zone,
    last_used_at timestamp with time zone,
    revoked_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    parent_id uuid,
    rows text DEFAULT 'all'::text NOT NULL
);
CREATE TABLE public.bots (
    id text NOT NULL,
    name text NOT NULL,
    description text DEFAULT ''::text NOT NULL,
    system_prompt text DEFAULT ''::text NOT NULL,
    model text,
    fallback_models jsonb DEFAULT '[]'::jsonb NOT NULL,
    tools jsonb DEFAULT '[]'::jsonb NOT NULL,
    skills jsonb DEFAULT '[]'::jsonb NOT NULL,
    carapaces jsonb DEFAULT '[]'::jsonb NOT NULL,
    max_iterations integer,
    source text DEFAULT 'api'::text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.channel_activations (
    channel_id uuid NOT NULL,
    integration_id text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.channel_bindings (
    id uuid NOT NULL,
    channel_id uuid NOT NULL,
    integration_type text NOT NULL,
    client_id text NOT NULL,
    display_name text,
    dispatch_config jsonb,
    event_filter jsonb,
    config jsonb DEFAULT '{}'::jsonb NOT NULL,
    mirror boolean DEFAULT true NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.channels (
    id uuid NOT NULL,
    client_id text NOT NULL,
    name text NOT NULL,
    bot_id text,
    dispatch_config jsonb,
    require_mention boolean DEFAULT true NOT NULL,
    passive_memory boolean DEFAULT true NOT NULL,
    allow_bot_messages boolean DEFAULT false NOT NULL,
    thinking_display text DEFAULT 'append'::text NOT NULL,
    private boolean DEFAULT false NOT NULL,
    model_override text,
    max_iterations integer,
    prompt text,
    template_id text,
    workspace boolean DEFAULT true NOT NULL,
    skills jsonb DEFAULT '[]'::jsonb NOT NULL,
    tools_disabled jsonb DEFAULT '[]'::jsonb NOT NULL,
    carapaces jsonb DEFAULT '[]'::jsonb NOT NULL,
    carapaces_disabled jsonb DEFAULT '[]'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    owner text
);
CREATE TABLE public.chunks (
    id uuid NOT NULL,
    document_id uuid NOT NULL,
    "position" integer NOT NULL,
    breadcrumb text NOT NULL,
    content text NOT NULL,
    lexemes tsvector NOT NULL,
    length integer NOT NULL
);
CREATE TABLE public.deliveries (
    id uuid NOT NULL,
    task_id uuid,
    session_id uuid NOT NULL,
    bot_id text NOT NULL,
    correlation_id uuid NOT NULL,
    dispatch_type text NOT NULL,
    dispatch_config jsonb NOT NULL,
    payload jsonb NOT NULL,
    status text DEFAULT 'pending'::text NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    attempts_before integer DEFAULT 0 NOT NULL,
    last_error text,
    receipt jsonb,
    next_attempt_at timestamp with time zone,
    delivered_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    retry_seconds integer,
    target_key text,
    queued_at timestamp with time zone,
    parts jsonb
);
CREATE TABLE public.delivery_paces (
    key text NOT NULL,
    next_at timestamp with time zone NOT NULL
);
CREATE TABLE public.documents (
    id uuid NOT NULL,
    integration_id text,
    session_id uuid,
    title text,
    content text NOT NULL,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    owner text
);
CREATE TABLE public.inbox_events (
    id uuid NOT NULL,
    integration_id text NOT NULL,
    method text NOT NULL,
    path text NOT NULL,
    headers jsonb NOT NULL,
    body text NOT NULL,
    body_bytes integer NOT NULL,
    body_truncated boolean DEFAULT false NOT NULL,
    verdict text NOT NULL,
    reason text,
    status_code integer,
    idempotency_key text,
    outcomes jsonb DEFAULT '[]'::jsonb NOT NULL,
    duration_ms integer NOT NULL,
    verified boolean DEFAULT false NOT NULL,
    replay_of uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.integration_settings (
    integration_id text NOT NULL,
    key text NOT NULL,
    value text NOT NULL,
    secret boolean NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.integration_states (
    integration_id text NOT NULL,
    enabled boolean DEFAULT true NOT NULL,
    process_auto_start boolean DEFAULT true NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.integration_store (
    integration_id text NOT NULL,
    key text NOT NULL,
    value text NOT NULL,
    secret boolean DEFAULT false NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone
);
CREATE TABLE public.llm_calls (
    id uuid NOT NULL,
    task_id uuid NOT NULL,
    correlation_id uuid NOT NULL,
    model text NOT NULL,
    iteration integer NOT NULL,
    prompt_tokens integer,
    completion_tokens integer,
    duration_ms integer NOT NULL,
    fallback_used boolean DEFAULT false NOT NULL,
    error text,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.messages (
    id uuid NOT NULL,
    session_id uuid NOT NULL,
    "position" bigint NOT NULL,
    role text NOT NULL,
    content text NOT NULL,
    source text,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    tool_calls jsonb,
    tool_call_id text,
    task_id uuid,
    dedupe_key text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    from_person boolean DEFAULT false NOT NULL,
    hops integer DEFAULT 0 NOT NULL
);
CREATE SEQUENCE public.messages_position_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.messages_position_seq OWNED BY public.messages."position";
CREATE TABLE public.meta (
    key text NOT NULL,
    value jsonb NOT NULL
);
CREATE TABLE public.process_lines (
    id bigint NOT NULL,
    integration_id text NOT NULL,
    source text NOT NULL,
    text text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE SEQUENCE public.process_lines_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.process_lines_id_seq OWNED BY public.process_lines.id;
CREATE TABLE public.processes (
    integration_id text NOT NULL,
    server_id uuid NOT NULL,
    state text NOT NULL,
    pid integer,
    started_at timestamp with time zone,
    exit_code integer,
    signal text,
    restarts integer DEFAULT 0 NOT NULL,
    last_error text,
    next_start_at timestamp with time zone,
    memory_bytes bigint,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.seeded_bots (
    id text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.sessions (
    id uuid NOT NULL,
    channel_id uuid NOT NULL,
    client_id text NOT NULL,
    bot_id text NOT NULL,
    dispatch_config jsonb,
    active boolean DEFAULT true NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.tasks (
    id uuid NOT NULL,
    session_id uuid NOT NULL,
    channel_id uuid NOT NULL,
    bot_id text NOT NULL,
    message_id uuid NOT NULL,
    correlation_id uuid NOT NULL,
    source text,
    status text DEFAULT 'pending'::text NOT NULL,
    result text,
    error text,
    error_code text,
    warnings jsonb DEFAULT '[]'::jsonb NOT NULL,
    dispatch_type text NOT NULL,
    dispatch_config jsonb DEFAULT '{}'::jsonb NOT NULL,
    mirrors jsonb DEFAULT '[]'::jsonb NOT NULL,
    execution_config jsonb DEFAULT '{}'::jsonb NOT NULL,
    attempt integer DEFAULT 0 NOT NULL,
    losses integer DEFAULT 0 NOT NULL,
    tool_losses integer DEFAULT 0 NOT NULL,
    cancel_requested_at timestamp with time zone,
    scheduled_at timestamp with time zone,
    run_at timestamp with time zone,
    completed_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    loop_key text,
    owner text
);
CREATE TABLE public.tool_calls (
    id uuid NOT NULL,
    task_id uuid NOT NULL,
    message_id uuid NOT NULL,
    call_id text NOT NULL,
    correlation_id uuid NOT NULL,
    tool_name text NOT NULL,
    arguments text NOT NULL,
    status text NOT NULL,
    error text,
    iteration integer NOT NULL,
    duration_ms integer,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.workspace_writes (
    path text NOT NULL,
    sha256 text NOT NULL,
    bot_id text NOT NULL,
    task_id uuid,
    approved_at timestamp with time zone,
    written_at timestamp with time zone DEFAULT now() NOT NULL
);
ALTER TABLE ONLY pgboss.job ATTACH PARTITION pgboss.job_common DEFAULT;
ALTER TABLE ONLY pgboss.queue_stats ATTACH PARTITION pgboss.queue_stats_20261128 FOR VALUES FROM ('2026-11-28 00:00:00+00') TO ('2026-11-29 00:00:00+00');
ALTER TABLE ONLY pgboss.queue_stats ATTACH PARTITION pgboss.queue_stats_20261129 FOR VALUES FROM ('2026-11-29 00:00:00+00') TO ('2026-11-30 00:00:00+00');
ALTER TABLE ONLY drizzle.__drizzle_migrations ALTER COLUMN id SET DEFAULT nextval('drizzle.__drizzle_migrations_id_seq'::regclass);
ALTER TABLE ONLY public.messages ALTER COLUMN "position" SET DEFAULT nextval('public.messages_position_seq'::regclass);
ALTER TABLE ONLY public.process_lines ALTER COLUMN id SET DEFAULT nextval('public.process_lines_id_seq'::regclass);
INSERT INTO drizzle.__drizzle_migrations VALUES (1, '624b732cef8fff7be199e52680225d8d966d2a2c901f973fe823b2b53b09eac8', 1795382789090);
INSERT INTO drizzle.__drizzle_migrations VALUES (2, 'c8c45963095de31a11695910e92984f1127820384e6d3e36763780455d41acc1', 1795800782752);
INSERT INTO drizzle.__drizzle_migrations VALUES (3, '17cabfb9c77a5ad75064d920d002c080c16e6effac75b27a9a2754f37a6b3357', 1795803112804);
INSERT INTO drizzle.__drizzle_migrations VALUES (4, 'f63dbe6a378f606044c00e523efa470f4afe1fae3af840f3eff7b692a45bc1e0', 1795805524872);
INSERT INTO drizzle.__drizzle_migrations VALUES (5, '5749f8fcca7b37a7de21190cfc06257c0f0fd186c46ce96489f9fb0df7e90b28', 1795806951099);
INSERT INTO drizzle.__drizzle_migrations VALUES (6, 'bfb0a69fc7684f31bfea02cbfb692c39c22411a362df9047678d09c7e6ff0999', 1795829216111);
INSERT INTO drizzle.__drizzle_migrations VALUES (7, '9fc8b575f0ece2f94de51268e5a05a12326b0f9ad86c19649d8b1fa5409c843a', 1795837526512);
INSERT INTO pgboss.job_common VALUES ('01a2206b-bd3c-752d-a008-737365c2a52e', 'tasks', 0, '{"subject": "01a2206b-bd3c-752d-a008-737365c2a52e"}', 'created', 1000000, 0, 0, false, NULL, 86399, 3600, '01a2206b-bce2-7187-b790-8026647c7763', NULL, NULL, NULL, '2026-11-28 04:31:01.442472+00', '2026-11-28 04:31:01.442472+00', NULL, NULL, '2031-11-27 04:31:01.442472+00', NULL, NULL, 'key_strict_fifo', NULL, 15, false, false, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO pgboss.queue VALUES ('tasks', 'key_strict_fifo', 1000000, 0, false, NULL, 86399, 157680000, 3600, NULL, false, 'job_common', 0, 0, 0, 0, 0, 0, 0, 0, NULL, NULL, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, '{}', 15, true, NULL, NULL, NULL, NULL, '2026-11-28 03:52:03.463118+00', '2026-11-28 03:52:03.463118+00');
INSERT INTO pgboss.queue VALUES ('deliveries_by_target', 'key_strict_fifo', 1000000, 0, false, NULL, 86399, 157680000, 3600, NULL, false, 'job_common', 0, 0, 0, 0, 0, 0, 0, 0, NULL, NULL, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, '{}', 15, true, NULL, NULL, NULL, NULL, '2026-11-28 03:52:03.47842+00', '2026-11-28 03:52:03.47842+00');
INSERT INTO pgboss.queue VALUES ('deliveries', 'standard', 1000000, 0, false, NULL, 86399, 157680000, 3600, NULL, false, 'job_common', 0, 0, 0, 0, 0, 0, 0, 0, NULL, NULL, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, '{}', 15, true, NULL, NULL, NULL, NULL, '2026-11-28 03:52:03.495193+00', '2026-11-28 03:52:03.495193+00');
INSERT INTO pgboss.version VALUES (46, NULL, '2026-11-28 04:31:00.582227+00', '2026-11-28 04:31:00.384737+00', NULL, NULL);
INSERT INTO public.api_keys VALUES ('0198c0de-0000-7000-8000-000000000091', 'old', 'hdl_77777777', '675372e7ec55a6510d954f6b8e9a48b9d408999cab27539a2368fff825cb8baa', '["tasks:read", "sessions:write", "documents:read", "api_keys:write"]', NULL, NULL, NULL, NULL, '2026-11-28 04:31:02.118256+00', NULL, 'all');
INSERT INTO public.bots VALUES ('default', 'default', '', '', NULL, '[]', '[]', '[]', '[]', NULL, 'api', '2026-11-28 04:31:00.338129+00', '2026-11-28 04:31:00.338129+00');
INSERT INTO public.bots VALUES ('other', 'other', '', '', NULL, '[]', '[]', '[]', '[]', NULL, 'api', '2026-11-28 04:31:00.55247+00', '2026-11-28 04:31:00.55247+00');
INSERT INTO public.bots VALUES ('reviewer', 'Reviewer', '', 'You review.', NULL, '[]', '["search_documents"]', '[]', '[]', NULL, 'api', '2026-11-28 04:31:02.118256+00', '2026-11-28 04:31:02.118256+00');
INSERT INTO public.channel_activations VALUES ('01a2206b-bc7a-723b-ab72-60b73c744cdc', 'github', '2026-11-28 04:31:02.118256+00');
INSERT INTO public.channel_bindings VALUES ('0198c0de-0000-7000-8000-000000000003', '01a2206b-bc7a-723b-ab72-60b73c744cdc', 'github', 'github:acme/other', NULL, NULL, NULL, '{}', true, '2026-11-28 04:31:02.118256+00', '2026-11-28 04:31:02.118256+00');
INSERT INTO public.channels VALUES ('01a2206b-bc7a-723b-ab72-60b73c744cdc', 'github:acme/site', 'github:acme/site', NULL, NULL, true, true, false, 'append', false, NULL, NULL, NULL, NULL, true, '[]', '[]', '[]', '[]', '2026-11-28 04:31:01.234666+00', '2026-11-28 04:31:01.234666+00', NULL);
INSERT INTO public.chunks VALUES ('01a2206b-bed7-763b-a2ad-03d1678a426a', '01a2206b-bebc-75ea-bb16-7ebdd7794448', 0, '', 'Zebras of before', '''anim'':1 ''zebra'':2', 2);
INSERT INTO public.deliveries VALUES ('0198c0de-0000-7000-8000-000000000051', '01a2206b-bd3c-752d-a008-737365c2a52e', '01a2206b-bce2-7187-b790-8026647c7763', 'default', '01a2206b-bd3c-752d-a008-7682dc76442b', 'none', '{"type": "none"}', '{"kind": "result", "text": "Done", "client_actions": [], "extra_metadata": {}}', 'delivered', 0, 0, NULL, NULL, NULL, NULL, '2026-11-28 04:31:02.118256+00', NULL, NULL, NULL, '{"one": {"value": 1}}');
INSERT INTO public.delivery_paces VALUES ('none', '2026-11-28 04:31:02.118256+00');
INSERT INTO public.documents VALUES ('01a2206b-bebc-75ea-bb16-7ebdd7794448', 'github', NULL, 'Animals', 'Zebras of before', '{}', '2026-11-28 04:31:01.803701+00', 'integration:github');
INSERT INTO public.inbox_events VALUES ('0198c0de-0000-7000-8000-000000000061', 'github', 'POST', '/webhook', '{"x-event": "opened"}', '{}', 2, false, 'accepted', NULL, NULL, NULL, '[]', 3, false, NULL, '2026-11-28 04:31:02.118256+00');
INSERT INTO public.integration_settings VALUES ('github', 'GITHUB_BOT_ID', 'default', false, '2026-11-28 04:31:02.118256+00');
INSERT INTO public.integration_states VALUES ('github', true, true, '2026-11-28 04:31:02.118256+00');
INSERT INTO public.integration_store VALUES ('github', 'cursor', '{"page":5}', false, '2026-11-28 04:31:02.035+00', NULL);
INSERT INTO public.integration_store VALUES ('github', 'token', 'sealed:v2:46d041da:g8cEvqgNMPuabDdAfGWD-Ga5YTKaGfY1Z4bQIu0htUlaO35wXum8hmzy38G4CUuI', true, '2026-11-28 04:31:02.079+00', NULL);
INSERT INTO public.llm_calls VALUES ('0198c0de-0000-7000-8000-000000000111', '01a2206b-bd3c-752d-a008-737365c2a52e', '01a2206b-bd3c-752d-a008-7682dc76442b', 'offline', 1, NULL, NULL, 5, false, NULL, '2026-11-28 04:31:02.118256+00');
INSERT INTO public.messages VALUES ('01a2206b-bd3c-752d-a008-6e570596712a', '01a2206b-bce2-7187-b790-8026647c7763', 1, 'user', 'A webhook of before', 'github', '{}', NULL, NULL, NULL, 'github:delivery-1', '2026-11-28 04:31:01.442472+00', false, 0);
INSERT INTO public.meta VALUES ('first_api_key', '"2026-01-01T00:00:00Z"');
INSERT INTO public.process_lines VALUES (1, 'github', 'stdout', 'A line of before', '2026-11-28 04:31:02.118256+00');
INSERT INTO public.processes VALUES ('github', '0198c0de-0000-7000-8000-000000000071', 'stopped', NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, '2026-11-28 04:31:02.118256+00');
INSERT INTO public.seeded_bots VALUES ('default', '2026-11-28 04:31:02.118256+00');
INSERT INTO public.sessions VALUES ('01a2206b-bce2-7187-b790-8026647c7763', '01a2206b-bc7a-723b-ab72-60b73c744cdc', 'github:acme/site', 'default', '{"type": "none"}', true, '2026-11-28 04:31:01.234666+00');
INSERT INTO public.tasks VALUES ('01a2206b-bd3c-752d-a008-737365c2a52e', '01a2206b-bce2-7187-b790-8026647c7763', '01a2206b-bc7a-723b-ab72-60b73c744cdc', 'default', '01a2206b-bd3c-752d-a008-6e570596712a', '01a2206b-bd3c-752d-a008-7682dc76442b', 'github', 'pending', NULL, NULL, NULL, '[]', 'none', '{}', '[]', '{}', 0, 0, 0, NULL, NULL, NULL, NULL, '2026-11-28 04:31:01.442472+00', NULL, NULL);
INSERT INTO public.tool_calls VALUES ('0198c0de-0000-7000-8000-000000000101', '01a2206b-bd3c-752d-a008-737365c2a52e', '01a2206b-bd3c-752d-a008-6e570596712a', 'call-1', '01a2206b-bd3c-752d-a008-7682dc76442b', 'search_documents', '{}', 'done', NULL, 1, NULL, '2026-11-28 04:31:02.118256+00');
INSERT INTO public.workspace_writes VALUES ('common/a.txt', '0000000000000000000000000000000000000000000000000000000000000000', 'default', NULL, NULL, '2026-11-28 04:31:02.118256+00');
SELECT pg_catalog.setval('drizzle.__drizzle_migrations_id_seq', 7, true);
SELECT pg_catalog.setval('public.messages_position_seq', 1, true);
SELECT pg_catalog.setval('public.process_lines_id_seq', 1, true);
ALTER TABLE ONLY drizzle.__drizzle_migrations
    ADD CONSTRAINT __drizzle_migrations_pkey PRIMARY KEY (id);
ALTER TABLE ONLY pgboss.bam
    ADD CONSTRAINT bam_pkey PRIMARY KEY (id);
ALTER TABLE ONLY pgboss.instance
    ADD CONSTRAINT instance_pkey PRIMARY KEY (id);
ALTER TABLE ONLY pgboss.job
    ADD CONSTRAINT job_pkey PRIMARY KEY (name, id);
ALTER TABLE ONLY pgboss.job_common
    ADD CONSTRAINT job_common_pkey PRIMARY KEY (name, id);
ALTER TABLE ONLY pgboss.job_dependency
    ADD CONSTRAINT job_dependency_pkey PRIMARY KEY (child_name, child_id, parent_name, parent_id);
ALTER TABLE ONLY pgboss.queue
    ADD CONSTRAINT queue_pkey PRIMARY KEY (name);
ALTER TABLE ONLY pgboss.queue_stats
    ADD CONSTRAINT queue_stats_pkey PRIMARY KEY (id, captured_on);
ALTER TABLE ONLY pgboss.queue_stats_20261128
    ADD CONSTRAINT queue_stats_20261128_pkey PRIMARY KEY (id, captured_on);
ALTER TABLE ONLY pgboss.queue_stats_20261129
    ADD CONSTRAINT queue_stats_20261129_pkey PRIMARY KEY (id, captured_on);
ALTER TABLE ONLY pgboss.schedule
    ADD CONSTRAINT schedule_pkey PRIMARY KEY (name, key);
ALTER TABLE ONLY pgboss.subscription
    ADD CONSTRAINT subscription_pkey PRIMARY KEY (event, name);
ALTER TABLE ONLY pgboss.version
    ADD CONSTRAINT version_pkey PRIMARY KEY (version);
ALTER TABLE ONLY pgboss.warning
    ADD CONSTRAINT warning_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_hash_unique UNIQUE (hash);
ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.bots
    ADD CONSTRAINT bots_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.channel_activations
    ADD CONSTRAINT channel_activations_channel_id_integration_id_pk PRIMARY KEY (channel_id, integration_id);
ALTER TABLE ONLY public.channel_bindings
    ADD CONSTRAINT channel_bindings_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.channels
    ADD CONSTRAINT channels_client_id_unique UNIQUE (client_id);
ALTER TABLE ONLY public.channels
    ADD CONSTRAINT channels_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.chunks
    ADD CONSTRAINT chunks_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.deliveries
    ADD CONSTRAINT deliveries_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.delivery_paces
    ADD CONSTRAINT delivery_paces_pkey PRIMARY KEY (key);
ALTER TABLE ONLY public.documents
    ADD CONSTRAINT documents_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.inbox_events
    ADD CONSTRAINT inbox_events_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.integration_settings
    ADD CONSTRAINT integration_settings_integration_id_key_pk PRIMARY KEY (integration_id, key);
ALTER TABLE ONLY public.integration_states
    ADD CONSTRAINT integration_states_pkey PRIMARY KEY (integration_id);
ALTER TABLE ONLY public.integration_store
    ADD CONSTRAINT integration_store_integration_id_key_pk PRIMARY KEY (integration_id, key);
ALTER TABLE ONLY public.llm_calls
    ADD CONSTRAINT llm_calls_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.messages
    ADD CONSTRAINT messages_dedupe_key_unique UNIQUE (dedupe_key);
ALTER TABLE ONLY public.messages
    ADD CONSTRAINT messages_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.meta
    ADD CONSTRAINT meta_pkey PRIMARY KEY (key);
ALTER TABLE ONLY public.process_lines
    ADD CONSTRAINT process_lines_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.processes
    ADD CONSTRAINT processes_pkey PRIMARY KEY (integration_id);
ALTER TABLE ONLY public.seeded_bots
    ADD CONSTRAINT seeded_bots_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.tasks
    ADD CONSTRAINT tasks_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.tool_calls
    ADD CONSTRAINT tool_calls_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.workspace_writes
    ADD CONSTRAINT workspace_writes_path_sha256_pk PRIMARY KEY (path, sha256);
CREATE UNIQUE INDEX job_common_i1 ON pgboss.job_common USING btree (name, COALESCE(singleton_key, ''::text)) WHERE ((state = 'created'::pgboss.job_state) AND (policy = 'short'::text));
CREATE INDEX job_common_i10 ON pgboss.job_common USING btree (name, singleton_key, state DESC, created_on, id) INCLUDE (start_after) WHERE ((state < 'active'::pgboss.job_state) AND (NOT blocked) AND (policy = 'key_strict_fifo'::text));
CREATE INDEX job_common_i11 ON pgboss.job_common USING btree (name, priority DESC, created_on, start_after) WHERE ((state < 'active'::pgboss.job_state) AND (NOT blocked));
CREATE INDEX job_common_i12 ON pgboss.job_common USING btree (source_root_id) WHERE (source_root_id IS NOT NULL);
CREATE UNIQUE INDEX job_common_i13 ON pgboss.job_common USING btree (name, singleton_key) WHERE ((state = 'created'::pgboss.job_state) AND upsert_by_key);
CREATE INDEX job_common_i14 ON pgboss.job_common USING btree (name, state, blocked, start_after) WHERE (state = ANY (ARRAY['created'::pgboss.job_state, 'retry'::pgboss.job_state, 'active'::pgboss.job_state, 'failed'::pgboss.job_state]));
CREATE INDEX job_common_i15 ON pgboss.job_common USING btree (name, created_on);
CREATE INDEX job_common_i16 ON pgboss.job_common USING btree (name, completed_on) WHERE (completed_on IS NOT NULL);
CREATE INDEX job_common_i17 ON pgboss.job_common USING btree (name, singleton_key, created_on) WHERE ((state < 'active'::pgboss.job_state) AND (singleton_key IS NOT NULL));
CREATE UNIQUE INDEX job_common_i2 ON pgboss.job_common USING btree (name, COALESCE(singleton_key, ''::text)) WHERE ((state = 'active'::pgboss.job_state) AND (policy = 'singleton'::text));
CREATE UNIQUE INDEX job_common_i3 ON pgboss.job_common USING btree (name, state, COALESCE(singleton_key, ''::text)) WHERE ((state <= 'active'::pgboss.job_state) AND (policy = 'stately'::text));
CREATE UNIQUE INDEX job_common_i4 ON pgboss.job_common USING btree (name, singleton_on, COALESCE(singleton_key, ''::text)) WHERE ((state <> 'cancelled'::pgboss.job_state) AND (singleton_on IS NOT NULL));
CREATE UNIQUE INDEX job_common_i6 ON pgboss.job_common USING btree (name, COALESCE(singleton_key, ''::text)) WHERE ((state <= 'active'::pgboss.job_state) AND (policy = 'exclusive'::text));
CREATE INDEX job_common_i7 ON pgboss.job_common USING btree (name, group_id) WHERE ((state = 'active'::pgboss.job_state) AND (group_id IS NOT NULL));
CREATE UNIQUE INDEX job_common_i8 ON pgboss.job_common USING btree (name, singleton_key) WHERE ((state = ANY (ARRAY['active'::pgboss.job_state, 'retry'::pgboss.job_state, 'failed'::pgboss.job_state])) AND (policy = 'key_strict_fifo'::text));
CREATE INDEX job_common_i9 ON pgboss.job_common USING btree (name, id) WHERE (blocking AND (state = 'completed'::pgboss.job_state));
CREATE INDEX job_dep_parent_idx ON pgboss.job_dependency USING btree (parent_name, parent_id);
CREATE INDEX queue_stats_i1 ON ONLY pgboss.queue_stats USING btree (name, captured_on DESC) INCLUDE (deferred_count, queued_count, ready_count, active_count, failed_count, total_count);
CREATE INDEX queue_stats_20261128_name_captured_on_deferred_count_queued_idx ON pgboss.queue_stats_20261128 USING btree (name, captured_on DESC) INCLUDE (deferred_count, queued_count, ready_count, active_count, failed_count, total_count);
CREATE INDEX queue_stats_20261129_name_captured_on_deferred_count_queued_idx ON pgboss.queue_stats_20261129 USING btree (name, captured_on DESC) INCLUDE (deferred_count, queued_count, ready_count, active_count, failed_count, total_count);
CREATE INDEX warning_i1 ON pgboss.warning USING btree (created_on DESC);
CREATE INDEX channel_bindings_client ON public.channel_bindings USING btree (client_id);
CREATE UNIQUE INDEX channel_bindings_place ON public.channel_bindings USING btree (channel_id, client_id);
CREATE INDEX chunks_document ON public.chunks USING btree (document_id);
CREATE INDEX chunks_lexemes ON public.chunks USING gin (lexemes);
CREATE INDEX deliveries_status ON public.deliveries USING btree (status, id);
CREATE INDEX deliveries_task ON public.deliveries USING btree (task_id);
CREATE INDEX documents_integration ON public.documents USING btree (integration_id);
CREATE INDEX documents_owner ON public.documents USING btree (owner);
CREATE INDEX inbox_events_created ON public.inbox_events USING btree (created_at);
CREATE INDEX inbox_events_integration ON public.inbox_events USING btree (integration_id, id);
CREATE INDEX inbox_events_key ON public.inbox_events USING btree (idempotency_key);
CREATE INDEX inbox_events_verdict ON public.inbox_events USING btree (verdict, id);
CREATE INDEX integration_store_expires ON public.integration_store USING btree (expires_at) WHERE (expires_at IS NOT NULL);
CREATE INDEX llm_calls_task ON public.llm_calls USING btree (task_id);
CREATE INDEX messages_session ON public.messages USING btree (session_id, "position");
CREATE INDEX messages_task ON public.messages USING btree (task_id, "position");
CREATE INDEX process_lines_integration ON public.process_lines USING btree (integration_id, id);
CREATE UNIQUE INDEX sessions_active ON public.sessions USING btree (client_id, bot_id) WHERE active;
CREATE INDEX sessions_channel ON public.sessions USING btree (channel_id);
CREATE INDEX tasks_loop ON public.tasks USING btree (loop_key, run_at) WHERE (loop_key IS NOT NULL);
CREATE UNIQUE INDEX tasks_message ON public.tasks USING btree (message_id);
CREATE INDEX tasks_owner ON public.tasks USING btree (owner, id) WHERE (owner IS NOT NULL);
CREATE INDEX tasks_session ON public.tasks USING btree (session_id);
CREATE INDEX tasks_status ON public.tasks USING btree (status, id);
CREATE UNIQUE INDEX tool_calls_call ON public.tool_calls USING btree (message_id, call_id);
CREATE INDEX tool_calls_task ON public.tool_calls USING btree (task_id);
CREATE INDEX workspace_writes_content ON public.workspace_writes USING btree (sha256);
ALTER INDEX pgboss.job_pkey ATTACH PARTITION pgboss.job_common_pkey;
ALTER INDEX pgboss.queue_stats_i1 ATTACH PARTITION pgboss.queue_stats_20261128_name_captured_on_deferred_count_queued_idx;
ALTER INDEX pgboss.queue_stats_pkey ATTACH PARTITION pgboss.queue_stats_20261128_pkey;
ALTER INDEX pgboss.queue_stats_i1 ATTACH PARTITION pgboss.queue_stats_20261129_name_captured_on_deferred_count_queued_idx;
ALTER INDEX pgboss.queue_stats_pkey ATTACH PARTITION pgboss.queue_stats_20261129_pkey;
ALTER TABLE ONLY pgboss.job_common
    ADD CONSTRAINT dlq_fkey FOREIGN KEY (dead_letter) REFERENCES pgboss.queue(name) ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY pgboss.job_common
    ADD CONSTRAINT q_fkey FOREIGN KEY (name) REFERENCES pgboss.queue(name) ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY pgboss.queue
    ADD CONSTRAINT queue_dead_letter_fkey FOREIGN KEY (dead_letter) REFERENCES pgboss.queue(name);
ALTER TABLE ONLY pgboss.schedule
    ADD CONSTRAINT schedule_name_fkey FOREIGN KEY (name) REFERENCES pgboss.queue(name) ON DELETE CASCADE;
ALTER TABLE ONLY pgboss.subscription
    ADD CONSTRAINT subscription_name_fkey FOREIGN KEY (name) REFERENCES pgboss.queue(name) ON DELETE CASCADE;
ALTER TABLE ONLY public.channel_activations
    ADD CONSTRAINT channel_activations_channel_id_channels_id_fk FOREIGN KEY (channel_id) REFERENCES public.channels(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.channel_bindings
    ADD CONSTRAINT channel_bindings_channel_id_channels_id_fk FOREIGN KEY (channel_id) REFERENCES public.channels(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.chunks
    ADD CONSTRAINT chunks_document_id_documents_id_fk FOREIGN KEY (document_id) REFERENCES public.documents(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.deliveries
    ADD CONSTRAINT deliveries_task_id_tasks_id_fk FOREIGN KEY (task_id) REFERENCES public.tasks(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.documents
    ADD CONSTRAINT documents_session_id_sessions_id_fk FOREIGN KEY (session_id) REFERENCES public.sessions(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.llm_calls
    ADD CONSTRAINT llm_calls_task_id_tasks_id_fk FOREIGN KEY (task_id) REFERENCES public.tasks(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.messages
    ADD CONSTRAINT messages_session_id_sessions_id_fk FOREIGN KEY (session_id) REFERENCES public.sessions(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_channel_id_channels_id_fk FOREIGN KEY (channel_id) REFERENCES public.channels(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.tasks
    ADD CONSTRAINT tasks_session_id_sessions_id_fk FOREIGN KEY (session_id) REFERENCES public.sessions(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.tool_calls
    ADD CONSTRAINT tool_calls_task_id_tasks_id_fk FOREIGN KEY (task_id) REFERENCES public.tasks(id) ON DELETE CASCADE;
