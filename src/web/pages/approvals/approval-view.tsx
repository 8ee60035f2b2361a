import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { useLiveQueries } from "../../api/live.ts";
import { type ApprovalDetail, approval, IF_NOBODY } from "../../parts/approvals.ts";
import { Awaited } from "../../parts/awaited.tsx";
import { CallArguments, type PagedLines, useCallLines } from "../../parts/call-arguments.tsx";
import { Decision } from "../../parts/decision.tsx";
import { Detail } from "../../parts/detail.tsx";
import { Facts } from "../../parts/facts.tsx";
import { Section } from "../../parts/page-frame.tsx";
import { Time } from "../../parts/time.tsx";
import { ApprovalStatus } from "./approval-status.tsx";

interface ApprovalViewProps {
  id: string;
  closeHref: string;
  onDecided(): void;
}

/** One call: what it would do, who is asked until when, and what was decided. */
export function ApprovalView({ id, closeHref, onDecided }: ApprovalViewProps) {
  const { data, error, refetch } = useQuery(approval(id));
  useLiveQueries(["approval"], ["approvals", "one", id]);
  if (!data) {
    return (
      <Detail title="Approval" closeHref={closeHref}>
        <Awaited error={error} onRetry={() => void refetch()} />
      </Detail>
    );
  }
  return <Whole approval={data} closeHref={closeHref} onDecided={onDecided} />;
}

interface WholeProps extends Omit<ApprovalViewProps, "id"> {
  approval: ApprovalDetail;
}

function Whole({ approval: data, closeHref, onDecided }: WholeProps) {
  const lines = useCallLines(data.arguments, data.previous?.arguments);
  return (
    <Detail
      title={`${data.bot_id} wants to call ${data.tool_name}`}
      closeHref={closeHref}
      facts={
        <>
          <ApprovalStatus value={data.status} />
          <Time at={data.created_at} />
        </>
      }
    >
      {data.status === "pending" && <Question approval={data} unseen={lines.left} onDecided={onDecided} />}
      {data.decided_at !== null && <Answer approval={data} />}
      <Arguments approval={data} lines={lines} />
      <About approval={data} />
    </Detail>
  );
}

interface QuestionProps {
  approval: ApprovalDetail;
  unseen: number;
  onDecided(): void;
}

function Question({ approval: asked, unseen, onDecided }: QuestionProps) {
  return (
    <Section title="Your decision">
      {asked.may_decide ? (
        <Decision approval={asked} unseen={unseen} onDone={onDecided} />
      ) : (
        <p>
          {asked.approvers.length > 0
            ? `Others are asked: ${asked.approvers.join(", ")}.`
            : "You may see this call, but not decide on it: the scope approvals:write is missing."}
        </p>
      )}
    </Section>
  );
}

const WORDS = {
  pending: "",
  approved: "approved it",
  denied: "denied it",
  expired: "Nobody decided in time",
  cancelled: "The run ended otherwise",
};
const HELD = {
  once: "This call only",
  run: "All calls of the tool in this run",
  pattern: "Calls with such arguments, from now on",
  always: "All calls of the tool by the bot, from now on",
};

function Answer({ approval: asked }: { approval: ApprovalDetail }) {
  const { status, decided_by_name, decided_by, decided_at, choice, note, begun_at } = asked;
  return (
    <Section title="What was decided">
      <Facts
        facts={[
          ["Decision", decided_by_name === null ? WORDS[status] : `${decided_by_name} ${WORDS[status]}`],
          ["When", <Time key="when" at={decided_at} as="absolute" />],
          decided_by !== null && ["As", <code key="as">{decided_by}</code>],
          choice !== null && ["Holds for", HELD[choice]],
          note !== null && ["Note", note],
          begun_at !== null && ["Call begun", <Time key="begun" at={begun_at} as="absolute" />],
        ]}
      />
    </Section>
  );
}

interface ArgumentsProps {
  approval: ApprovalDetail;
  lines: PagedLines;
}

function Arguments({ approval: { arguments: args, previous }, lines }: ArgumentsProps) {
  if (Object.keys(args).length === 0) return <Section title="Arguments">There are none.</Section>;
  // A change of files is shown as a diff against what is in them.
  const isCompared = previous !== null && lines.lines[0]?.kind !== "place";
  return (
    <Section title={isCompared ? "Arguments, compared with those approved last" : "Arguments"}>
      <CallArguments of={lines} />
      {isCompared && (
        <p>
          Red lines are those of <Link href={`/approvals/${previous.id}`}>the call</Link> that{" "}
          {previous.decided_by_name ?? "somebody"} approved{" "}
          <Time at={previous.decided_at ?? previous.created_at} />.
        </p>
      )}
    </Section>
  );
}

function About({ approval: asked }: { approval: ApprovalDetail }) {
  const { policy_id, policy_name, reason, approvers, expires_at, on_timeout, status } = asked;
  return (
    <Section title="Why it is asked">
      <Facts
        facts={[
          [
            "Policy",
            policy_id === null ? (
              policy_name
            ) : (
              <Link key="policy" href={`/policies/${policy_id}`}>
                {policy_name}
              </Link>
            ),
          ],
          reason !== null && ["Reason", reason],
          ["Who is asked", approvers.length === 0 ? "Everyone who may decide" : approvers.join(", ")],
          [
            status === "pending" ? "Until" : "Was open until",
            <span key="until">
              <Time at={expires_at} as="absolute" />
              {status === "pending" && (
                <>
                  {" "}
                  (<Time at={expires_at} />)
                </>
              )}
            </span>,
          ],
          ["If nobody decides", IF_NOBODY[on_timeout]],
          [
            "Run",
            <Link key="run" href={`/tasks/${asked.task_id}`}>
              What the bot read and did
            </Link>,
          ],
          [
            "Conversation",
            <Link key="session" href={`/chat/${asked.session_id}`}>
              Open it
            </Link>,
          ],
        ]}
      />
    </Section>
  );
}
