import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { argumentsText } from "../../parts/arguments-text.ts";
import { Awaited } from "../../parts/awaited.tsx";
import { CodeBlock } from "../../parts/code-block.tsx";
import { Detail } from "../../parts/detail.tsx";
import { Diff } from "../../parts/diff.tsx";
import { type Fact, Facts } from "../../parts/facts.tsx";
import { Section } from "../../parts/page-frame.tsx";
import { Badge } from "../../parts/status.tsx";
import { Time } from "../../parts/time.tsx";
import { Cost, Duration, plural, Tokens } from "../../parts/units.tsx";
import classes from "./evals.module.css";
import { changeOf, type EvalResult, type EvalRunDetail, evalRun, hasPassed } from "./queries.ts";

/** One run of fixtures: which of them passed, what they cost, and what has changed since the run before. */
export function EvalView({ id, search }: { id: string; search: string }) {
  const { data, error, refetch } = useQuery(evalRun(id));
  const closeHref = `/evals${search}`;
  if (!data) {
    return (
      <Detail title="Eval" closeHref={closeHref}>
        <Awaited error={error} onRetry={() => void refetch()} />
      </Detail>
    );
  }
  return (
    <Detail title={data.name} closeHref={closeHref}>
      <Section title="Outcome">
        <Facts facts={factsOf(data)} />
      </Section>
      <Section title="Fixtures">
        <ul className={classes.results}>
          {data.results.map((result) => (
            <li key={`${result.bot_id} ${result.name}`}>
              <Result result={result} />
            </li>
          ))}
        </ul>
      </Section>
    </Detail>
  );
}

function factsOf({
  name,
  model,
  passed,
  failed,
  tokens,
  cost_usd,
  seconds,
  created_at,
  previous_id,
}: EvalRunDetail): Fact[] {
  return [
    ["Result", `${passed} of ${plural(passed + failed, "fixture")} passed`],
    ["Model", model === null ? "A script answered" : <code key="model">{model}</code>],
    ["Cost", cost_usd === null ? "Unknown" : <Cost key="cost" usd={cost_usd} />],
    ["Tokens", <Tokens key="tokens" value={tokens} />],
    ["Took", <Duration key="took" ms={seconds * 1000} />],
    ["Stored", <Time key="at" at={created_at} />],
    [
      "Compared with",
      previous_id === null ? (
        "Nothing: it is the first of its name"
      ) : (
        <span key="before">
          <Link href={`/evals/${previous_id}`}>the run before</Link>,{" "}
          <Link href={`/evals?name=${encodeURIComponent(name)}`}>all results of this folder</Link>
        </span>
      ),
    ],
  ];
}

const CHANGES = {
  mended: ["good", "Failed before"],
  broken: ["bad", "Passed before"],
  new: ["quiet", "New"],
} as const;

function Result({ result }: { result: EvalResult }) {
  const { name, bot_id, problems, tools, model_calls, cost_usd, seconds, before } = result;
  const change = changeOf(result);
  return (
    <details className={classes.result} open={!hasPassed(result)}>
      <summary>
        {hasPassed(result) ? <Badge tone="good">Passed</Badge> : <Badge tone="bad">Failed</Badge>}
        <strong className={classes.name}>{name}</strong>
        {change && before !== null && <Badge tone={CHANGES[change][0]}>{CHANGES[change][1]}</Badge>}
      </summary>
      <p className={classes.facts}>
        <Link href={`/bots/${bot_id}`}>{bot_id}</Link> · {plural(model_calls, "model call")} ·{" "}
        {tools.length === 0 ? "no tool" : tools.join(", ")} · <Duration ms={seconds * 1000} /> ·{" "}
        {cost_usd === null ? "cost unknown" : <Cost usd={cost_usd} />}
        {costBefore(result)}
      </p>
      {problems.length > 0 && (
        <ul className={classes.problems}>
          {problems.map((problem) => (
            <li key={problem}>{problem}</li>
          ))}
        </ul>
      )}
      <Answer result={result} />
    </details>
  );
}

function costBefore({ cost_usd, before }: EvalResult) {
  if (!before || before.cost_usd === null || before.cost_usd === cost_usd) return null;
  return (
    <>
      {" "}
      (before <Cost usd={before.cost_usd} />)
    </>
  );
}

function Answer({ result: { answer, before } }: { result: EvalResult }) {
  if (answer === null) return null;
  if (!before || before.same_answer || before.answer === null) {
    return <CodeBlock text={answer === "" ? "(It answered nothing.)" : answer} what="answer" wrap />;
  }
  return (
    <Diff text={argumentsText({ answer }, { answer: before.answer })} what="The answer and the one before" />
  );
}
