import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { useLiveQueries } from "../api/live.ts";
import { covers, useSession } from "../api/session.ts";
import { ApiError } from "./api-error.tsx";
import { type Approval, approval, waitingIn } from "./approvals.ts";
import { CallArguments, useCallLines } from "./call-arguments.tsx";
import classes from "./decision.module.css";
import { Decision } from "./decision.tsx";
import { Icon } from "./icon.tsx";
import { Time } from "./time.tsx";

interface WaitingCallsProps {
  where: { task_id: string } | { session_id: string };
  /** Runs that are over: their calls wait for nobody, which is noted a little later. */
  over?: ReadonlySet<string>;
}

/** The calls of a run or a conversation that wait for a person, to be decided on where one sees them. */
export function WaitingCalls({ where, over }: WaitingCallsProps) {
  const maySee = useSession(({ me }) => covers(me?.scopes ?? [], "approvals:read"));
  const { data = [], error, refetch } = useQuery({ ...waitingIn(where), enabled: maySee });
  useLiveQueries(["approval"], ["approvals"]);
  return (
    <>
      {error && <ApiError error={error} onRetry={() => void refetch()} />}
      {data
        .toReversed()
        .filter(({ task_id }) => !over?.has(task_id))
        .map((one) => (
          <Waiting key={one.id} asked={one} />
        ))}
    </>
  );
}

function Waiting({ asked }: { asked: Approval }) {
  const { data, error, refetch } = useQuery(approval(asked.id));
  const lines = useCallLines(asked.arguments, undefined);
  return (
    <section className={classes.card} aria-label={`${asked.tool_name} waits for a person`}>
      <p className={classes.head}>
        <Icon name="ShieldAlert" size={16} />
        <span>
          {asked.bot_id} wants to call <code>{asked.tool_name}</code>
        </span>{" "}
        <span>
          (ends <Time at={asked.expires_at} />)
        </span>{" "}
        <Link href={`/approvals/${asked.id}`}>Details</Link>
      </p>
      {lines.lines.length > 0 && <CallArguments of={lines} />}
      {asked.reason !== null && <p className={classes.why}>{asked.reason}</p>}
      {error && <ApiError error={error} onRetry={() => void refetch()} />}
      {data?.may_decide && <Decision approval={data} unseen={lines.left} />}
      {data && !data.may_decide && data.status === "pending" && (
        <p className={classes.why}>Other people are asked about it.</p>
      )}
    </section>
  );
}
