-- A process speaks for itself: its heartbeats, its dead letters, and that its own group has found PostgreSQL restored. The
-- policies that ask this are put on the tables by `hookline db migrate` (OWN_ROWS in schemas/privileges.py).
CREATE FUNCTION writes_rows_of(process text) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN current_user IN ('hookline_operator', 'hookline_app')
        OR 'hookline_' || replace(process, '-', '_') = current_user;
