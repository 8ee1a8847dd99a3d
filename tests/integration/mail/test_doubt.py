"""What nobody can know: a link, or a worker, that breaks between the final dot and the recorded answer."""

import datetime as dt
from dataclasses import replace
from threading import Event, Thread

from app.domain.mail.outbox import Released, extend_lease, give_back
from app.mail.transports import Captured
from app.mail.writing import write_mails
from models.enums import MailStatus
from tests.integration.mail.conftest import LEASE, Holder, impatient
from tests.smtp_sink import Step

KEPT_AND_SILENT = Step(keep=True, drop=True)


def states(post, mails):
    return [(mail.status, mail.breaks, mail.attempts, mail.claim) for mail in map(post.now, mails)]


def test_a_link_that_breaks_after_the_dot_gives_two_copies_at_most(post, sink):
    sink.steps["."] = [replace(KEPT_AND_SILENT, times=0)]
    mail = post.notice()

    for _ in range(5):
        post.send()
        post.time.pass_by(hours=1)

    first, second = (message.content for message in sink.received)
    mail = post.now(mail)
    assert first == second == mail.frozen
    assert (mail.status, mail.breaks, mail.attempts) == (MailStatus.UNKNOWN, 2, 2)
    assert [status for status, _, _ in post.attempts(mail)] == ["retry", "unknown"]


def test_one_break_is_made_good_by_one_more_try(post, sink):
    sink.steps["."] = [replace(KEPT_AND_SILENT)]
    mail, other = post.notices(2)

    post.send()
    post.time.pass_by(minutes=2)
    post.send()

    assert [message.recipients[0] for message in sink.received] == [mail.recipient, other.recipient, mail.recipient]
    assert post.statuses() == [MailStatus.SENT, MailStatus.SENT]
    assert post.now(mail).breaks == 1


def test_a_server_that_always_hangs_up_leaves_few_mails_in_doubt(post, sink):
    sink.steps["."] = [replace(KEPT_AND_SILENT, times=0)]
    post.notices(6)

    post.send()

    assert post.statuses() == [MailStatus.RETRY] * 2 + [MailStatus.QUEUED] * 4
    account = post.reload(post.account)
    assert account.paused_until is not None
    assert account.last_error == "El servidor ha cerrado la conexión."


def test_an_answer_that_takes_its_time_is_waited_for(post, sink):
    sink.steps["."] = [Step(delay=0.9)]
    post.notice()
    courier = post.courier(lease=dt.timedelta(seconds=0.2))
    thief = Holder(post, "thief")
    sending = Thread(target=courier.run, args=(Event(),))

    sending.start()
    while not sink.received:
        pass
    Event().wait(0.5)
    released = thief.release()
    sending.join()

    courier.close()
    assert released == Released()
    assert (post.statuses(), len(sink.received)) == ([MailStatus.SENT], 1)


def test_of_a_dead_worker_s_claim_only_the_first_unrecorded_mail_is_in_doubt(post, holder):
    mails = post.notices(4)
    sent, _, _, _ = holder.take()
    holder.record(sent)
    post.time.pass_by(seconds=21)

    released = holder.release()

    assert released == Released(doubtful=1, waiting=2)
    assert states(post, mails) == [
        (MailStatus.SENT, 0, 1, None),
        (MailStatus.RETRY, 1, 1, None),
        (MailStatus.QUEUED, 0, 0, None),
        (MailStatus.QUEUED, 0, 0, None),
    ]
    assert post.attempts(mails[1])[0][0] == "retry"
    assert post.attempts(mails[2]) == []


def test_a_worker_that_dies_twice_over_the_same_mail_leaves_it_to_the_office(post, holder):
    (mail,) = post.notices(1)
    for _ in range(2):
        holder.take()
        post.time.pass_by(seconds=21)
        holder.release()

    assert states(post, [mail]) == [(MailStatus.UNKNOWN, 2, 2, None)]
    assert holder.take() == []
    assert post.now(mail).last_reply == "Quien lo enviaba dejó de responder: no se sabe si llegó a salir."


def test_a_lease_begins_when_the_mails_are_written(post, monkeypatch):
    mail, thief = post.notice(), Thief(post)

    def write_slowly(*facts):
        writing = write_mails(*facts)
        post.time.pass_by(seconds=2 * LEASE.total_seconds())
        return writing

    monkeypatch.setattr("app.mail.courier.write_mails", write_slowly)

    post.courier(make_transport=lambda *_: thief).run(Event())

    assert (thief.released, states(post, [mail])) == (Released(), [(MailStatus.SENT, 0, 1, None)])


class Thief(Captured):
    """A server that gives another worker the time to take what it gets for abandoned."""

    def __init__(self, post) -> None:
        self.other = Holder(post, "thief")

    def deliver(self, envelope_from, recipient, message):
        self.released = self.other.release()
        return super().deliver(envelope_from, recipient, message)


def test_a_lease_is_good_to_its_last_moment(post, holder):
    post.notices(1)
    holder.take()

    post.time.ahead = dt.timedelta(seconds=19)
    in_time = holder.release()
    kept = holder.run(lambda db: extend_lease(db, "mine", post.time() + LEASE))
    post.time.pass_by(seconds=10)
    after_extension = holder.release()

    assert (in_time, kept, after_extension) == (Released(), True, Released())


def test_who_lost_a_claim_records_nothing_and_holds_nothing(post, holder):
    (mail,) = post.notices(1)
    (written,) = holder.take()
    post.time.pass_by(seconds=21)
    holder.release()
    other = Holder(post, "other")
    (again,) = other.take()

    too_late = holder.record(written)
    holds = holder.run(lambda db: extend_lease(db, "mine", post.time() + LEASE))
    given_back = holder.run(lambda db: give_back(db, "mine"))
    in_time = other.record(again)

    assert (too_late, holds, given_back, in_time) == (False, False, 0, True)
    assert again.content == written.content
    assert states(post, [mail]) == [(MailStatus.SENT, 1, 2, None)]
    assert [status for status, _, _ in post.attempts(mail)] == ["retry", "sent"]


def test_what_a_stopped_worker_had_not_begun_goes_back_untouched(post, sink):
    stop = Event()

    class Stopping:
        def __init__(self, real) -> None:
            self.real = real

        def deliver(self, *message):
            stop.set()
            return self.real.deliver(*message)

        def __getattr__(self, name):
            return getattr(self.real, name)

    mails = post.notices(3)
    courier = post.courier(make_transport=lambda installation, account: Stopping(impatient(installation, account)))

    courier.run(stop)

    courier.close()
    assert [message.recipients[0] for message in sink.received] == [mails[0].recipient]
    assert states(post, mails) == [
        (MailStatus.SENT, 0, 1, None),
        (MailStatus.QUEUED, 0, 0, None),
        (MailStatus.QUEUED, 0, 0, None),
    ]


def test_two_workers_share_a_queue_without_a_copy(post, sink):
    mails = post.notices(24)
    couriers = [post.courier() for _ in range(3)]
    threads = [Thread(target=courier.run, args=(Event(),)) for courier in couriers]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    post.send()

    for courier in couriers:
        courier.close()
    assert sorted(message.recipients[0] for message in sink.received) == sorted(mail.recipient for mail in mails)
    assert set(post.statuses()) == {MailStatus.SENT}


def test_what_two_workers_saw_is_claimed_by_one(post, holder):
    mails = post.notices(3)
    seen = holder.write()
    other = Holder(post, "other")

    first, second = holder.claim_written(seen), other.claim_written(seen)

    assert ([written.mail.id for written in first], second) == ([mail.id for mail in mails], [])


def test_what_was_cancelled_or_tried_meanwhile_is_not_claimed(post, holder):
    cancelled, tried, fine = post.notices(3)
    written = holder.write()
    cancelled.status, tried.attempts = MailStatus.CANCELLED, 1
    post.db.commit()

    held = holder.claim_written(written)

    assert [one.mail.id for one in held] == [fine.id]
