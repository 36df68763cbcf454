"""What a page's key may add, whatever a door made of its call."""

from datetime import UTC, datetime

from orderwire.app.frontdoor.clerk import for_browsers
from orderwire.dialects.doorway import Document, Intake, Read, Reply, Unread
from orderwire.model import Channel, Consent, ConsentState, Event, Identity

AT = datetime(2026, 1, 5, tzinfo=UTC)
ANA = Identity(email="ana@mail.test")
VIEW = Read(record=Event(event_id="1", name="product.viewed", identity=ANA, occurred_at=AT))
NO = Read(record=Consent(identity=ANA, channel=Channel.EMAIL, state=ConsentState.UNSUBSCRIBED, changed_at=AT))
TAKEN = Reply(status=200)
DOCUMENT = Document(collection="list", key="1", body=b"{}")


def test_browsing_is_taken_as_it_is() -> None:
    intake = Intake(reply=TAKEN, records=(VIEW,), documents=(DOCUMENT,))
    assert intake == for_browsers(intake)


def test_nothing_stays_of_what_came_with_a_consent() -> None:
    intake = Intake(
        reply=TAKEN,
        records=(VIEW, NO),
        documents=(DOCUMENT,),
        removed=(("list", "2"),),
        unread=(Unread(stream="orders", key="1", place="total", problem="is torn"),),
    )
    assert Intake(reply=TAKEN, records=(VIEW,)) == for_browsers(intake)


def test_a_consent_alone_is_refused() -> None:
    assert for_browsers(Intake(reply=TAKEN, records=(NO,))) is None


def test_nobody_is_forgotten_by_a_page() -> None:
    assert for_browsers(Intake(reply=TAKEN, forgets=(1,))) is None
