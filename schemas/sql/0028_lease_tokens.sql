-- A lease has a token: whoever records what came of a call can tell whether its lease was taken by another one
-- meanwhile. The time at which it is over cannot tell that, because a renewal changes it, and it may not be known
-- whether the renewal was committed.
ALTER TABLE crm_lanes ADD COLUMN lease_token uuid;
COMMENT ON COLUMN crm_lanes.lease_token IS 'Of the claim that has leased it; none: nobody is at it.';
