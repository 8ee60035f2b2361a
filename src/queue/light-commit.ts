// Fetching a job need not wait until the disk has it. A fetch that PostgreSQL forgets, because its machine fails within the next
// half second, leaves a job that is fetched again: as if its worker had died. What a worker does next, such as claiming the run,
// is committed as usual, and takes the fetch to the disk with it.

/**
 * The statement, which is one that returns rows, written so that its commit does not wait. Settings of the connection would last
 * longer, and poolers do not take them.
 */
export const lightly = (statement: string): string => `
  with light as materialized (select set_config('synchronous_commit', 'off', true)),
  given as (${statement})
  select given.* from given, light`;
