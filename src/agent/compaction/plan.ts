// Decides how far a conversation is shortened at a compaction: long results of tools first, then the oldest messages. It goes
// well below the limit, so that many requests follow before the next one, all with the same beginning.

import { type Group, type Place, tokensOf } from "../context/groups.ts";
import { isCovered, isShortened, type Marks, shorten } from "../context/marks.ts";

export interface PlanInput {
  /** The whole conversation, oldest first: the session before the run, then the run's own steps. */
  groups: Group[];
  marks: Marks;
  /** Tokens of everything but the conversation and its summary. */
  fixed: number;
  /** Tokens of the summary that there is. */
  summary: number;
  budget: number;
  /** The most tokens that a new summary may take. */
  summaryRoom: number;
  mostGroups: number;
}

export interface Plan {
  marks: Marks;
  /** What the new marks cover and the old ones did not. */
  covered: Group[];
}

/** Where a compaction ends, and what it accepts without a summary. Shares of the budget. */
const LOW_WATER = 0.5;
const GOOD_ENOUGH = 0.7;
/** The newest part of the conversation, which stays as it is. */
const UNTOUCHED = 0.25;
/** What the conversation gets at least, however much the prompts take. */
const LEAST = 0.08;

export function planCompaction(input: PlanInput): Plan {
  const { groups, marks, fixed, budget, mostGroups } = input;
  const target = Math.max(LOW_WATER * budget, fixed + LEAST * budget);
  const open = groups.filter((group) => !isCovered(group, marks));
  const sizes = open.map((group) => tokensOf(isShortened(group, marks) ? shorten(group) : group));
  const isTooLong = open.length > mostGroups;
  const end = Math.max(
    untouchedFrom(sizes, Math.min(UNTOUCHED * budget, (target - fixed) / 2)),
    isTooLong ? open.length - Math.floor(mostGroups / 2) : 0,
  );
  let total = fixed + input.summary + sum(sizes);
  let { covered, shortened } = marks;

  for (let at = 0; at < end && total > target; at++) {
    const group = open[at];
    if (!group || isShortened(group, { shortened })) continue;
    const size = tokensOf(shorten(group));
    total += size - (sizes[at] ?? 0);
    sizes[at] = size;
    shortened = { turn: group.turn, step: group.step };
  }

  if (total > Math.max(GOOD_ENOUGH * budget, target) || isTooLong) {
    total += input.summaryRoom - input.summary;
    let at = 0;
    while (at < end && (total > target || (isTooLong && open.length - at > mostGroups / 2))) {
      total -= sizes[at] ?? 0;
      at++;
    }
    covered = placeBefore(open, at, covered);
  }
  const planned = { covered, shortened };
  return { marks: planned, covered: open.filter((group) => isCovered(group, planned)) };
}

/** The mark that covers everything before the group at `at`. */
function placeBefore(open: Group[], at: number, covered: Place): Place {
  const [last, next] = [open[at - 1], open[at]];
  if (!last) return covered;
  if (!next) return { turn: last.turn, step: last.step };
  return next.step > 0 ? { turn: next.turn, step: next.step - 1 } : { turn: next.turn, step: 0 };
}

/** The index of the oldest group of the newest ones that fit; the last one always belongs to them. */
function untouchedFrom(sizes: number[], room: number): number {
  let left = room;
  let first = Math.max(0, sizes.length - 1);
  left -= sizes[first] ?? 0;
  while (first > 0 && (sizes[first - 1] ?? 0) <= left) {
    first--;
    left -= sizes[first] ?? 0;
  }
  return first;
}

const sum = (numbers: number[]): number => numbers.reduce((a, b) => a + b, 0);
