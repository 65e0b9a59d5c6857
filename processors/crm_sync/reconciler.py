"""Makes the calls that bring one target in line with one delivery (`reconcile.py` says which these are).

Whatever becomes known on the way is kept in the job, even where a later call fails.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from processors.crm_sync.port import CrmTarget
from processors.crm_sync.reconcile import Desired, Known, learn, reconcile, remark
from processors.crm_sync.work import Job
from processors.outbox.errors import NotFound, RetryLater
from processors.outbox.lease import check_lease


class Reconciler:
    """For one target; used by several threads at once."""

    def __init__(self, target: CrmTarget[Any], *, repeats: bool) -> None:
        """`repeats`: after an unknown outcome a target that cannot be asked is told again."""
        self._target = target
        self._able = target.capabilities
        self._repeats = repeats

    def apply(self, job: Job) -> str | None:
        """Make it so; what there is to say about it. Raises RetryLater and its kinds, and Rejected."""
        if not self._target.takes(job.key):
            return "no contact there can have its phone"
        if not self._worth_a_contact(job):
            return "there is nothing to be said about its contact there"
        try:
            return self._make_calls(job)
        except NotFound as error:
            if job.contact.remote_id is None:
                raise _not_there(error) from None
        # The contact that we knew has been deleted or merged: its phone leads to the one that counts now.
        job.learn(replace(job.contact, remote_id=None, written={}))
        try:
            return self._make_calls(job)
        except NotFound as error:
            raise _not_there(error) from None

    def _make_calls(self, job: Job) -> str | None:
        desired = Desired(job.key, job.desired, job.notes, self._able, job.doubtful, self._repeats)
        links = [job.learned.get((link.kind, link.key), link) for link in (job.contact, *(n.link for n in job.notes))]
        known = Known(links[0], {link.key: link for link in links[1:]})
        while (call := reconcile(desired, known)) is not None:
            if call.changes:
                check_lease()
            answer = None
            try:
                answer = getattr(self._target, call.operation)(*call.arguments, **call.keywords)
            except NotFound:
                if call.operation != "update_note":
                    raise
                known = replace(known, deleted=known.deleted | {call.note_key})
            before, known = known, learn(desired, known, call, answer)
            if known.contact != before.contact:
                job.learn(known.contact)
            if call.note_key and known.notes != before.notes:
                job.learn(known.notes[call.note_key])
        return remark(desired, known)

    def _worth_a_contact(self, job: Job) -> bool:
        """Where no notes are taken, a phone alone is no contact."""
        desired = job.desired
        has_facts = desired.name or desired.tags or (self._able.opt_out and desired.opted_out is not None)
        return self._able.notes or bool(has_facts) or job.contact.remote_id is not None


def _not_there(error: NotFound) -> RetryLater:
    """What was found or made a moment ago is not there: the target's trouble, or its address is wrong."""
    return RetryLater(f"{error}, to what it knew a moment ago or has to have")
