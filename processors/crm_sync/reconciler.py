"""Brings one target in line with one delivery: what is there already costs no call.

The contact comes first, then its tags and whether it may be texted, then the note. Whatever becomes known on the way
is kept in the job, even where a later call fails.
"""

from __future__ import annotations

from dataclasses import replace

from processors.crm_sync.port import CrmTarget
from processors.crm_sync.wording import digest
from processors.crm_sync.work import DesiredNote, Job, Link
from processors.outbox.errors import NotFound, RetryLater
from processors.outbox.lease import check_lease


class Reconciler:
    """For one target; used by several threads at once."""

    def __init__(self, target: CrmTarget, *, repeats: bool) -> None:
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
            return self._once(job, job.contact)
        except NotFound as error:
            if job.contact.remote_id is None:
                raise _not_there(error) from None
        # The contact that we knew has been deleted or merged: its phone leads to the one that counts now.
        try:
            return self._once(job, job.learn(replace(job.contact, remote_id=None, written={})))
        except NotFound as error:
            raise _not_there(error) from None

    def _once(self, job: Job, known: Link) -> str | None:
        contact = self._contact(job, known)
        contact = self._tags(job, contact)
        self._opt_out(job, contact)
        if not self._able.notes:
            return None
        remarks = [self._note(job, note, str(contact.remote_id)) for note in job.notes]
        return "; ".join(filter(None, remarks)) or None

    def _worth_a_contact(self, job: Job) -> bool:
        """Where no notes are taken, a phone alone is no contact."""
        desired = job.desired
        has_facts = desired.name or desired.tags or (self._able.opt_out and desired.opted_out is not None)
        return self._able.notes or bool(has_facts) or job.contact.remote_id is not None

    def _contact(self, job: Job, known: Link) -> Link:
        name = job.desired.name
        if known.remote_id is None:
            found = self._target.find_by_phone(job.key)
            if found:
                known = job.learn(replace(known, remote_id=found[0].id, written={"name": found[0].name}))
            else:
                check_lease()
                made = self._target.upsert_contact(job.key, name, None)
                return job.learn(replace(known, remote_id=made, written={"name": name, "made": True}))
        if name is not None and known.written.get("name") != name:
            check_lease()
            self._target.upsert_contact(job.key, name, known.remote_id)
            known = job.learn(replace(known, written=known.written | {"name": name}))
        return known

    def _tags(self, job: Job, contact: Link) -> Link:
        ours, goal = set(contact.written.get("tags", ())), job.desired.tags
        if ours == goal or not self._able.tags:
            return contact
        check_lease()
        self._target.set_tags(str(contact.remote_id), sorted(goal - ours), sorted(ours - goal))
        return job.learn(replace(contact, written=contact.written | {"tags": sorted(goal)}))

    def _opt_out(self, job: Job, contact: Link) -> None:
        goal = job.desired.opted_out
        if goal is None or goal == contact.written.get("opted_out") or not self._able.opt_out:
            return
        for person in self._target.find_by_phone(job.key):  # whoever shares the phone may not be texted either
            check_lease()
            self._target.set_opt_out(person.id, opted_out=goal)
        job.learn(replace(contact, written=contact.written | {"opted_out": goal}))

    def _note(self, job: Job, goal: DesiredNote, contact: str) -> str | None:
        link, said = goal.link, goal.note
        written = {"digest": digest(said)}
        if link.remote_id is None:
            return self._new_note(job, goal, contact, written)
        if link.written == written:
            return None
        if not self._able.update_note:
            return "its note cannot be changed there"
        check_lease()
        try:
            self._target.update_note(contact, link.remote_id, said)
        except NotFound:
            job.learn(replace(link, written=written))
            return "its note has been deleted there"
        job.learn(replace(link, written=written))
        return None

    def _new_note(self, job: Job, goal: DesiredNote, contact: str, written: dict[str, str]) -> str | None:
        link, said = goal.link, goal.note
        if (job.doubtful or goal.begun) and self._able.find_note:
            there = self._target.find_note(contact, said.external_id)
            if there is not None:
                job.learn(replace(link, remote_id=there))
                if self._able.update_note:  # what it says is not known
                    check_lease()
                    self._target.update_note(contact, there, said)
                job.learn(replace(link, remote_id=there, written=written))
                return None
        elif job.doubtful and not self._repeats:
            return "its outcome is not known, and it is not repeated"
        check_lease()
        job.learn(replace(link, remote_id=self._target.log_message(contact, said), written=written))
        return None


def _not_there(error: NotFound) -> RetryLater:
    """What was found or made a moment ago is not there: the target's trouble, or its address is wrong."""
    return RetryLater(f"{error}, to what it knew a moment ago or has to have")
