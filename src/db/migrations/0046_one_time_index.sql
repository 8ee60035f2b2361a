-- inbox_events_time begins with the same column, and each webhook was written into both.
DROP INDEX "inbox_events_created";
